// surrogate.test.mjs: every surrogate in a small make-believe browser: nothing is thrown, whatever a page has in the
// names that it uses; nothing is asked for and nothing is stored; twice on a page is once. (Real ones: test_surrogates.py.)
import assert from "node:assert/strict";
import {readdirSync, readFileSync} from "node:fs";
import test from "node:test";
import vm from "node:vm";

const folder = new URL("../../conf/surrogates/", import.meta.url);
const names = readdirSync(folder).filter(n => n.endsWith(".js") && !n.startsWith("_"));
const read = name => readFileSync(new URL(name, folder), "utf8");
const GLOBALS = ["dataLayer", "gtag", "google_tag_manager", "google_tag_data", "ga", "gaplugins", "GoogleAnalyticsObject", "_gaq", "_gat", "fbq", "_fbq", "lintrk",
	"_hsq", "_hsp", "hj", "clarity", "analytics", "rudderanalytics", "_paq", "Matomo", "Piwik", "Munchkin", "optimizely", "_vwo_code", "VWO",
	"_vis_opt_queue", "_satellite", "s", "adobe", "Visitor", "alloy", "__alloyNS", "ttq", "TiktokAnalyticsObject", "pintrk", "twq", "twttr", "UET", "uetq", "googletag",
	"mixpanel", "amplitude"];

// As mkembed puts them together.
function whole(name) {
	const parts = text => text.replace(/^\/\/\+ (\S+)$/gm, (all, part) => parts(read(part)));
	const text = parts(read(name));
	return text.includes("\n(function (w, d) {") ? text
		: `(function (w, d) {"use strict";${read("_common.js")}run(function () {${text}});})(window, document);`;
}

function page(name, setup = "", after = "") {
	const asked = [], timers = [], forbidden = what => () => { asked.push(what); throw new Error(what); };
	const document = {querySelectorAll: () => [], querySelector: () => null, dispatchEvent() {}, currentScript: {src: "/x.js?id=GTM-X", getAttribute: () => null},
		documentElement: {classList: {remove() {}}}, createElement: forbidden("createElement"), write: forbidden("write")};
	Object.defineProperty(document, "cookie", {get: forbidden("cookie"), set: forbidden("cookie")});
	const window = {document, location: {href: "/"}, log: [], setTimeout: f => timers.push(f), fetch: forbidden("fetch"), Image: forbidden("Image"),
		XMLHttpRequest: forbidden("XMLHttpRequest"), navigator: {sendBeacon: forbidden("sendBeacon")}, CustomEvent: function () {}};
	for (const store of ["localStorage", "sessionStorage", "indexedDB"]) Object.defineProperty(window, store, {get: forbidden(store)});
	window.window = window;
	const context = vm.createContext(window);
	for (const text of [setup, whole(name), after]) vm.runInContext(text, context);
	while (timers.length) timers.shift()();
	return {window, asked, log: Array.from(window.log)};
}

for (const name of names) {
	test(`${name}: an empty page, twice, and nothing is asked for`, () => {
		assert.deepEqual(page(name, "", whole(name)).asked, []);
	});
	test(`${name}: odd values`, () => {
		const odd = ["null", "0", "'text'", "{}", "[]", "Object.freeze([])", "Object.freeze({})", "function () { throw new Error('x'); }",
			"[null, undefined, 7, {}, [], [null], ['x.y'], function () { throw new Error('x'); }]", "{get push() { throw new Error('x'); }}",
			"Object.assign(function () {}, {q: 7, queue: null})", "Object.assign(function () {}, {q: [null, 7, [function () { throw 1; }]]})"];
		for (const global of GLOBALS)
			for (const value of odd) {
				const { asked } = page(name, `window.${global} = ${value};`, whole(name));
				assert.deepEqual(asked, [], `${global} = ${value}`);
			}
	});
	test(`${name}: a script for old browsers`, () => {
		const text = whole(name).replace(/"(?:\\.|[^"\\\n])*"/g, '""').replace(/\/\*[^]*?\*\//g, "").replace(/\/\/.*/g, "");
		assert.doesNotMatch(text, /=>|`|\b(let|const|class|async|await)\b|\.\.\.|\?\./);
	});
}

test("with another vendor's noop.js before it, Google's tags call back once", () => {
	const use = "dataLayer.push({eventCallback: function () { log.push('gtm'); }}); gtag('event', 'x', {event_callback: function () { log.push('gtag'); }});";
	for (const [first, second] of [["noop.js", "google-tag.js"], ["gtm.js", "noop.js"], ["gtm.js", "google-tag.js"]]) {
		const { log } = page(first, "dataLayer = []; function gtag() { dataLayer.push(arguments); }", whole(second) + use);
		assert.deepEqual(log, ["gtm", "gtag"], first + second);
	}
});
