// SPDX-License-Identifier: GPL-2.0-or-later
// The flame graph on a canvas. Only what is wide enough to be seen is drawn, so its cost is that of the window,
// not of the data. For those who cannot see it: arrow keys walk the tree, and what is reached is told.
import { h, once_a_frame } from "./dom.js";
import { sum_up } from "./data.js";

const ROW = 20, GAP = 1, PADDING = 4;
const NARROW = 0.6; // pixels; what is narrower is drawn as one strip with its neighbours
const FONT = '11.5px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace';
const SHADES = 8; // of red and of blue

export class Flame {
	/**
	 * on_zoom(node), on_point(node, x, y) (node -1: nothing), on_select(node)
	 */
	constructor(report, { on_zoom, on_point, on_select }) {
		Object.assign(this, { report, on_zoom, on_point, on_select });
		this.tree = report.calls;
		this.icicle = false;
		this.zoomed = 0;
		this.selected = -1;
		this.path = new Set();
		this.matches = null;
		this.rows = [];
		this.canvas = h("canvas", { "aria-hidden": "true" });
		this.element = h("div", {
			class: "flame", tabindex: "0", role: "application", id: "flame", "aria-roledescription": "flame graph",
			"aria-label": "Flame graph. Arrow keys move between frames, Enter zooms in, Escape zooms out.",
		}, this.canvas);
		this.redraw = once_a_frame(() => this.draw());
		this.#listen();
		new ResizeObserver(() => this.redraw()).observe(this.element);
		this.module_colour = new Map(report.colours.map((module, i) => [module, i]));
	}

	/** Values by stack; with `before`, the widths are the greater of both, and the colours their difference. */
	show(values, before) {
		const width = before ? values.map((value, i) => Math.max(value, before[i])) : values;
		this.sums = sum_up(this.tree, width);
		this.after = before ? sum_up(this.tree, values) : this.sums;
		this.before = before ? sum_up(this.tree, before) : null;
		if (!this.sums[this.zoomed])
			this.zoomed = 0;
		this.redraw();
	}

	/** The frames (merged ones, by number) that a search has found: a Uint8Array, or null. */
	mark(matches) {
		this.matches = matches;
		this.redraw();
	}

	set_icicle(icicle) {
		this.icicle = icicle;
		this.draw();
		this.to_root();
	}

	zoom(node) {
		this.zoomed = node;
		this.redraw();
	}

	select(node, scroll) {
		this.selected = node;
		this.path.clear();
		this.redraw();
		if (scroll)
			this.#scroll_to(node);
	}

	/** Outlines all from a node to the root. */
	trace(node) {
		this.path.clear();
		for (let at = node; at > 0; at = this.tree.parent[at])
			this.path.add(at);
		this.selected = -1;
		this.redraw();
	}

	/** So that the outermost frames are seen. */
	to_root() {
		this.element.scrollTop = this.icicle ? 0 : this.element.scrollHeight;
	}

	theme() {
		const style = getComputedStyle(document.documentElement);
		const value = (name) => style.getPropertyValue(name).trim();
		const numbers = Array.from({ length: SHADES }, (_, i) => i);
		this.colours = {
			modules: numbers.map((i) => value(`--module-${i}`)), other: value("--module-other"),
			red: numbers.map((i) => value(`--red-${i}`)), blue: numbers.map((i) => value(`--blue-${i}`)),
			same: value("--same"), ink: value("--ink"), page: value("--panel"), found: value("--found"),
			found_ink: value("--found-ink"), narrow: value("--narrow"), focus: value("--focus"),
		};
		this.redraw();
	}

	share(node) {
		return this.sums[0] > 0 ? this.sums[node] / this.sums[0] : 0;
	}

	/** The part of all that goes through frames that were found. */
	found_share() {
		if (!this.matches)
			return 0;
		const under = new Uint8Array(this.tree.n);
		let sum = 0;
		for (let i = 1; i < this.tree.n; i++) {
			const here = this.matches[this.tree.frame[i]];
			if (here && !under[this.tree.parent[i]])
				sum += this.sums[i];
			under[i] = here || under[this.tree.parent[i]];
		}
		return this.sums[0] > 0 ? sum / this.sums[0] : 0;
	}

