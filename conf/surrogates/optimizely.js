/*
 * optimizely.js: for Optimizely: no experiment runs, the page is the original. Listeners of the life cycle are called,
 * since some pages stay hidden until then.
 */
function none() { return {}; }
function element(selector) { return promise(d.querySelector(selector)); }
var parts = {
	state: {
		getActivationId: empty, getActiveExperimentIds: function () { return []; }, getVariationMap: none,
		getCampaignStates: none, getExperimentStates: none, getPageStates: none, getDecisionObject: noop,
		getDecisionString: noop, getRedirectInfo: function () { return null; }, isActive: function () { return false; }
	},
	data: {accountId: "", projectId: "", revision: "0", campaigns: {}, experiments: {}, pages: {}, events: {}, audiences: {}},
	visitor: {visitorId: "", custom: {}, attributes: {}},
	visitor_id: {randomId: ""},
	utils: {
		waitForElement: element, observeSelector: function () { return noop; }, poll: function () { return noop; },
		waitUntil: function (test) { return promise(run(test)); }, Promise: w.Promise
	},
	session: {},
	behavior: {query: function () { return []; }},
	dcp: {}
}, called = {initialized: 1, activated: 1, originalsActivated: 1, onload: 1};
// {type: "addListener", filter: {type, name}, handler}, ["activate", ...], function () {}
function take(e) {
	var filter = e.filter || {};
	if (typeof e === "function") return run(e);
	if (e.type === "addListener" && (filter.type || "lifecycle") === "lifecycle" && (!filter.name || called[filter.name]))
		later(e.handler, [{type: "lifecycle", name: filter.name || "initialized", data: {}}]);
	callbacks(list(e));
}
var optimizely = drain(queue("optimizely"), take);
optimizely.get = function (name) { return parts[name]; };
optimizely.initialized = true;
methods(optimizely, "getAccountId getProjectId getVisitorId getRevision", empty);
methods(optimizely, "data", none);
