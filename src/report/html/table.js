// SPDX-License-Identifier: GPL-2.0-or-later
// The table of stacks. Of many thousand rows only those in the window are in the document.
import { h, once_a_frame } from "./dom.js";

const ROW = 30, MARGIN_ROWS = 8;

export class Table {
	/**
	 * columns: {key, title, hint, number, value(stack) to sort by, cell(stack) a string or an element, first: -1|1}
	 * on_open(stack): a row was chosen
	 */
	constructor(columns, label, on_open) {
		this.columns = columns;
		this.on_open = on_open;
		this.rows = [];
		this.chosen = -1; // a stack
		this.sort = { key: null, direction: -1 };
		this.head = h("tr", { "aria-rowindex": "1" });
		this.above = h("tr", { class: "spacer", "aria-hidden": "true" });
		this.below = h("tr", { class: "spacer", "aria-hidden": "true" });
		this.body = h("tbody", {}, this.above, this.below);
		this.made = new Map();
		this.table = h("table", { role: "grid", "aria-label": label }, h("thead", {}, this.head), this.body);
		this.element = h("div", { class: "rows", tabindex: "-1" }, this.table);
		this.redraw = once_a_frame(() => this.draw());
		this.element.addEventListener("scroll", this.redraw);
		this.body.addEventListener("keydown", (event) => this.#key(event));
		new ResizeObserver(this.redraw).observe(this.element);
		this.set_columns(columns);
	}

	/** To be followed by show(). */
	set_columns(columns) {
		this.columns = columns;
		this.head.replaceChildren(...columns.map((column) => {
			const button = h("button", { type: "button", title: column.hint, onclick: () => this.sort_by(column) },
				column.title, h("span", { class: "arrow", "aria-hidden": "true" }));
			return h("th", { scope: "col", class: `${column.number ? "number" : ""} ${column.key}`, "data-key": column.key },
				column.value ? button : column.title);
		}));
		if (!columns.some((column) => column.key === this.sort.key))
			this.sort = { key: columns.find((column) => column.number).key, direction: -1 };
	}

	sort_by(column) {
		this.sort = this.sort.key === column.key
			? { key: column.key, direction: -this.sort.direction }
			: { key: column.key, direction: column.number ? -1 : 1 };
		this.#order();
	}

	show(stacks) {
		this.rows = stacks;
		this.#order();
	}

	#order() {
		const { key, direction } = this.sort, column = this.columns.find((other) => other.key === key);
		for (const cell of this.head.children) {
			if (cell.dataset.key === key)
				cell.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
			else
				cell.removeAttribute("aria-sort");
		}
		const values = new Map(this.rows.map((stack) => [stack, column.value(stack)]));
		const compare = column.number ? (a, b) => values.get(a) - values.get(b)
			: (a, b) => (values.get(a) < values.get(b) ? -1 : values.get(a) > values.get(b) ? 1 : 0);
		this.rows.sort((a, b) => direction * compare(a, b) || a - b);
		this.table.setAttribute("aria-rowcount", this.rows.length + 1);
		this.element.scrollTop = 0;
		this.refresh();
	}

	/** Makes all rows anew. */
	refresh() {
		this.made.clear();
		this.redraw();
	}

	#row(stack) {
		return h("tr", { "data-stack": stack, onclick: () => this.choose(stack) }, this.columns.map((column) =>
			h("td", { class: `${column.number ? "number" : ""} ${column.key}` }, column.cell(stack))));
	}

	draw() {
		const seen = Math.ceil(this.element.clientHeight / ROW) + 2 * MARGIN_ROWS;
		const first = Math.max(0, Math.min(Math.floor(this.element.scrollTop / ROW) - MARGIN_ROWS, this.rows.length - seen));
		const shown = this.rows.slice(first, first + seen);
		const had_focus = this.body.contains(document.activeElement);
		// One row can be reached by Tab, and the arrow keys go on from there.
		const reachable = shown.includes(this.chosen) ? this.chosen : shown[0];
		const rows = shown.map((stack, i) => {
			const row = this.made.get(stack) ?? this.#row(stack);
			row.setAttribute("aria-rowindex", first + i + 2);
			row.setAttribute("aria-selected", String(stack === this.chosen));
			row.tabIndex = stack === reachable ? 0 : -1;
			return row;
		});
		this.made = new Map(shown.map((stack, i) => [stack, rows[i]]));
		this.above.style.height = `${first * ROW}px`;
		this.below.style.height = `${Math.max(this.rows.length - first - shown.length, 0) * ROW}px`;
		this.#put(rows);
		if (had_focus && !this.body.contains(document.activeElement))
			this.body.querySelector('tr[tabindex="0"]')?.focus({ preventScroll: true });
	}

	/** Those that stay are not touched, so that a click or the focus is not lost by scrolling. */
	#put(rows) {
		const wanted = new Set(rows);
		for (const row of Array.from(this.body.children)) {
			if (row !== this.above && row !== this.below && !wanted.has(row))
				row.remove();
		}
		let at = this.above.nextSibling;
		for (const row of rows) {
			if (row === at)
				at = at.nextSibling;
			else
				this.body.insertBefore(row, at);
		}
	}

	choose(stack) {
		this.chosen = stack;
		const place = this.rows.indexOf(stack), top = place * ROW, room = this.element.clientHeight - 2 * ROW;
		if (place >= 0 && top < this.element.scrollTop)
			this.element.scrollTop = top;
		else if (place >= 0 && top > this.element.scrollTop + room)
			this.element.scrollTop = top - room;
		this.draw();
		this.on_open(stack);
	}

	#key(event) {
		const stack = Number(event.target.dataset.stack), place = this.rows.indexOf(stack);
		const page = Math.floor(this.element.clientHeight / ROW) - 2;
		const next = {
			ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page, Home: 0,
			End: this.rows.length - 1, Enter: place, " ": place,
		}[event.key];
		if (next === undefined || place < 0)
			return;
		event.preventDefault();
		this.choose(this.rows[Math.max(0, Math.min(next, this.rows.length - 1))]);
		this.body.querySelector('tr[tabindex="0"]')?.focus({ preventScroll: true });
	}
}
