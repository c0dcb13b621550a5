/*
 * signal.js: first in the head of a page whose visitor said no: code that asks for Global Privacy Control hears it, also
 * where the no was said to us and not by the browser. Then Google's consent mode, for what is kept. The word in capitals
 * stands for whether measurements are refused as well.
 */
var w = window, d = document;
try {
	if (navigator.globalPrivacyControl !== true)
		Object.defineProperty(Navigator.prototype, 'globalPrivacyControl',
			{get: function () { return true; }, enumerable: true, configurable: true});
} catch (e) {}
function tag() { w.dataLayer.push(arguments); }
try {
	w.dataLayer = w.dataLayer || [];
	tag('consent', 'default', {ad_storage: 'denied', ad_user_data: 'denied', ad_personalization: 'denied'ANALYTICS});
	tag('set', 'ads_data_redaction', true);
} catch (e) {}
