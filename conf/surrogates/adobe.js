/*
 * adobe.js: for Adobe's Launch and DTM (_satellite) and what they bring along: AppMeasurement (s.t, s.tl), Target,
 * the visitor id service and the Web SDK (alloy).
 */
//+ _target.js
function nothing() { return undefined; }
// s.tl(link or true, type, name, overrides, "navigate" or function): what the link waits for happens.
function report(after, link, done) {
	after.forEach(function (c) { later(c[0], [""].concat(c.slice(1))); });
	if (typeof done === "function") later(done);
	else if (done === "navigate" && link && link.href) w.location.href = link.href;
}
function AppMeasurement(account) {
	var s = this, after = [];
	s.account = account || w.s_account || "";
	s.version = "0";
	s.t = s.track = function () { report(after); return ""; };
	s.tl = s.trackLink = function (link, type, name, overrides, done) { report(after, link, done); return ""; };
	s.registerPostTrackCallback = function () { after.push(list(arguments)); };
	s.Util = {getQueryParam: empty, cookieRead: empty, cookieWrite: noop, getIeVersion: nothing};
	s.Media = methods({}, "open play stop close complete click monitor track setup autoTrack");
	methods(s, "sa clearVars manageVars registerPreTrackCallback loadModule addEventListener callModuleMethod setAccount " +
		"hasDoneActions linkHandler");
	methods(s, "c_r c_w getVisitorID getQueryParam", empty);
}
function getTracker(account) { return new AppMeasurement(account); }
var launch = w._satellite = w._satellite || {};
methods(launch, "track pageBottom setVar setDebug notify setCookie removeCookie initialize");
methods(launch, "getVar getVisitorId readCookie dataElement", nothing);
launch.cookie = launch.cookie || {get: nothing, set: noop, remove: noop};
launch.logger = launch.logger || methods({}, "log info warn error debug deprecation");
launch.buildInfo = launch.buildInfo || {environment: "production", minified: true};
launch.environment = launch.environment || {stage: "production"};
launch.property = launch.property || {settings: {}};
launch.company = launch.company || {};
launch._container = launch._container || {};
w.AppMeasurement = w.AppMeasurement || AppMeasurement;
w.s_gi = w.s_gi || getTracker;
if (w.s === undefined) w.s = getTracker();
targetStart();
