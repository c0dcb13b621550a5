/*
 * gtm.js: for Google Tag Manager and Optimize: dataLayer, google_tag_manager, and the ga that containers bring along.
 */
//+ _layer.js
//+ _ga.js
var id = parameter("id") || "GTM-0", manager = w.google_tag_manager = w.google_tag_manager || {}, layer = layerStart(id);
manager.dataLayer = manager.dataLayer || layerModel(layer);
manager[id] = manager[id] || {dataLayer: layerModel(layer), callback: noop};
w.google_tag_data = w.google_tag_data || {};
methods(w.google_optimize = w.google_optimize || {}, "get");
if (!w.ga && !w.GoogleAnalyticsObject) gaStart();
