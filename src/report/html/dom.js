// SPDX-License-Identifier: GPL-2.0-or-later
// Elements. Text goes in as text alone, never as markup.

/** h("p", { class: "quiet", onclick: f }, "text", child, …): attributes that are false or null are left out. */
export function h(tag, attributes, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes ?? {})) {
		if (value === false || value === null || value === undefined)
			continue;
		if (name.startsWith("on"))
			element.addEventListener(name.slice(2), value);
		else
			element.setAttribute(name, value === true ? "" : value);
	}
	element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
	return element;
}

/** Of a labelled <select>: options are [value, text]. */
export function select(label, options, onchange) {
	const field = h("select", { onchange: () => onchange(field.value) },
		options.map(([value, text]) => h("option", { value }, text)));
	return { field, element: h("label", { class: "field" }, h("span", {}, label), field) };
}

/** A group of buttons of which one is chosen: a native radio group, so arrow keys work by themselves. */
export function radios(name, label, options, onchange) {
	const inputs = new Map();
	const element = h("fieldset", { class: "radios" }, h("legend", {}, label), options.map(([value, text, title]) => {
		const input = h("input", { type: "radio", name, value, onchange: () => onchange(value) });
		inputs.set(value, input);
		return h("label", { title }, input, h("span", {}, text));
	}));
	return {
		element, inputs,
		set(value) {
			inputs.get(value).checked = true;
		},
	};
}

let pending = 0;

/* Work that was asked for and is still to be done. The page's root says whether there is any, for who waits for the page
   from outside, as its tests do. */
function account(change) {
	pending += change;
	document.documentElement.toggleAttribute("data-pending", pending > 0);
}

/** Calls `draw` once before the next frame, however often it is asked for. */
export function once_a_frame(draw) {
	let asked = false;
	return () => {
		if (asked)
			return;
		asked = true;
		account(1);
		requestAnimationFrame(() => {
			asked = false;
			draw();
			account(-1);
		});
	};
}

/** Calls `work` when it was not asked for again for so long. */
export function when_quiet(work, ms) {
	let timer = 0;
	return () => {
		if (timer)
			clearTimeout(timer);
		else
			account(1);
		timer = setTimeout(() => {
			timer = 0;
			work();
			account(-1);
		}, ms);
	};
}
