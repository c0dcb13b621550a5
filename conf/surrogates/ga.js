/* ga.js: for Google's ga.js and dc.js: _gaq, _gat and page trackers; links through _link lead where they lead. */
var all = {}, names = "_trackPageview _trackEvent _trackTrans _trackSocial _trackTiming _trackPageLoadTime _addItem " +
	"_addTrans _addIgnoredOrganic _addIgnoredRef _addOrganic _clearIgnoredOrganic _clearIgnoredRef _clearOrganic " +
	"_addDevId _cookiePathCopy _deleteCustomVar _initData _require _sendXEvent _setAccount _setAllowAnchor " +
	"_setAllowHash _setAllowLinker _setAutoTrackOutbound _setCampContentKey _setCampIdKey _setCampMediumKey " +
	"_setCampNameKey _setCampNOKey _setCampSourceKey _setCampTermKey _setCampaignCookieTimeout _setCampaignTrack " +
	"_setClientInfo _setCookiePath _setCookiePersistence _setCookieTimeout _setCustomVar _setDetectFlash " +
	"_setDetectTitle _setDomainName _setHrefExamined _setLocalGifPath _setLocalRemoteServerMode _setLocalServerMode " +
	"_setMaxCustomVariables _setNamespace _setPageGroup _setReferrerOverride _setRemoteServerMode _setSampleRate " +
	"_setSessionTimeout _setSiteSpeedSampleRate _setSessionCookieTimeout _setTrans _setTransactionDelim " +
	"_setTrackOutbound _setVar _setVisitorCookieTimeout _storeGif _visitCode _setXKey _setXValue _clearXKey " +
	"_clearXValue _createXObj _createEventTracker _linkByPost _anonymizeIp _forceSSL";
function tracker(name) {
	var t = all[name] = all[name] || methods({
		_getName: function () { return name; },
		_getLinkerUrl: function (url) { return url; },
		_link: function (url) { w.location.href = url; }
	}, names);
	return methods(t, "_getAccount _getVersion _getVisitorCustomVar _getClientInfo _getDetectFlash _getDetectTitle " +
		"_getLocalGifPath _getServiceMode", empty);
}
// function () {}, ["_method", ...], ["name._method", ...], ["_gat._method", ...]
function take(e) {
	var dot, t;
	if (typeof e === "function") return run(e);
	dot = String(e[0]).lastIndexOf(".");
	t = tracker(dot > 0 ? e[0].slice(0, dot) : "");
	run(t[String(e[0]).slice(dot + 1)], list(e).slice(1), t);
}
var gaq = drain(queue("_gaq"), take), gat = w._gat = w._gat || {};
function made(id, name) { return tracker(name || ""); }
function named(name) { return tracker(name || ""); }
gaq._createAsyncTracker = made;
gaq._getAsyncTracker = named;
methods(gat, "_createTracker _getTracker", made);
methods(gat, "_getTrackerByName", named);
methods(gat, "_getTrackers", function () { return Object.keys(all).map(tracker); });
methods(gat, "_anonymizeIp _forceSSL _getPlugin");
