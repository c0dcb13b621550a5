/* tiktok.js: for the TikTok Pixel: ttq takes every call, ttq.ready answers. */
var names = "page track identify instances debug on off once alias group enableCookie disableCookie holdConsent " +
	"revokeConsent grantConsent load setUserProperties setAnonymousId", name = w.TiktokAnalyticsObject || "ttq";
function take(e) { if (e && e[0] === "ready") callbacks(e); }
function accept(o) {
	names.split(" ").forEach(function (method) { o[method] = noop; });
	o.ready = function (f) { later(f); };
	o.instance = function () { return accept({}); };
	return o;
}
accept(drain(queue(name), take));
