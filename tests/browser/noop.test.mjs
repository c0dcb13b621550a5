// noop.test.mjs: the surrogate in a small make-believe browser: callbacks run, hidden pages appear, nothing throws.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";

const source = readFileSync(new URL("../../conf/surrogates/noop.js", import.meta.url), "utf8");

// A window in which `setup` (text) ran, then the surrogate, then `after`. Arrays and functions are the page's own.
function page(setup = "", after = "") {
	const removed = [], classes = new Set(["async-hide", "other"]);
	const styles = ["at-body-style", "alloy-prehiding", "_vis_opt_path_hides", "site"].map((id) => ({
		id, parentNode: { removeChild: (s) => removed.push(s.id) },
	}));
	const document = {
		querySelectorAll: (selector) => styles.filter((s) => selector.split(",").includes("#" + s.id)),
		documentElement: { classList: { remove: (c) => classes.delete(c) } },
	};
	const window = { document, location: { href: "/" }, log: [] };
	window.window = window;
	const context = vm.createContext(window);
	vm.runInContext(setup, context);
	vm.runInContext(source, context);
	vm.runInContext(after, context);
	return { window, removed, classes, log: Array.from(window.log) };
}

test("an empty page", () => {
	const { window } = page();
	assert.equal(typeof window.ga, "function");
	assert.equal(window.dataLayer.length, 0);
});

test("callbacks of dataLayer, queued and to come", () => {
	const { log, window } = page(
		"dataLayer = [{event: 'a', eventCallback: function () { log.push('queued'); }}, null, 1, 'x'];",
		"dataLayer.push({eventCallback: function () { log.push('later'); }}, {x: 1});");
	assert.deepEqual(log, ["queued", "later"]);
	assert.equal(window.dataLayer.length, 6);
});

test("gtag: event_callback and get", () => {
	const { log } = page(
		"dataLayer = []; function gtag() { dataLayer.push(arguments); }" +
		"gtag('js', new Date()); gtag('config', 'G-1'); gtag('event', 'x', {event_callback: function () { log.push('cb'); }});",
		"gtag('get', 'G-1', 'client_id', function () { log.push('get'); });" +
		"gtag('event', 'y', {event_callback: function () { log.push('cb2'); throw new Error('page'); }});" +
		"gtag('set', {event_callback: function () { log.push('set'); }});");
	assert.deepEqual(log, ["cb", "get", "cb2", "set"]);
});

test("functions in dataLayer run with something to ask", () => {
	const { log } = page("dataLayer = [function () { this.set('a', 1); this.get('a'); log.push('ran'); }];");
	assert.deepEqual(log, ["ran"]);
});

test("anti-flicker is released", () => {
	const { log, removed, classes } = page(
		"dataLayer = []; dataLayer.hide = {end: function () { log.push('end'); }};" +
		"_vwo_code = {finish: function () { log.push('vwo ' + (this === _vwo_code)); }};" +
		"kameleoonDisplayPage = function () { log.push('kameleoon'); };");
	assert.deepEqual(log, ["end", "vwo true", "kameleoon"]);
	assert.deepEqual(removed.sort(), ["_vis_opt_path_hides", "alloy-prehiding", "at-body-style"]);
	assert.deepEqual([...classes], ["other"]);
});

test("analytics.js: queue, hitCallback, ready functions, trackers", () => {
	const snippet = "GoogleAnalyticsObject = 'ga'; ga = function () { (ga.q = ga.q || []).push(arguments); };";
	const { log, window } = page(
		snippet + "ga('create', 'UA-1', 'auto'); ga(function (t) { t.get('clientId'); log.push('ready'); });" +
		"ga('send', 'event', 'a', 'b', {hitCallback: function () { log.push('hit'); }});",
		"ga('send', {hitType: 'pageview', hitCallback: function () { log.push('hit2'); }});" +
		"ga('set', 'hitCallback', function () { log.push('set'); });" +
		"ga.getAll()[0].send('pageview', {hitCallback: function () { log.push('tracker'); }}); ga.remove();");
	assert.deepEqual(log, ["ready", "hit", "hit2", "set", "tracker"]);
	assert.equal(window.ga.loaded, true);
});

test("another name for ga, and a ga that is something else", () => {
	const { log } = page("GoogleAnalyticsObject = 'meter';",
		"meter('send', {hitCallback: function () { log.push('hit'); }}); log.push(typeof ga);");
	assert.deepEqual(log, ["hit", "undefined"]);
	assert.equal(page("ga = {state: 'Georgia'};").window.ga.state, "Georgia");
});

test("ga.js links go where they lead", () => {
	const { window, log } = page("_gaq = [['_setAccount', 'UA-1'], function () { log.push('fn'); }];",
		"_gaq.push(['_link', '/next']); _gaq.push(['_linkByPost', {submit: function () { log.push('post'); }}]);");
	assert.equal(window.location.href, "/next");
	assert.deepEqual(log, ["fn", "post"]);
});

test("fbq's queue does not grow for ever", () => {
	const { window } = page(
		"fbq = function () { fbq.callMethod ? fbq.callMethod.apply(fbq, arguments) : fbq.queue.push(arguments); }; fbq.queue = [];" +
		"fbq('init', '1');", "fbq('track', 'PageView');");
	assert.equal(window.fbq.queue.length, 1);
});

test("the loader of UET may go on", () => {
	const { log } = page("uetq = [];", "var o = {q: uetq}; uetq = new UET(o); uetq.push('pageLoad'); log.push('on');");
	assert.deepEqual(log, ["on"]);
	assert.equal(page("UET = 7;").window.UET, 7);
});

test("twice on a page is once", () => {
	const { log } = page("dataLayer = [];" + source + "dataLayer.push({eventCallback: function () { log.push(1); }});");
	assert.deepEqual(log, [1]);
});

test("nothing is thrown, whatever the page has in these names", () => {
	const odd = ["null", "0", "'text'", "{}", "Object.freeze([])", "Object.freeze({})", "function () { throw new Error('x'); }",
		"{get hide() { throw new Error('x'); }, push: 1}", "[{get eventCallback() { throw new Error('x'); }}]"];
	for (const name of ["dataLayer", "ga", "_gaq", "fbq", "_vwo_code", "kameleoonDisplayPage", "GoogleAnalyticsObject"])
		for (const value of odd)
			assert.doesNotThrow(() => page(`${name} = ${value};`), `${name} = ${value}`);
});
