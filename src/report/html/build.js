// SPDX-License-Identifier: GPL-2.0-or-later
// Bundles the page: node build.js FOLDER writes head.html and tail.html there, see scripts/bundle-html.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];

async function bundle(entry) {
	const result = await build({
		absWorkingDir: here, entryPoints: [entry], bundle: true, minify: true, write: false, format: "iife",
		target: "es2020", charset: "ascii", legalComments: "none", logLevel: "error",
	});
	return result.outputFiles[0].text.trim();
}

// Of each package that is part of the page, for its licence asks for that.
function licences() {
	const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
	return Object.entries(dependencies).map(([name, version]) =>
		`${name} ${version}\n${readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8")}`).join("\n");
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const script = await bundle("main.js"), style = await bundle("page.css");
const parts = {
	POLICY: `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`,
	LICENCES: licences().replace(/--/g, "- -"), STYLE: style, SCRIPT: script,
};
const page = readFileSync(join(here, "page.html"), "utf8").replace(/@([A-Z]+)@/g, (whole, name) => parts[name] ?? whole);
const [head, tail] = page.split("@DATA@");
// The head comes last: make looks at it.
writeFileSync(join(out, "tail.html"), tail);
writeFileSync(join(out, "head.html"), head);
