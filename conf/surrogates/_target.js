/* _target.js: Adobe Target (adobe.target, mbox), the visitor id service and the Web SDK: defaults, at once. */
function visitor() {
	var v = {
		appendVisitorIDsTo: function (url) { return url; },
		appendSupplementalDataIDTo: function (url) { return url; },
		getVisitorValues: function (f) { later(f, [{}]); return {}; },
		isAllowed: function () { return false; }
	};
	methods(v, "getMarketingCloudVisitorID getAnalyticsVisitorID getAudienceManagerLocationHint " +
		"getAudienceManagerBlob getSupplementalDataID getCustomerIDs getVisitorID getOptOut",
		function (f) { later(f, [""]); return ""; });
	return methods(v, "setCustomerIDs idSyncByURL publishDestinations init setMarketingCloudVisitorID " +
		"setAnalyticsVisitorID loadSSL");
}
// The base code of the Web SDK: each global is a function with a queue of [resolve, reject, arguments].
function webSdk(name) {
	var old = w[name], none = {propositions: [], decisions: [], inferences: [], destinations: [], identity: {}};
	if (typeof old !== "function" || old.tacet) return;
	w[name] = function () { return promise(none); };
	w[name].tacet = 1;
	list(old.q || []).forEach(function (e) { run(e[0], [none]); });
}
function targetStart() {
	var adobe = w.adobe = w.adobe || {}, target = adobe.target = adobe.target || {}, names = {
		LIBRARY_LOADED: "at-library-loaded", REQUEST_START: "at-request-start", REQUEST_SUCCEEDED: "at-request-succeeded",
		REQUEST_FAILED: "at-request-failed", CONTENT_RENDERING_START: "at-content-rendering-start",
		CONTENT_RENDERING_SUCCEEDED: "at-content-rendering-succeeded",
		CONTENT_RENDERING_FAILED: "at-content-rendering-failed",
		CONTENT_RENDERING_NO_OFFERS: "at-content-rendering-no-offers",
		CONTENT_RENDERING_REDIRECT: "at-content-rendering-redirect"
	};
	function show() {
		reveal("#at-body-style,#alloy-prehiding,#mboxHide");
		each(".mboxDefault", function (e) { e.style.visibility = "visible"; });
	}
	(w.__alloyNS || ["alloy"]).forEach(webSdk);
	if (!target.tacet) {
		target.tacet = 1;
		target.event = target.event || names;
		target.VERSION = target.VERSION || "0";
		methods(target, "getOffer trackEvent", function (o) { later(o && o.success, [[]]); });
		methods(target, "getOffers", function () { return promise({execute: {pageLoad: {}, mboxes: []}, prefetch: {}}); });
		methods(target, "applyOffers", function () { return promise(); });
		methods(target, "applyOffer triggerView registerExtension sendNotifications init");
		methods(w, "mboxCreate mboxUpdate mboxDefine mboxFactoryCreate", show);
		w.Visitor = w.Visitor || visitor;
		w.Visitor.getInstance = w.Visitor.getInstance || visitor;
		later(function () {
			[names.LIBRARY_LOADED, names.REQUEST_SUCCEEDED, names.CONTENT_RENDERING_NO_OFFERS].forEach(announce);
		});
	}
	show();
}
