// SPDX-License-Identifier: GPL-2.0-or-later
// The course of a recording: a chart, a slider for the moment that is shown, and one for the moment it is held against.
import uPlot from "uplot";
import { h } from "./dom.js";
import * as format from "./format.js";

const HEIGHT = 150;
const AXIS_WIDTH = 74; // page.css lays the sliders below the chart by it
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

/** A mark of the time axis: "03:00", "03:00:05", or "03-01 03:00", as the step between two marks asks for. */
function clock(seconds, step) {
	const text = format.moment(seconds * 1000);
	if (step >= 6 * 3600)
		return text.slice(5, 16);
	return step >= 60 ? text.slice(11, 16) : text.slice(11);
}

export class Timeline {
	/** on_change(moment, before): numbers of moments; before is null where nothing is compared */
	constructor(history, on_change) {
		this.history = history;
		this.on_change = on_change;
		this.now = history.shown;
		this.before = null;
		const slider = (id, label) => h("input", {
			type: "range", id, min: 0, max: history.n - 1, step: 1, "aria-label": label,
			oninput: () => this.#moved(id),
		});
		this.sliders = { now: slider("moment-now", "Moment shown"), before: slider("moment-before", "Moment compared with") };
		this.words = { now: h("output", { for: "moment-now" }), before: h("output", { for: "moment-before" }) };
		this.check = h("input", { type: "checkbox", id: "compare", onchange: () => this.compare(this.check.checked) });
		this.before_row = h("div", { class: "slider" }, h("label", { for: "moment-before" }, "Compared with"),
			this.words.before, this.sliders.before);
		this.chart = h("div", { class: "chart", role: "img", "aria-label": this.#summary() });
		const n = format.count(history.n);
		this.element = h("section", { class: "panel timeline", "aria-label": "Timeline" },
			h("div", { class: "panel-head" }, h("h2", {}, "Timeline"),
				h("p", { class: "quiet", id: "kept" }, format.plural(history.n_recorded, "snapshot", "snapshots"), ", ",
					history.n < history.n_recorded ? `${n} shown: of each stretch of time the highest and the lowest` : "all shown"),
				h("label", { class: "check" }, this.check, "Compare two moments")),
			this.chart,
			h("div", { class: "slider" }, h("label", { for: "moment-now" }, "Moment"), this.words.now, this.sliders.now),
			this.before_row);
		this.#update();
	}

	#summary() {
		const { live_bytes, time_ms } = this.history;
		const last = live_bytes.length - 1, peak = live_bytes.reduce((best, value, i) => (value > live_bytes[best] ? i : best), 0);
		return `Live bytes from ${format.bytes(live_bytes[0])} at ${format.moment(time_ms[0])} to ` +
			`${format.bytes(live_bytes[last])} at ${format.moment(time_ms[last])}, at most ` +
			`${format.bytes(live_bytes[peak])} at ${format.moment(time_ms[peak])}`;
	}

	compare(on) {
		this.check.checked = on;
		if (on && this.now === 0)
			this.now = this.history.n - 1;
		this.before = on ? 0 : null;
		this.#update();
		this.on_change(this.now, this.before);
	}

	#moved(id) {
		if (id === "moment-now")
			this.now = Number(this.sliders.now.value);
		else
			this.before = Number(this.sliders.before.value);
		this.#update();
		this.on_change(this.now, this.before);
	}

	#update() {
		const { time_ms, live_bytes, complete } = this.history;
		this.before_row.hidden = this.before === null;
		for (const [name, moment] of [["now", this.now], ["before", this.before ?? 0]]) {
			const words = `${format.moment(time_ms[moment])} \u00b7 ${format.bytes(live_bytes[moment])} live` +
				(complete[moment] ? "" : " \u00b7 something was lost before");
			this.sliders[name].value = moment;
			this.sliders[name].setAttribute("aria-valuetext", words);
			this.words[name].textContent = words;
		}
		this.plot?.redraw(false);
	}

	/** Draws the chart anew, in the colours that hold now. */
	draw() {
		const { history } = this, style = getComputedStyle(document.documentElement);
		const colour = (name) => style.getPropertyValue(name).trim();
		const has_resident = history.resident_bytes.some((bytes) => bytes > 0);
		const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
		this.plot?.destroy();
		this.plot = new uPlot({
			width: this.chart.clientWidth, height: HEIGHT, legend: { show: false },
			cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
			scales: { y: { range: (plot, low, high) => [0, Math.max(high * 1.08, 1)] } },
			axes: [
				{ ...axis, font: FONT, size: 26, space: 90, values: (plot, splits, axis_number, space, step) => splits.map((s) => clock(s, step)) },
				{ ...axis, font: FONT, size: AXIS_WIDTH, values: (plot, splits) => splits.map(format.bytes),
					incrs: Array.from({ length: 50 }, (_, i) => 2 ** i) },
			],
			series: [
				{},
				{ label: "Live bytes", stroke: colour("--accent"), width: 2, fill: colour("--accent-faint"), points: { show: false } },
				...(has_resident ? [{ label: "Resident", stroke: colour("--quiet"), width: 1.25, dash: [5, 4], points: { show: false } }] : []),
			],
			hooks: { draw: [(plot) => this.#draw_marks(plot, colour)] },
		}, [
			history.time_ms.map((ms) => ms / 1000), history.live_bytes, ...(has_resident ? [history.resident_bytes] : []),
		], this.chart);
		this.plot.over.addEventListener("click", () => {
			if (this.plot.cursor.idx !== null && this.plot.cursor.idx !== undefined) {
				this.now = this.plot.cursor.idx;
				this.#update();
				this.on_change(this.now, this.before);
			}
		});
		if (!this.key) {
			this.key = h("p", { class: "key quiet" }, h("span", { class: "swatch live" }), "Live bytes",
				...(has_resident ? [h("span", { class: "swatch resident" }), "Resident (RSS)"] : []));
			this.chart.after(this.key);
			new ResizeObserver(() => this.plot.setSize({ width: this.chart.clientWidth, height: HEIGHT })).observe(this.chart);
		}
	}

	#draw_marks(plot, colour) {
		const { ctx, bbox } = plot;
		for (const [moment, name] of [[this.before, "--blue-6"], [this.now, this.before === null ? "--ink" : "--red-6"]]) {
			if (moment === null)
				continue;
			const x = Math.round(plot.valToPos(this.history.time_ms[moment] / 1000, "x", true));
			ctx.save();
			ctx.strokeStyle = ctx.fillStyle = colour(name);
			ctx.setLineDash([]);
			ctx.lineWidth = 2 * devicePixelRatio;
			ctx.beginPath();
			ctx.moveTo(x, bbox.top);
			ctx.lineTo(x, bbox.top + bbox.height);
			ctx.stroke();
			ctx.beginPath();
			ctx.arc(x, bbox.top + 4 * devicePixelRatio, 4 * devicePixelRatio, 0, 2 * Math.PI);
			ctx.fill();
			ctx.restore();
		}
	}
}
