// SPDX-License-Identifier: GPL-2.0-or-later
// The page of memtrace --format html: puts its parts together and keeps what is chosen.
import { h, once_a_frame, radios, select, when_quiet } from "./dom.js";
import { Report, VIEWS } from "./data.js";
import { Details } from "./details.js";
import { Flame } from "./flame.js";
import { Table } from "./table.js";
import { Timeline } from "./timeline.js";
import { make_columns } from "./columns.js";
import { places } from "./places.js";
import * as format from "./format.js";

const started = performance.now();
const report = new Report(document.getElementById("data").textContent);
report.leaks_judged = report.stacks.leak.some((leak) => leak !== 0);
report.kinds_shown = new Set(report.stacks.kind).size;
const chosen = { view: report.view === "growth" && !report.has_growth ? "live" : report.view, process: -1, node: -1, words: "", moment: null, before: report.comparison ? 0 : null };
const amount = (value, view = chosen.view) => VIEWS[view].unit === "count" ? format.count(value)
	: format.bytes(value) + (view === "growth" && !report.history ? "/min" : "");

/* What is said to a screen reader, and seen below the flame graph. */
const status = h("p", { class: "status", role: "status", "aria-live": "polite", id: "status" }, "\u00a0");
const tooltip = h("div", { class: "tooltip", "aria-hidden": "true", hidden: true });

/** In words: "malloc_thing [app]: 12 MiB, 45.6% of all" */
function describe(node) {
	const name = report.node_words(node);
	if (flame.before) {
		const change = flame.after[node] - flame.before[node];
		return [name, `${amount(flame.before[node])} \u2192 ${amount(flame.after[node])} (${format.signed(amount, change)})`];
	}
	return [name, `${amount(flame.sums[node])}, ${format.percent(flame.sums[node], flame.sums[0])} of all` +
		(flame.zoomed ? `, ${format.percent(flame.sums[node], flame.sums[flame.zoomed])} of what is zoomed to` : "")];
}

