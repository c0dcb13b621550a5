/* meta.js: for the Meta Pixel: fbq takes every command, and its queue does not grow. */
var fbq = w.fbq;
if (fbq === undefined) {
	fbq = w.fbq = function () { callbacks(arguments); };
	fbq.push = fbq;
	fbq.version = "2.0";
}
if (w._fbq === undefined) w._fbq = fbq;
fbq.callMethod = function () { callbacks(arguments); };
list(fbq.queue || []).forEach(function (args) { callbacks(args); });
fbq.queue = [];
fbq.loaded = true;
methods(fbq, "set registerPlugin");
methods(fbq, "getState", function () { return {pixelInitializationTime: {}, pixels: []}; });
