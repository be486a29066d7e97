// SPDX-License-Identifier: GPL-2.0-or-later
// The columns of the table of stacks.
import { h } from "./dom.js";
import { FRAME } from "./data.js";
import * as format from "./format.js";

const COURSE_WIDTH = 96, COURSE_HEIGHT = 20;
const CHAIN_FRAMES = 4;

/** The live bytes of a stack over the recording, as a small line. */
function course(report, stack, moment, style) {
	const ratio = Math.min(devicePixelRatio || 1, 2), { n } = report.history;
	const canvas = h("canvas", { width: COURSE_WIDTH * ratio, height: COURSE_HEIGHT * ratio, class: "course", "aria-hidden": "true" });
	const context = canvas.getContext("2d");
	const at = (i) => report.history.fields.live_bytes[i * report.stacks.n + stack];
	let most = 1;
	for (let i = 0; i < n; i++)
		most = Math.max(most, at(i));
	const x = (i) => 2 + (n > 1 ? i / (n - 1) : 0) * (COURSE_WIDTH - 4), y = (i) => COURSE_HEIGHT - 2 - at(i) / most * (COURSE_HEIGHT - 4);
	context.scale(ratio, ratio);
	context.strokeStyle = style.line;
	context.lineWidth = 1.25;
	context.beginPath();
	for (let i = 0; i < n; i++)
		context.lineTo(x(i), y(i));
	context.stroke();
	context.fillStyle = style.dot;
	context.beginPath();
	context.arc(x(moment), y(moment), 1.75, 0, 2 * Math.PI);
	context.fill();
	return canvas;
}

/** "innermost ← its caller ← …" */
function chain(report, stack) {
	const frames = report.stack_frames(stack).filter((frame) => report.frames.kind[frame] !== FRAME.CACHE);
	const names = frames.slice(0, CHAIN_FRAMES).map((frame) => report.frame_name(frame));
	const [innermost, ...callers] = names.map((name) => (name.length > 200 ? `${name.slice(0, 199)}\u2026` : name));
	return h("span", {}, h("b", {}, innermost ?? ""), h("span", { class: "quiet" },
		callers.map((name) => ` \u2190 ${name}`).join("") + (frames.length > CHAIN_FRAMES ? " \u2190 \u2026" : "")));
}

export function verdict_badge(report, stack) {
	const word = report.verdicts[report.stacks.verdict[stack]];
	return word ? h("span", { class: `badge ${word}` }, word) : h("span", { class: "quiet" }, "\u2013");
}

/**
 * `now` has what each stack had at the moment shown, by view; `before` the same of the moment it is held against,
 * or null.
 */
export function make_columns(report, now, before, moment) {
	const { stacks } = report, root = getComputedStyle(document.documentElement);
	const style = { line: root.getPropertyValue("--accent"), dot: root.getPropertyValue("--ink") };
	const amounts = (key, title, hint, unit, values) => ({
		key, title, hint, number: true, value: (stack) => values[stack], cell: (stack) => unit(values[stack]),
	});
	const changed = (unit, key) => {
		const change = now[key].map((value, i) => value - before[key][i]);
		return {
			key: `change-${key}`, title: key === "live" ? "Change" : "Change of blocks", number: true, hint: "from the one moment to the other",
			value: (stack) => change[stack],
			cell: (stack) => h("span", { class: change[stack] > 0 ? "more" : change[stack] < 0 ? "less" : "quiet" },
				format.signed(unit, change[stack])),
		};
	};
	const words = (key, title, list, column) => ({
		key, title, number: false, value: (stack) => list[column[stack]], cell: (stack) => list[column[stack]],
	});
	const { churn, growth } = now;
	return [
		report.comparison && words("change", "Became", report.comparison.words, report.comparison.changes),
		report.leaks_judged && words("leak", "Class", report.leaks, stacks.leak),
		report.has_verdicts && {
			key: "verdict", title: "Verdict", number: false, hint: "what the reports so far say of the stack's live bytes",
			value: (stack) => report.verdicts[stacks.verdict[stack]] || "~", cell: (stack) => verdict_badge(report, stack),
		},
		before && amounts("before", "Live before", "live bytes at the moment it is compared with", format.bytes, before.live),
		amounts("live", before ? "Live now" : "Live", "live bytes", format.bytes, now.live),
		before && changed(format.bytes, "live"),
		amounts("blocks", "Blocks", "live blocks", format.count, now.blocks),
		before && changed(format.count, "blocks"),
		!before && amounts("allocated", "Allocated", "bytes allocated since memtrace attached", format.bytes, now.allocated),
		!before && amounts("churn", "Churn", "bytes allocated that are not live any more", format.bytes, churn),
		!before && report.has_growth && amounts("growth", "Growth",
			report.history ? "live bytes, since the recording began" : "live bytes, by the minute",
			(value) => format.signed(format.bytes, value) + (report.history ? "" : "/min"), growth),
		!before && {
			key: "oldest", title: "Oldest", number: true, hint: "age of the oldest live block",
			value: (stack) => stacks.oldest_ns[stack],
			cell: (stack) => (stacks.oldest_ns[stack] ? format.duration(stacks.oldest_ns[stack] / 1e9) : "\u2013"),
		},
		report.history && !report.comparison && { key: "course-cell", title: "Course", number: false, cell: (stack) => course(report, stack, moment, style) },
		report.kinds_shown > 1 && words("kind", "Kind", report.kinds, stacks.kind),
		report.processes.n > 1 && {
			key: "process", title: "Process", number: false, value: (stack) => report.process_name(stacks.process[stack]),
			cell: (stack) => report.process_name(stacks.process[stack]),
		},
		{
			key: "stack", title: "Stack", number: false, hint: "innermost function first",
			value: (stack) => { const [frame] = report.stack_frames(stack); return frame === undefined ? "" : report.frame_name(frame); },
			cell: (stack) => chain(report, stack),
		},
	].filter(Boolean);
}