const flame = new Flame(report, {
	on_zoom(node) {
		flame.zoom(node);
		show_crumbs();
		show_rows_soon();
	},
	on_point(node, x, y) {
		tooltip.hidden = node < 0;
		if (node < 0)
			return;
		const [name, words] = describe(node);
		tooltip.replaceChildren(h("b", {}, name.length > 400 ? `${name.slice(0, 399)}\u2026` : name), h("span", {}, words));
		const box = tooltip.getBoundingClientRect();
		tooltip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 8))}px`;
		tooltip.style.top = `${y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18}px`;
	},
	on_select(node) {
		flame.select(node, true);
		status.textContent = describe(node).join(": ");
	},
});

const crumbs = h("nav", { class: "crumbs", "aria-label": "Zoomed to" });

function show_crumbs() {
	const way = [];
	for (let node = flame.zoomed; node >= 0; node = report.calls.parent[node])
		way.unshift(node);
	const shown = way.length > 6 ? [way[0], -1, ...way.slice(-4)] : way;
	crumbs.replaceChildren(...shown.map((node) => (node < 0 ? h("span", { class: "quiet" }, "\u2026")
		: h("button", {
			type: "button", class: "link", "aria-current": node === flame.zoomed ? "true" : null,
			onclick: () => flame.on_zoom(node),
		}, report.node_name(node).slice(0, 80)))));
	reset.disabled = flame.zoomed === 0;
}

/* The controls. */
const reset = h("button", { type: "button", id: "reset", disabled: true, onclick: () => { flame.on_zoom(0); flame.select(-1); } }, "Reset zoom");
const search = h("input", { type: "search", id: "search", placeholder: "Search (press /)", "aria-label": "Search functions, modules and files", autocomplete: "off", spellcheck: "false" });
const found = h("span", { class: "quiet found", role: "status" });
const views = radios("view", "View", Object.entries(VIEWS).map(([key, view]) => [key, view.name, {
	allocated: "all bytes that were allocated since memtrace attached", churn: "bytes allocated that are not live any more",
	growth: !report.has_growth ? "needs a recording, or more than one report" : report.history ? "live bytes, since the recording began" : "live bytes, by the minute",
}[key]]), (view) => {
	chosen.view = view;
	if (!VIEWS[view].by_node)
		set_node(-1);
	refresh();
});
const layout = radios("layout", "Layout", [["flame", "Flame"], ["icicle", "Icicle"]], (value) => flame.set_icicle(value === "icicle"));
const process_select = report.processes.n > 1 && select("Process", [[-1, "All"],
	...Array.from({ length: report.processes.n }, (_, i) => [i, report.process_name(i)])], (value) => set_process(Number(value)));
const node_select = report.placed && report.nodes.length > 1 && select("NUMA node", [[-1, "All"],
	...report.nodes.map((node, i) => [i, `Node ${node}`])], (value) => { set_node(Number(value)); refresh(); });
const theme = select("Theme", [["", "System"], ["light", "Light"], ["dark", "Dark"]], () => recolour());
const dark = matchMedia("(prefers-color-scheme: dark)");

function set_process(process) {
	chosen.process = process;
	process_select.field.value = process;
	refresh();
}

function set_node(node) {
	chosen.node = node;
	if (node_select)
		node_select.field.value = node;
}

/* Where stacks lie is known of live memory, at the moment of the report. */
function allow_controls() {
	const comparing = chosen.before !== null;
	views.inputs.get("growth").disabled = comparing || !report.has_growth;
	if (comparing && chosen.view === "growth") {
		chosen.view = "live";
		views.set("live");
	}
	if (node_select) {
		const known = VIEWS[chosen.view].by_node && chosen.moment === null && !comparing;
		node_select.field.disabled = !known;
		node_select.element.title = known ? "" : "known of live memory at the moment of the report";
		if (!known)
			set_node(-1);
	}
}

/* What is shown. */
const details = new Details(report);
let now = null, then = null, opened = -1; // amounts of all stacks by view; then: null where nothing is compared
const table = new Table([{ key: "live", title: "", number: true, value: () => 0, cell: () => "" }], "Stacks", (stack) => {
	opened = stack;
	details.show(stack, now);
	details.element.scrollIntoView({ block: "nearest" });
	flame.trace(report.calls.leaf[stack]);
	status.textContent = `Stack of ${report.node_name(report.calls.leaf[stack])}: ${format.bytes(now.live[stack])} in ` +
		`${format.plural(now.blocks[stack], "block", "blocks")}${report.stacks.words[stack] ? `, ${report.stacks.words[stack]}` : ""}`;
});
if (report.comparison)
	table.sort = { key: "change-live", direction: -1 };
const table_note = h("p", { class: "quiet", role: "status" });

function of_process(values) {
	return chosen.process < 0 ? values : values.map((value, i) => (report.stacks.process[i] === chosen.process ? value : 0));
}

function all_views(moment) {
	return Object.fromEntries(Object.keys(VIEWS).map((view) => [view,
		chosen.node >= 0 && VIEWS[view].by_node ? report.node_values(view, chosen.node) : report.values(view, moment)]));
}

/** The stacks that have a frame with these words, as a Uint8Array; and the frames of the flame graph. */
function find(words) {
	if (!words)
		return { stacks: null, frames: null };
	const wanted = words.toLowerCase(), { frames, tree, stacks, calls } = report;
	const strings = report.strings.map((string) => string.toLowerCase().includes(wanted));
	const has = (frame) => strings[frames.function[frame]] || strings[frames.module[frame]];
	const below = new Uint8Array(tree.n);
	for (let i = 0; i < tree.n; i++) {
		const frame = tree.frame[i];
		below[i] = has(frame) || strings[frames.file[frame]] || (tree.parent[i] >= 0 && below[tree.parent[i]]) ? 1 : 0;
	}
	const verdicts = report.verdicts.map((word) => word !== "" && word.includes(wanted));
	return {
		stacks: Uint8Array.from(stacks.leaf, (leaf, i) => (below[leaf] || verdicts[stacks.verdict[i]] ? 1 : 0)),
		frames: Uint8Array.from(calls.first_frame, (frame) => (has(frame) ? 1 : 0)),
	};
}

let hits = { stacks: null, frames: null };

function show_rows() {
	const { calls, stacks } = report, under = new Uint8Array(calls.n), rows = [];
	for (let i = 0; i < calls.n; i++)
		under[i] = i === flame.zoomed || (i > 0 && under[calls.parent[i]]) ? 1 : 0;
	for (let i = 0; i < stacks.n; i++) {
		if (under[calls.leaf[i]] && (chosen.process < 0 || stacks.process[i] === chosen.process) && (!hits.stacks || hits.stacks[i]))
			rows.push(i);
	}
	table.set_columns(make_columns(report, now, then, chosen.moment ?? report.history?.shown ?? 0));
	table.show(rows);
	if (opened >= 0)
		details.show(opened, now);
	table_note.textContent = (rows.length < stacks.n ? `${format.count(rows.length)} of ` : "") +
		format.plural(stacks.n, "stack", "stacks") +
		(stacks.n < report.n_stacks ? `; the report has ${format.count(report.n_stacks)}, of which --top let these through` : "");
}

/* While something is dragged or typed the graph follows at once, and the table when it is done. */
const show_rows_soon = when_quiet(show_rows, 60);

function show_found() {
	found.textContent = hits.frames ? `${format.percent(flame.found_share(), 1)} found` : "";
}

function refresh() {
	allow_controls();
	now = all_views(chosen.moment);
	then = chosen.before === null ? null : all_views(chosen.before);
	const shown = of_process(now[chosen.view]);
	flame.show(chosen.view === "growth" ? shown.map((value) => Math.max(value, 0)) : shown, then && of_process(then[chosen.view]));
	show_crumbs();
	show_rows_soon();
	show_found();
	legend_of_change.hidden = then === null;
	legend.hidden = then !== null;
	nothing.hidden = flame.sums[0] > 0;
	nothing.textContent = chosen.view === "growth" ? "No stack has grown." : "Nothing to show in this view.";
}

const timeline = report.history && report.history.n > 1 && !report.comparison && new Timeline(report.history, (moment, before) => {
	chosen.moment = moment === report.history.shown ? null : moment;
	chosen.before = before;
	refresh_soon();
});
const refresh_soon = once_a_frame(refresh);

/* Colours of modules, and of change. */
const LEGEND_MAX = 8;
const legend = h("ul", { class: "legend", "aria-label": "Colours by module" },
	report.colours.slice(0, LEGEND_MAX).map((module, i) => h("li", {}, h("span", { class: `swatch module-${i}` }), report.string(module).slice(0, 40))),
	report.colours.length > LEGEND_MAX ? h("li", {}, h("span", { class: "swatch module-other" }), "others") : null);
const legend_of_change = h("ul", { class: "legend", "aria-label": "Colours of change", hidden: true },
	h("li", {}, h("span", { class: "swatch grown" }), "more than before"), h("li", {}, h("span", { class: "swatch shrunk" }), "less than before"),
	h("li", {}, h("span", { class: "swatch same" }), "the same"), h("li", { class: "quiet" }, "widths: the greater of both"));
const nothing = h("p", { class: "nothing", hidden: true });

function recolour() {
	document.documentElement.dataset.theme = theme.field.value || (dark.matches ? "dark" : "light");
	flame.theme();
	timeline?.draw?.();
	if (now)
		show_rows();
}

/* The page. */
const { totals } = report;
const { comparison } = report;
const names = comparison ? `${comparison.before.name} \u2192 ${comparison.after.name}`
	: report.command === "kernel" ? "Kernel memory"
	: Array.from({ length: Math.min(report.processes.n, 3) }, (_, i) => report.process_name(i)).join(", ") +
		(report.processes.n > 3 ? ` and ${format.count(report.processes.n - 3)} more` : "");
const growing = report.stacks.verdict.filter((verdict) => report.verdicts[verdict] === "growing").length;
const count_of = (word) => comparison.changes.filter((change) => comparison.words[change] === word).length;
const resident = report.processes.rss_bytes.reduce((sum, value) => sum + value, 0);
const tile = (name, value, note) => h("div", { class: "tile" }, h("dt", {}, name), h("dd", {}, value, note ? h("span", { class: "quiet" }, note) : null));
document.title = `memtrace: ${names}`;
document.getElementById("page").replaceChildren(
	h("a", { class: "skip", href: "#stacks" }, "Skip to the table of stacks"),
	h("header", {},
		h("div", { class: "title" }, h("h1", {}, names || "No process"),
			h("p", { class: "quiet" }, h("b", {}, "memtrace"), ` ${report.command} \u00b7 `, comparison
				? `${comparison.before.date} \u2192 ${comparison.after.date}`
				: `${report.date} \u00b7 watched for ${format.duration(report.elapsed_ns / 1e9)}`)),
		theme.element,
		h("dl", { class: "tiles" },
			comparison ? tile("Live before", format.bytes(comparison.before.live_bytes), ` in ${format.plural(comparison.before.live_blocks, "block", "blocks")}`) : null,
			tile(comparison ? "Live now" : "Live", format.bytes(totals.live_bytes), ` in ${format.plural(totals.live_blocks, "block", "blocks")}`),
			comparison ? tile("Change", format.signed(format.bytes, totals.live_bytes - comparison.before.live_bytes),
				` in ${format.signed(format.count, totals.live_blocks - comparison.before.live_blocks)} blocks`) : null,
			comparison ? null : tile("Allocated", format.bytes(totals.alloc_bytes), ` in ${format.plural(totals.alloc_count, "call", "calls")}`),
			resident ? tile("Resident", format.bytes(resident)) : null,
			tile("Stacks", format.count(report.n_stacks), comparison
				? ` ${format.count(count_of("new"))} new, ${format.count(count_of("gone"))} gone`
				: report.has_verdicts ? ` ${format.count(growing)} growing` : null))),
	h("main", {},
		timeline ? timeline.element : "",
		h("section", { class: "panel graph", "aria-label": "Flame graph" },
			h("div", { class: "controls" }, views.element, layout.element,
				process_select ? process_select.element : null, node_select ? node_select.element : null,
				h("div", { class: "search" }, search, found)),
			h("div", { class: "panel-head" }, reset, crumbs, legend, legend_of_change),
			flame.element, nothing, status),
		places(report, set_process) ?? "",
		h("div", { class: "columns" },
			h("section", { class: "panel stacks", id: "stacks", tabindex: "-1", "aria-label": "Stacks" },
				h("div", { class: "panel-head" }, h("h2", {}, "Stacks"), table_note), table.element),
			details.element)),
	h("footer", { class: report.complete ? "whole" : "lost", role: "contentinfo" },
		h("span", { class: "mark", "aria-hidden": "true" }, report.complete ? "\u2713" : "!"), h("p", {}, report.integrity)),
	tooltip);
views.set(chosen.view);
layout.set("flame");
search.addEventListener("input", once_a_frame(() => {
	hits = find(search.value.trim());
	flame.mark(hits.frames);
	show_rows_soon();
	show_found();
}));
document.addEventListener("keydown", (event) => {
	if (event.key === "/" && !(event.target.matches("input[type=search]"))) {
		search.focus();
		event.preventDefault();
	} else if (event.key === "Escape" && event.target === search && search.value) {
		search.value = "";
		search.dispatchEvent(new Event("input"));
	}
});
dark.addEventListener("change", recolour);
recolour();
refresh();
flame.draw();
flame.to_root();
show_rows();
performance.measure("memtrace-ready", { start: started, end: performance.now() });
