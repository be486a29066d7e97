// SPDX-License-Identifier: GPL-2.0-or-later
// The flame graph of memtrace --format svg: zoom by click, search, and what is pointed at in words.
(function () {
	"use strict";
	const svg = document.documentElement;
	const graph = document.getElementById("graph");
	const details = document.getElementById("details");
	const boxes = Array.from(graph.querySelectorAll(".f"), (group) => {
		const rect = group.querySelector("rect");
		const lines = group.querySelector("title").textContent.split("\n");
		return {
			group, rect, text: group.querySelector("text"), name: lines[0], amount: lines[1],
			label: lines[0].replace(/( \[[^[\]]*\])?( \(inlined\))?$/, ""),
			x: Number(rect.getAttribute("x")), y: Number(rect.getAttribute("y")),
			width: Number(rect.getAttribute("width")),
		};
	});
	if (!boxes.length)
		return;
	const root = boxes[0];
	const TINY = 0.01; // of a pixel, by which rounding may be wrong
	let zoomed = root, at = null;

	const covers = (outer, inner) => outer.y >= inner.y && outer.x <= inner.x + TINY &&
		outer.x + outer.width >= inner.x + inner.width - TINY;

	function label(box, width) {
		const room = Math.floor((width - 6) / 7.2);
		if (room < 3)
			return "";
		return box.label.length <= room ? box.label : box.label.slice(0, room - 1) + "…";
	}

	function zoom(to) {
		const scale = root.width / to.width;
		zoomed = to;
		for (const box of boxes) {
			const below = box !== to && covers(box, to);
			let x = root.x + (box.x - to.x) * scale, width = box.width * scale;
			if (below) {
				x = root.x;
				width = root.width;
			}
			const out = !below && !covers(to, box);
			box.group.style.display = out ? "none" : "";
			box.group.classList.toggle("below", below);
			if (out)
				continue;
			box.rect.setAttribute("x", x);
			box.rect.setAttribute("width", width);
			const words = label(box, width);
			if (words && !box.text)
				box.text = element("text", { y: box.y + 13 }, box.group);
			if (box.text) {
				box.text.setAttribute("x", x + 3);
				box.text.textContent = words;
			}
		}
		back.style.display = to === root ? "none" : "";
	}

	function tell(box) {
		if (at)
			at.group.classList.remove("at");
		at = box;
		if (box)
			box.group.classList.add("at");
		details.textContent = box ? box.name + ": " + box.amount : " ";
	}

	function search(words) {
		const wanted = words.toLowerCase();
		let found = 0, end = -1;
		for (const box of boxes)
			box.group.classList.toggle("found", wanted !== "" && box !== root && box.name.toLowerCase().includes(wanted));
		// What lies above a box that was found is counted already.
		const hits = boxes.filter((box) => box.group.classList.contains("found"))
			.sort((a, b) => a.x - b.x || b.width - a.width);
		for (const box of hits) {
			if (box.x + TINY < end)
				continue;
			found += box.width;
			end = box.x + box.width;
		}
		details.textContent = wanted === "" ? " " :
			hits.length + (hits.length === 1 ? " frame" : " frames") + " found, in " +
			(100 * found / root.width).toFixed(1) + "% of all";
	}

	// The nearest box in that direction among those that are shown.
	function neighbour(box, key) {
		const shown = boxes.filter((other) => other.group.style.display !== "none");
		if (key === "ArrowDown")
			return shown.filter((other) => other.y > box.y && covers(other, box)).sort((a, b) => a.y - b.y)[0];
		if (key === "ArrowUp")
			return shown.filter((other) => other.y < box.y && covers(box, other))
				.sort((a, b) => b.y - a.y || a.x - b.x)[0];
		const row = shown.filter((other) => other.y === box.y).sort((a, b) => a.x - b.x);
		return row[row.indexOf(box) + (key === "ArrowRight" ? 1 : -1)];
	}

	function element(name, attributes, parent) {
		const made = document.createElementNS("http://www.w3.org/2000/svg", name);
		for (const key of Object.keys(attributes))
			made.setAttribute(key, attributes[key]);
		return parent.appendChild(made);
	}

	const right = root.x + root.width;
	const back = element("text", { class: "button", id: "back", role: "button", tabindex: "0", x: right - 330, y: 28 }, svg);
	back.textContent = "Zoom out";
	const holder = element("foreignObject", { x: right - 240, y: 10, width: 240, height: 28, class: "search" }, svg);
	const input = document.createElementNS("http://www.w3.org/1999/xhtml", "input");
	input.setAttribute("type", "search");
	input.setAttribute("placeholder", "Search");
	input.setAttribute("aria-label", "Search for functions and modules");
	holder.appendChild(input);

	const by_group = new Map(boxes.map((box) => [box.group, box]));
	const box_of = (target) => by_group.get(target.closest(".f"));
	graph.addEventListener("click", (event) => {
		const box = box_of(event.target);
		if (box) {
			zoom(box);
			tell(box);
		}
	});
	graph.addEventListener("mouseover", (event) => {
		const box = box_of(event.target);
		if (box && box !== at)
			tell(box);
	});
	graph.addEventListener("keydown", (event) => {
		if (event.key.startsWith("Arrow")) {
			const next = at ? neighbour(at, event.key) : zoomed;
			if (next)
				tell(next);
		} else if ((event.key === "Enter" || event.key === " ") && at) {
			zoom(at);
		} else if (event.key === "Escape") {
			zoom(root);
		} else {
			return;
		}
		event.preventDefault();
	});
	back.addEventListener("click", () => zoom(root));
	back.addEventListener("keydown", (event) => {
		if (event.key === "Enter" || event.key === " ") {
			zoom(root);
			event.preventDefault();
		}
	});
	input.addEventListener("input", () => search(input.value));
	svg.addEventListener("keydown", (event) => {
		if (event.key === "/" && event.target !== input) {
			input.focus();
			event.preventDefault();
		}
	});
	back.style.display = "none";
}());
