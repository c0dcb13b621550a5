/* google-tag.js: for gtag/js (GA4, Ads, Floodlight): event_callback, gtag("get", ...) and all that dataLayer is used for. */
//+ _layer.js
var layer = layerStart(parameter("id"));
if (w.gtag === undefined)
	w.gtag = function () { layer.push(arguments); };
w.google_tag_data = w.google_tag_data || {};