	/** Ancestors of what is zoomed to as full rows, then all below it that can be seen, row by row. */
	#lay_out(width) {
		const { tree, sums } = this;
		const base = tree.depth[this.zoomed];
		this.rows = [];
		const add = (depth, box) => (this.rows[depth] ??= []).push(box);
		for (let at = this.zoomed; at >= 0; at = tree.parent[at])
			add(tree.depth[at], { node: at, x: 0, width, above: at !== this.zoomed });
		if (!sums[this.zoomed])
			return;
		const scale = width / sums[this.zoomed];
		let level = [{ node: this.zoomed, x: 0 }];
		for (let depth = base + 1; level.length; depth++) {
			const next = [];
			let narrow = null;
			for (const { node, x } of level) {
				let at = x;
				for (let i = tree.start[node]; i < tree.start[node + 1]; i++) {
					const child = tree.child[i], size = sums[child] * scale;
					if (size >= NARROW) {
						const box = { node: child, x: at, width: size, above: false };
						add(depth, box);
						next.push(box);
					} else if (size > 0) {
						if (narrow && at - narrow.x - narrow.width < NARROW) {
							narrow.width = at + size - narrow.x;
						} else {
							narrow = { node: -1, x: at, width: size, above: false };
							add(depth, narrow);
						}
					}
					at += size;
				}
			}
			level = next;
		}
	}

	#y(depth) {
		return (this.icicle ? depth : this.rows.length - 1 - depth) * ROW;
	}

	draw() {
		const width = this.element.clientWidth;
		if (!this.colours || !this.sums || !width)
			return;
		const from_bottom = this.element.scrollHeight - this.element.scrollTop;
		this.#lay_out(width);
		const height = this.rows.length * ROW, ratio = Math.min(devicePixelRatio || 1, 2);
		const { canvas } = this, context = canvas.getContext("2d", { alpha: false });
		if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
			canvas.width = Math.round(width * ratio);
			canvas.height = Math.round(height * ratio);
			canvas.style.width = `${width}px`;
			canvas.style.height = `${height}px`;
			if (!this.icicle)
				this.element.scrollTop = this.element.scrollHeight - from_bottom;
		}
		context.setTransform(ratio, 0, 0, ratio, 0, 0);
		context.fillStyle = this.colours.page;
		context.fillRect(0, 0, width, height);
		context.font = FONT;
		context.textBaseline = "middle";
		this.character ??= context.measureText("m".repeat(64)).width / 64;
		this.rows.forEach((row, depth) => row.forEach((box) => this.#paint(context, box, this.#y(depth))));
	}

	#fill(node) {
		const { colours } = this;
		if (this.before) {
			const change = this.after[node] - this.before[node], most = Math.max(this.after[node], this.before[node]);
			if (!change || !most)
				return colours.same;
			const shade = Math.min(SHADES - 1, Math.floor(Math.abs(change) / most * SHADES));
			return (change > 0 ? colours.red : colours.blue)[shade];
		}
		if (node === 0)
			return colours.other;
		const place = this.module_colour.get(this.report.frames.module[this.report.node_frame(node)]);
		return colours.modules[place] ?? colours.other;
	}

	#paint(context, { node, x, width, above }, y) {
		const { colours } = this;
		if (node < 0) {
			context.fillStyle = colours.narrow;
			context.fillRect(x, y, Math.max(width - 0.3, 0.3), ROW - GAP);
			return;
		}
		const found = this.matches?.[this.tree.frame[node]] && node > 0;
		context.globalAlpha = above || (this.matches && !found) ? 0.5 : 1;
		context.fillStyle = found ? colours.found : this.#fill(node);
		context.fillRect(x, y, Math.max(width - (width > 3 ? GAP : 0.2), 0.4), ROW - GAP);
		context.globalAlpha = 1;
		if (node === this.selected || this.path.has(node)) {
			context.strokeStyle = colours.focus;
			context.lineWidth = 2;
			context.strokeRect(x + 1, y + 1, Math.max(width - GAP - 2, 1), ROW - GAP - 2);
		}
		const room = Math.floor((width - 2 * PADDING) / this.character);
		if (room < 3)
			return;
		const name = this.report.node_name(node);
		context.fillStyle = found ? colours.found_ink : colours.ink;
		context.fillText(name.length <= room ? name : `${name.slice(0, room - 1)}\u2026`, x + PADDING, y + (ROW - GAP) / 2 + 0.5);
	}

	/** The node at a place of the canvas, -1 for none. */
	node_at(x, y) {
		const row = Math.floor(y / ROW), boxes = this.rows[this.icicle ? row : this.rows.length - 1 - row];
		return boxes?.find((box) => x >= box.x && x < box.x + box.width)?.node ?? -1;
	}

	#scroll_to(node) {
		const y = this.#y(this.tree.depth[node]), { element } = this;
		if (y < element.scrollTop)
			element.scrollTop = y - ROW;
		else if (y + ROW > element.scrollTop + element.clientHeight)
			element.scrollTop = y + 2 * ROW - element.clientHeight;
	}

	#listen() {
		const at = (event) => {
			const place = this.canvas.getBoundingClientRect();
			return this.node_at(event.clientX - place.left, event.clientY - place.top);
		};
		this.canvas.addEventListener("mousemove", (event) => {
			const node = at(event);
			this.canvas.style.cursor = node >= 0 ? "pointer" : "default";
			this.on_point(node, event.clientX, event.clientY);
		});
		this.canvas.addEventListener("mouseleave", () => this.on_point(-1, 0, 0));
		this.canvas.addEventListener("click", (event) => {
			const node = at(event);
			if (node < 0)
				return;
			this.on_zoom(node);
			this.on_select(node);
		});
		this.element.addEventListener("keydown", (event) => this.#key(event));
	}

	#key(event) {
		const { tree, sums } = this;
		const at = this.selected >= 0 ? this.selected : this.zoomed;
		const outwards = this.icicle ? "ArrowUp" : "ArrowDown", inwards = this.icicle ? "ArrowDown" : "ArrowUp";
		let next = -1;
		if (event.key === outwards) {
			next = tree.parent[at];
		} else if (event.key === inwards) {
			next = this.#children(at)[0] ?? -1;
		} else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
			const siblings = at > 0 ? this.#children(tree.parent[at]) : [];
			next = siblings[siblings.indexOf(at) + (event.key === "ArrowRight" ? 1 : -1)] ?? -1;
		} else if (event.key === "Enter" || event.key === " ") {
			if (sums[at])
				this.on_zoom(at);
			next = at;
		} else if (event.key === "Escape" || event.key === "Home") {
			next = event.key === "Home" ? 0 : Math.max(tree.parent[this.zoomed], 0);
			this.on_zoom(next);
		} else {
			return;
		}
		event.preventDefault();
		if (next >= 0)
			this.on_select(next);
	}

	/** Those that have something to show, in the order in which they are drawn. */
	#children(node) {
		return Array.from(this.tree.child.subarray(this.tree.start[node], this.tree.start[node + 1]))
			.filter((child) => this.sums[child] > 0);
	}
}
