// SPDX-License-Identifier: GPL-2.0-or-later
// What each process has live, and on which NUMA nodes it lies.
import { h } from "./dom.js";
import * as format from "./format.js";

const SHOWN_MAX = 12;

/** Live bytes of the shown stacks by process and node. */
function sum_places(report) {
	const sums = Array.from({ length: report.processes.n }, () => new Float64Array(report.nodes.length));
	for (let i = 0; i < report.stacks.n; i++) {
		const places = report.stacks.nodes[i], to = sums[report.stacks.process[i]];
		if (places === 0)
			to[0] += report.stacks.live_bytes[i];
		for (let node = 0; places !== 0 && node < to.length; node++)
			to[node] += places[2 * node] ?? 0;
	}
	return sums;
}

function bar(part, whole) {
	const fill = h("span", {});
	fill.style.width = `${whole > 0 ? 100 * part / whole : 0}%`;
	return h("span", { class: "bar", "aria-hidden": "true" }, fill);
}

/** Null where there is one process and one node: then the totals say it all. */
export function places(report, on_process) {
	const { processes, nodes } = report, by_node = report.placed && nodes.length > 1;
	if (processes.n < 2 && !by_node)
		return null;
	const sums = by_node ? sum_places(report) : null;
	const order = Array.from(processes.pid.keys()).sort((a, b) => processes.live_bytes[b] - processes.live_bytes[a]);
	const most = processes.live_bytes[order[0]];
	const number = (text) => h("td", { class: "number" }, text);
	return h("section", { class: "panel places", "aria-label": "Processes and nodes" },
		h("div", { class: "panel-head" }, h("h2", {}, by_node ? "Processes and NUMA nodes" : "Processes"),
			order.length > SHOWN_MAX ? h("p", { class: "quiet" }, `the largest ${SHOWN_MAX} of ${format.count(order.length)}`) : null),
		h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Processes and nodes, as a table" },
			h("table", {},
				h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Process"), h("th", { scope: "col", class: "number" }, "Live"),
					h("td", {}), h("th", { scope: "col", class: "number" }, "Resident"),
					by_node ? nodes.map((node) => h("th", { scope: "col", class: "number" }, `Node ${node}`)) : null)),
				h("tbody", {}, order.slice(0, SHOWN_MAX).map((i) => h("tr", {},
					h("th", { scope: "row" }, h("button", { type: "button", class: "link", title: "Show this process alone",
						onclick: () => on_process(i) }, report.process_name(i)),
					processes.exit_status[i] >= 0 ? h("span", { class: "quiet" }, ` ended, status ${processes.exit_status[i]}`) : null),
					number(format.bytes(processes.live_bytes[i])), h("td", {}, bar(processes.live_bytes[i], most)),
					number(processes.rss_bytes[i] ? format.bytes(processes.rss_bytes[i]) : "\u2013"),
					by_node ? Array.from(sums[i], (sum) => number(format.bytes(sum))) : null))))));
}
