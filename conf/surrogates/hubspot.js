/*
 * hubspot.js: for HubSpot's tracking code (hs-scripts.com, hs-analytics.net): _hsq and _hsp. Who asks about consent is
 * told that there is none; who asks about the visitor, that nothing is known. Forms come from another script.
 */
var nobody = ["", "", ""], consent = {
	allowed: false, categories: {necessary: true, analytics: false, advertisement: false, functionality: false}
};
// function () {}, ["addPrivacyConsentListener", f], ["addIdentityListener", f], ["trackPageView"] ...
function take(e) {
	if (typeof e === "function") return run(e);
	callbacks(list(e).slice(1), /consent/i.test(e[0]) ? [consent] : nobody);
}
drain(queue("_hsq"), take);
drain(queue("_hsp"), take);
