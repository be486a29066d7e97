// SPDX-License-Identifier: GPL-2.0-or-later
// One stack, with all that is known of it.
import { h } from "./dom.js";
import { FRAME } from "./data.js";
import { verdict_badge } from "./columns.js";
import * as format from "./format.js";

function frame_line(report, frame) {
	const { frames } = report, kind = frames.kind[frame];
	const file = report.string(frames.file[frame]);
	const offset = frames.offset[frame] >= 0 ? `+0x${frames.offset[frame].toString(16)}` : "";
	if (kind === FRAME.CACHE)
		return h("li", { class: "owner" }, `slab cache ${report.frame_name(frame)}`);
	return h("li", {},
		h("span", { class: "function" }, report.frame_name(frame), h("span", { class: "quiet" }, offset)),
		kind === FRAME.INLINED ? h("span", { class: "tag" }, "inlined") : null,
		h("span", { class: "quiet" }, report.module_words(frames.module[frame]),
			file ? ` ${file}${frames.line[frame] ? `:${frames.line[frame]}` : ""}` : ""));
}

function node_list(report, stack) {
	const places = report.stacks.nodes[stack];
	if (!report.placed || report.nodes.length < 2 || places === 0)
		return null;
	return h("dl", {}, report.nodes.map((node, i) =>
		h("div", {}, h("dt", {}, `Node ${node}`), h("dd", {}, format.bytes(places[2 * i] ?? 0)))));
}

export class Details {
	constructor(report) {
		this.report = report;
		this.element = h("section", { class: "panel details", "aria-label": "Stack", id: "stack" },
			h("h2", {}, "Stack"), h("p", { class: "quiet" }, "Choose a row of the table to see its frames."));
	}

	/** `now`: amounts by view, as the table has them */
	show(stack, now) {
		const { report } = this, { stacks } = report;
		const words = stacks.words[stack];
		const pair = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
		this.element.replaceChildren(
			h("div", { class: "panel-head" }, h("h2", {}, "Stack"), verdict_badge(report, stack)),
			...(words ? [h("p", { class: "words" }, words)] : []),
			h("dl", {}, pair("Live", format.bytes(now.live[stack])), pair("Blocks", format.count(now.blocks[stack])),
				pair("Allocated", format.bytes(now.allocated[stack])), pair("Churn", format.bytes(now.churn[stack])),
				stacks.oldest_ns[stack] ? pair("Oldest block", format.duration(stacks.oldest_ns[stack] / 1e9)) : null,
				report.comparison ? null : pair("Process", report.process_name(stacks.process[stack])), pair("Kind", report.kinds[stacks.kind[stack]])),
			...[node_list(report, stack)].filter(Boolean),
			h("ol", { class: "frames" }, report.stack_frames(stack).map((frame) => frame_line(report, frame))),
			...(stacks.guessed[stack] ? [h("p", { class: "quiet" }, "Guessed by frame pointers.")] : []));
	}
}
