/*
 * paq.js: for Matomo and Piwik: _paq, Matomo.getTracker and getAsyncTracker. Functions in the queue run, callbacks
 * are called; who asks is told that the visitor has opted out.
 */
var names = "trackPageView trackEvent trackGoal trackLink trackSiteSearch trackRequest trackContentImpression " +
	"trackContentImpressionsWithinNode trackContentInteraction trackContentInteractionNode trackAllContentImpressions " +
	"trackVisibleContentImpressions trackEcommerceOrder trackEcommerceCartUpdate ping logAllContentBlocksOnPage " +
	"addEcommerceItem removeEcommerceItem clearEcommerceCart setEcommerceView addListener addPlugin addDownloadExtensions " +
	"removeDownloadExtensions enableLinkTracking enableHeartBeatTimer disableHeartBeatTimer enableJSErrorTracking " +
	"enableCrossDomainLinking disableCrossDomainLinking enableBrowserFeatureDetection disableBrowserFeatureDetection " +
	"enableFileTracking disableCookies setCookieConsentGiven rememberCookieConsentGiven forgetCookieConsentGiven " +
	"requireCookieConsent requireConsent setConsentGiven rememberConsentGiven forgetConsentGiven optUserOut " +
	"forgetUserOptOut killFrame redirectFile deleteCookies deleteCookie setCookie resetUserId appendToTrackingUrl " +
	"disablePerformanceTracking setPagePerformanceTiming queueRequest disableQueueRequest deleteCustomVariable " +
	"deleteCustomVariables storeCustomVariablesInCookie deleteCustomDimension disableAlwaysUseSendBeacon " +
	"alwaysUseSendBeacon disableCampaignParameters setUserOptOut setTrackerUrl setSiteId setUserId setVisitorId " +
	"setDocumentTitle setCustomUrl setReferrerUrl setDomains setCookieDomain setCookiePath setCookieNamePrefix " +
	"setSecureCookie setCookieSameSite setCustomVariable setCustomDimension setCustomData setDoNotTrack " +
	"setLinkTrackingTimer setRequestMethod setRequestContentType setCustomRequestProcessing setGenerationTimeMs " +
	"setVisitorCookieTimeout setSessionCookieTimeout setReferralCookieTimeout setConversionAttributionFirstReferrer " +
	"setHeartBeatTimer setIgnoreClasses setLinkClasses setDownloadClasses setDownloadExtensions setCountPreRendered " +
	"setAPIUrl setPageViewId setExcludedQueryParams setExcludedReferrers discardHashTag setRequestQueueInterval";
function refuse() { return false; }
function tracker() {
	var t = {};
	names.split(" ").forEach(function (name) { t[name] = function () { callbacks(arguments); }; });
	methods(t, "getVisitorId getUserId getTrackerUrl getMatomoUrl getPiwikUrl getSiteId getCurrentUrl getPageViewId " +
		"getAttributionCampaignName getAttributionCampaignKeyword getAttributionReferrerUrl getCookieName " +
		"getCustomVariable getCustomDimension getCustomData getRememberedConsent getCookiePath " +
		"getCrossDomainLinkingUrlParameter getRequest getCookieDomain", empty);
	methods(t, "hasCookies hasConsent hasRememberedConsent areCookiesEnabled isConsentRequired", refuse);
	t.isUserOptedOut = function () { return true; };
	t.getVisitorInfo = t.getAttributionInfo = function () { return ["", "", "", "", "", "", ""]; };
	t.getEcommerceItems = function () { return {}; };
	return t;
}
var first = tracker(), matomo = w.Matomo || w.Piwik || {};
// [function () {}, ...], ["method", ...], ["Name::method", ...]
function take(e) {
	if (typeof e === "function") return run(e, [], first);
	if (typeof e[0] === "function") return run(e[0], list(e).slice(1), first);
	run(first[String(e[0]).split("::").pop()], list(e).slice(1), first);
}
if (!matomo.tacet) {
	matomo.tacet = matomo.initialized = true;
	methods(matomo, "getTracker", tracker);
	methods(matomo, "getAsyncTracker addTracker", function () { return first; });
	methods(matomo, "getAsyncTrackers", function () { return [first]; });
	methods(matomo, "on off trigger addPlugin disableDefaultTracker retryMissedPluginCalls");
	matomo.DOM = matomo.DOM || {onReady: later, onLoad: later, addEventListener: noop};
	matomo.JSON = w.JSON;
	w.Matomo = w.Piwik = matomo;
	w.AnalyticsTracker = w.AnalyticsTracker || matomo;
	run(w.matomoAsyncInit);
	run(w.piwikAsyncInit);
	drain(queue("_paq"), take);
}
