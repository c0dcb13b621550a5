/*
 * amplitude.js: for Amplitude's snippet of old, amplitude.getInstance().logEvent(name, properties, callback), and the one
 * of now, amplitude.track(name).promise. What was queued is done, callbacks run, promises are kept.
 */
var names = "setUserId setDeviceId setSessionId setOptOut setGroup setUserProperties clearUserProperties setVersionName " +
	"setDomain setTransport setLibrary setServerUrl setServerZone setMinTimeBetweenSessionsMillis setEventUploadThreshold " +
	"setUseDynamicConfig enableTracking regenerateDeviceId reset flush identify groupIdentify revenue add remove track " +
	"logEvent logEventWithTimestamp logEventWithGroups sendEvents logRevenue logRevenueV2 extendSession init";
function result() { return {code: 200, message: "", event: {}}; }
// Callbacks are anywhere among the arguments: (code, message, details), or of init: (instance).
function call(o, name, args) {
	callbacks(args, name === "init" ? [o] : [200, "success", {}]);
	return {promise: promise(result())};
}
function builder() {
	var b = this;
	methods(b, "set setOnce unset add append prepend preInsert postInsert remove clearAll setProductId setPrice setQuantity " +
		"setRevenueType setEventProperties setReceipt setRevenue setCurrency", function () { return b; });
}
function accept(o, queued) {
	names.split(" ").forEach(function (name) {
		o[name] = function () { return call(o, name, arguments); };
	});
	o.onInit = function (f) { later(f, [o]); };
	["getUserId", "getDeviceId", "getSessionId"].forEach(function (name) { o[name] = noop; });
	o.getOptOut = o.isNewSession = function () { return false; };
	o.Identify = o.Revenue = builder;
	o.runQueuedFunctions = noop;
	// [name, argument ...] of old, {name, args, resolve} now
	list(queued || []).forEach(function (e) {
		var name = e && (e.name || e[0]);
		run(o[name], e && (e.args || list(e).slice(1)), o);
		if (e) run(e.resolve, [result()]);
	});
	o._q = {push: noop};
	return o;
}
function start(a) {
	var made = {}, waiting = a._iq || {};
	a.getInstance = function (name) {
		name = String(name || "$default_instance").toLowerCase();
		return made[name] = made[name] || accept(waiting[name] || {}, (waiting[name] || {})._q);
	};
	accept(a, a._q);
	Object.keys(waiting).forEach(a.getInstance);
	a.createInstance = function () { return accept({}); };
	a.sessionReplay = a.engagement = {plugin: function () { return {}; }, boot: noop};
	a.tacet = 1;
}
if (w.amplitude === undefined || (w.amplitude && typeof w.amplitude === "object" && !w.amplitude.tacet)) start(w.amplitude = w.amplitude || {});
