/*
 * slots.js: for Google Publisher Tag. Commands run, slots can be defined and asked, and each that is shown says that it
 * has come back empty, so that pages which wait for an ad, or close its gap, go on.
 */
var old = w.googletag, ready = old && old.apiReady, slots = [], heard = {}, service;
var chained = "addService defineSizeMapping setCollapseEmptyDiv setForceSafeFrame setSafeFrameConfig setClickUrl " +
	"setCategoryExclusion clearCategoryExclusions clearTargeting updateTargetingFromMap set setConfig " +
	"setPrivacySettings setRequestNonPersonalizedAds setCookieOptions setTagForChildDirectedTreatment " +
	"setTagForUnderAgeOfConsent setLocation setPublisherProvidedId setCentering setVideoContent setRefreshUnfilledSlots " +
	"enableLazyLoad enableSingleRequest enableAsyncRendering enableSyncRendering enableVideoAds disableInitialLoad " +
	"collapseEmptyDivs clear clearSlotTargeting";
function targeted(o) {
	var values = {}, given = {};
	methods(o, chained, function () { return o; });
	o.setTargeting = function (key, value) { values[key] = [].concat(value); return o; };
	o.getTargeting = function (key) { return values[key] || []; };
	o.getTargetingKeys = function () { return Object.keys(values); };
	o.set = function (key, value) { given[key] = value; return o; };
	o.get = function (key) { return given[key] === undefined ? null : given[key]; };
	return methods(o, "getAttributeKeys getCategoryExclusions getSizes", function () { return []; });
}
function slot(path, size, id) {
	var s = targeted({
		getAdUnitPath: function () { return path; },
		getSlotElementId: function () { return id; },
		getSlotId: function () { return {getId: function () { return path; }, getDomId: function () { return id; }, toString: function () { return path; }}; },
		getResponseInformation: function () { return null; },
		getServices: function () { return [service]; }
	});
	slots.push(s);
	return s;
}
function emit(name, s) {
	(heard[name] || []).forEach(function (f) { later(f, [{serviceName: "publisher_ads", slot: s, isEmpty: true, size: null}]); });
}
function answer(s) {
	["slotRequested", "slotResponseReceived", "slotRenderEnded"].forEach(function (name) { emit(name, s); });
}
function display(what) {
	slots.forEach(function (s) {
		if (s === what || s.getSlotElementId() === (what && what.id || what)) answer(s);
	});
}
function mapping() {
	var sizes = [], m = {addSize: function (port, size) { sizes.push([port, size]); return m; }, build: function () { return sizes; }};
	return m;
}
function start(g) {
	service = targeted({
		addEventListener: function (name, f) { (heard[name] = heard[name] || []).push(f); return service; },
		removeEventListener: function (name, f) {
			heard[name] = (heard[name] || []).filter(function (one) { return one !== f; });
		},
		refresh: function (some) { (some || slots).forEach(answer); },
		getSlots: function () { return slots.slice(); },
		getName: function () { return "publisher_ads"; },
		isInitialLoadDisabled: function () { return false; },
		updateCorrelator: noop
	});
	g.defineSlot = slot;
	g.defineOutOfPageSlot = function (path, id) { return slot(path, null, id); };
	g.display = display;
	g.sizeMapping = mapping;
	g.pubads = g.companionAds = g.content = function () { return service; };
	g.destroySlots = function (some) {
		slots = some ? slots.filter(function (s) { return some.indexOf(s) < 0; }) : [];
		return true;
	};
	methods(g, "enableServices disablePublisherConsole openConsole setAdIframeTitle setConfig");
	methods(g, "getVersion", empty);
	g.getConfig = function () { return {}; };
	g.enums = {OutOfPageFormat: {TOP_ANCHOR: 2, BOTTOM_ANCHOR: 3, REWARDED: 4, INTERSTITIAL: 5, GAME_MANUAL_INTERSTITIAL: 7, LEFT_SIDE_RAIL: 8,
		RIGHT_SIDE_RAIL: 9}, TrafficSource: {ORGANIC: 0, PURCHASED: 1}};
	g.secureSignalProviders = {push: noop, clearAllCache: noop};
	g.apiReady = g.pubadsReady = true;
	g.cmd = drain(Array.isArray(g.cmd) ? g.cmd : [], function (f) { run(f, [], g); });
}
if (!ready) start(w.googletag = old && typeof old === "object" ? old : {});
