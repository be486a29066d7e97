// SPDX-License-Identifier: GPL-2.0-or-later
// The report's data, as src/report/html_data.c writes it, made ready for drawing.

export const FRAME = { CALL: 0, INLINED: 1, PROCESS: 2, CACHE: 3 };

/** What can be looked at. `of` takes what one stack has and gives a number. */
export const VIEWS = {
	live: { name: "Live bytes", unit: "bytes", by_node: true },
	blocks: { name: "Live blocks", unit: "count", by_node: true },
	allocated: { name: "Allocated", unit: "bytes", by_node: false },
	churn: { name: "Churn", unit: "bytes", by_node: false },
	growth: { name: "Growth", unit: "bytes", by_node: false },
};

const COURSE_FIELDS = ["live_bytes", "live_blocks", "alloc_bytes", "alloc_count"];

/** Nodes of one function and module below one parent become one: lines and addresses are for the table. */
function merge(data) {
	const { frames, tree, stacks } = data;
	const keys = new Map(), ids = new Map();
	const frame_of = new Int32Array(frames.n), first_frame = [];
	for (let i = 0; i < frames.n; i++) {
		const kind = frames.kind[i] === FRAME.INLINED ? FRAME.CALL : frames.kind[i];
		const key = `${kind} ${frames.function[i]} ${frames.module[i]} ${frames.address[i]}`;
		if (!keys.has(key)) {
			keys.set(key, first_frame.length);
			first_frame.push(i);
		}
		frame_of[i] = keys.get(key);
	}
	// Node 0 is all; a parent always has a lower number than its children.
	const merged = new Int32Array(tree.n), parent = [-1], frame = [-1], depth = [0];
	for (let i = 0; i < tree.n; i++) {
		const above = tree.parent[i] < 0 ? 0 : merged[tree.parent[i]];
		const key = above * first_frame.length + frame_of[tree.frame[i]];
		let id = ids.get(key);
		if (id === undefined) {
			id = parent.length;
			ids.set(key, id);
			parent.push(above);
			frame.push(frame_of[tree.frame[i]]);
			depth.push(depth[above] + 1);
		}
		merged[i] = id;
	}
	return {
		n: parent.length, parent: Int32Array.from(parent), frame: Int32Array.from(frame), depth: Int16Array.from(depth),
		leaf: Int32Array.from(stacks.leaf, (leaf) => merged[leaf]), first_frame,
	};
}

/** Children of node i are child[start[i]] to child[start[i + 1] - 1], those of most weight first. */
function order_children(tree, weight) {
	const start = new Int32Array(tree.n + 1), child = new Int32Array(Math.max(tree.n - 1, 0));
	for (let i = 1; i < tree.n; i++)
		start[tree.parent[i] + 1]++;
	for (let i = 0; i < tree.n; i++)
		start[i + 1] += start[i];
	const next = start.slice();
	for (let i = 1; i < tree.n; i++)
		child[next[tree.parent[i]]++] = i;
	for (let i = 0; i < tree.n; i++) {
		if (start[i + 1] - start[i] > 1)
			child.subarray(start[i], start[i + 1]).sort((a, b) => weight[b] - weight[a] || a - b);
	}
	tree.start = start;
	tree.child = child;
}

/** What each stack had at each moment kept: field -> [moment * n + stack]. */
function unpack_history(history, n) {
	const moments = history.time_ms.length;
	const fields = COURSE_FIELDS.map(() => new Float64Array(moments * n));
	history.courses.forEach((course, stack) => {
		const now = [0, 0, 0, 0];
		let moment = 0;
		const fill = (until) => {
			for (; moment < until; moment++)
				fields.forEach((field, i) => { field[moment * n + stack] = now[i]; });
		};
		for (let at = 0, changed = 0; at < course.length; at += 5) {
			changed += course[at];
			fill(changed);
			for (let i = 0; i < 4; i++)
				now[i] += course[at + 1 + i];
		}
		fill(moments);
	});
	history.n = moments;
	history.fields = Object.fromEntries(COURSE_FIELDS.map((name, i) => [name, fields[i]]));
	delete history.courses;
}

