/* analytics.js: for Google's analytics.js: ga and its queue, trackers, plug-ins, links between a site's domains. */
//+ _ga.js
function same(url) { return typeof url === "string" ? url : ""; }
function Linker() {}
var plugins = w.gaplugins = w.gaplugins || {}, data = w.google_tag_data = w.google_tag_data || {};
Linker.prototype.decorate = same;
methods(Linker.prototype, "autoLink passthrough");
plugins.Linker = plugins.Linker || Linker;
w.gaGlobal = w.gaGlobal || {};
data.glBridge = data.glBridge || {auto: noop, passthrough: noop, decorate: function (a, url) { return same(url); },
	generate: empty, get: function () { return {}; }};
gaStart();
if (w.dataLayer && w.dataLayer.hide) run(w.dataLayer.hide.end);
d.documentElement.classList.remove("async-hide");
