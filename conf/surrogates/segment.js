/*
 * segment.js: for Segment's analytics.js and RudderStack, which has the same methods. What was queued is done; calls
 * return promises, callbacks run, ready and on answer; links and forms are the browser's own affair.
 */
var chained = "trackLink trackSubmit trackClick trackForm pageview reset debug once on off addSourceMiddleware " +
	"addIntegrationMiddleware addDestinationMiddleware setAnonymousId timeout use addIntegration load init " +
	"startSession endSession consent";
function person() {
	return {id: noop, anonymousId: empty, traits: function () { return {}; }, logout: noop, reset: noop};
}
function make(old) {
	var a = {VERSION: "0", initialized: true, invoked: true, options: {}, tacet: 1}, listeners = {};
	function listen(name, f) {
		(listeners[name] = listeners[name] || []).push(f);
		if (name === "ready") later(f);
		return a;
	}
	function emit(name, args) {
		(listeners[name] || []).forEach(function (f) { later(f, args); });
		return a;
	}
	a.on = listen;
	a.once = function (name, f) {
		return listen(name, function () {
			var own = f;
			f = null;
			run(own, arguments);
		});
	};
	a.off = function (name) { delete listeners[name]; return a; };
	a.emit = function (name) { return emit(name, list(arguments).slice(1)); };
	a.ready = function (f) { later(f); return promise(); };
	"track page screen identify group alias register deregister".split(" ").forEach(function (name) {
		a[name] = function () {
			var args = list(arguments), done = {event: {type: name}, attempts: 0, logs: noop};
			if (name === "group" && args.length === 0) return person();
			callbacks(args, [done]);
			emit(name, args);
			return promise(done);
		};
	});
	methods(a, chained, function () { return a; });
	a.user = person;
	a.initialize = function () { return promise(a); };
	methods(a, "getAnonymousId getUserId getSessionId getGroupId", empty);
	methods(a, "getUserTraits getGroupTraits", function () { return {}; });
	list(old).forEach(function (e) { run(a[e[0]], list(e).slice(1), a); });
	a.push = function (e) { run(a[e[0]], list(e).slice(1), a); };
	return a;
}
var script = d.currentScript, key = (script && script.getAttribute("data-global-segment-analytics-key")) || "analytics";
[key, "rudderanalytics", "reb2b"].forEach(function (name) {
	var old = w[name];
	if (Array.isArray(old) || (name === key && old === undefined)) w[name] = make(old || []);
});