/** The sums of stacks in all nodes above them. */
export function sum_up(tree, values) {
	const sums = new Float64Array(tree.n);
	for (let i = 0; i < values.length; i++)
		sums[tree.leaf[i]] += values[i];
	for (let i = tree.n - 1; i > 0; i--)
		sums[tree.parent[i]] += sums[i];
	return sums;
}

export class Report {
	constructor(text) {
		const data = JSON.parse(text);
		Object.assign(this, data);
		for (const field of ["live_bytes", "live_blocks", "alloc_bytes", "alloc_count", "bytes_per_s"])
			this.stacks[field] = Float64Array.from(data.stacks[field]);
		this.calls = merge(data);
		order_children(this.calls, sum_up(this.calls, this.stacks.live_bytes.map((live, i) =>
			live + this.stacks.alloc_bytes[i] * 1e-6)));
		if (this.history)
			unpack_history(this.history, this.stacks.n);
		this.has_verdicts = this.stacks.verdict.some((verdict) => verdict !== 0);
		this.has_growth = (this.history?.n ?? 0) > 1 || this.has_verdicts;
		this.colours = this.#colour_modules();
	}

	/** Modules in the order of what goes through them have colours of their own, as many as there are. */
	#colour_modules() {
		const weight = new Map();
		const sums = sum_up(this.calls, this.stacks.live_bytes);
		for (let i = 1; i < this.calls.n; i++) {
			const module = this.frames.module[this.calls.first_frame[this.calls.frame[i]]];
			if (module >= 0)
				weight.set(module, (weight.get(module) ?? 0) + sums[i]);
		}
		return [...weight.entries()].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([module]) => module);
	}

	string(number) {
		return number < 0 ? "" : this.strings[number];
	}

	/** What a frame (number in `frames`) is called. */
	frame_name(frame) {
		return this.string(this.frames.function[frame]) || this.frames.address[frame];
	}

	node_frame(node) {
		return this.calls.first_frame[this.calls.frame[node]];
	}

	node_name(node) {
		return node === 0 ? "all" : this.frame_name(this.node_frame(node));
	}

	/** The name and the module. */
	node_words(node) {
		return this.node_name(node) + (node === 0 ? "" : this.module_words(this.frames.module[this.node_frame(node)]));
	}

	/** " [libc.so.6]"; what has brackets of its own gets no others. */
	module_words(number) {
		const module = this.string(number);
		return module === "" ? "" : /^\[.*\]$/s.test(module) ? ` ${module}` : ` [${module}]`;
	}

	process_name(process) {
		return `${this.processes.name[process]} (${this.processes.pid[process]})`;
	}

	/** Frames of a stack, innermost first, without those that stand for its process or cache. */
	stack_frames(stack) {
		const frames = [];
		for (let node = this.stacks.leaf[stack]; node >= 0; node = this.tree.parent[node]) {
			const frame = this.tree.frame[node], kind = this.frames.kind[frame];
			if (kind !== FRAME.PROCESS)
				frames.push(frame);
		}
		return frames;
	}

	/** A field of all stacks at a moment; null: the moment that the report is of. */
	field(name, moment) {
		const { n } = this.stacks;
		return moment === null ? this.stacks[name] : this.history.fields[name].subarray(moment * n, (moment + 1) * n);
	}

	/** The values of a view by stack, at a moment (null: that of the report). Only growth may be negative. */
	values(view, moment) {
		const live = this.field("live_bytes", moment);
		switch (view) {
		case "live":
			return live;
		case "blocks":
			return this.field("live_blocks", moment);
		case "allocated":
			return this.field("alloc_bytes", moment);
		case "churn": {
			const allocated = this.field("alloc_bytes", moment);
			return live.map((bytes, i) => Math.max(allocated[i] - bytes, 0));
		}
		default: {
			if (!this.history)
				return this.stacks.bytes_per_s.map((rate) => rate * 60);
			const first = this.field("live_bytes", 0);
			return live.map((bytes, i) => bytes - first[i]);
		}
		}
	}

	/** Of what lies on a node: index into `nodes`. */
	node_values(view, node) {
		const offset = view === "blocks" ? 1 : 0;
		return Float64Array.from(this.stacks.nodes, (nodes, i) => {
			if (nodes === 0)
				return node === 0 ? this.stacks[offset ? "live_blocks" : "live_bytes"][i] : 0;
			return nodes[2 * node + offset] ?? 0;
		});
	}
}
