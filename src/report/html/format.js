// SPDX-License-Identifier: GPL-2.0-or-later
// Amounts as people read them.
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const MINUS = "\u2212";

/** 12.3 MiB: three digits, powers of 1024 */
export function bytes(value) {
	const size = Math.abs(value);
	let unit = 0, scaled = size;
	while (scaled >= 999.5 && unit < UNITS.length - 1) {
		scaled /= 1024;
		unit++;
	}
	const digits = unit === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
	return `${value < 0 ? MINUS : ""}${scaled.toFixed(digits)} ${UNITS[unit]}`;
}

/** 12 345 with thin spaces, so that no comma is taken for a decimal point */
export function count(value) {
	return `${value < 0 ? MINUS : ""}${String(Math.round(Math.abs(value))).replace(/\B(?=(\d{3})+$)/g, "\u202f")}`;
}

export function signed(format, value) {
	return value > 0 ? `+${format(value)}` : format(value);
}

export function percent(part, whole) {
	return whole > 0 ? `${(100 * part / whole).toFixed(1)}%` : "";
}

const TIMES = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

/** 850 ms, 12 s, 10 min, 14 h, 3 d */
export function duration(seconds) {
	if (seconds < 1)
		return `${Math.round(seconds * 1000)} ms`;
	const [size, unit] = TIMES.find(([least]) => seconds >= least * (least === 1 ? 1 : 2)) ?? TIMES[3];
	return `${(seconds / size).toFixed(seconds / size < 9.95 && size > 1 ? 1 : 0)} ${unit}`;
}

const two = (number) => String(number).padStart(2, "0");

/** 2026-03-01 03:00:41, in the reader's time zone */
export function moment(ms) {
	const date = new Date(ms);
	return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
		`${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function plural(number, one, many) {
	return `${count(number)} ${number === 1 ? one : many}`;
}
