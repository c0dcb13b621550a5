/* twitter.js: for the X (Twitter) Pixel: twq, and the older twttr.conversion. */
var twq = w.twq, waiting;
function take() { run(callbacks, [arguments]); }
if (twq === undefined) {
	twq = w.twq = take;
	twq.version = "1.1";
}
twq.exe = take;
waiting = twq.queue || [];
twq.queue = [];
list(waiting).forEach(function (args) { run(callbacks, [args]); });
w.twttr = w.twttr || {};
methods(w.twttr.conversion = w.twttr.conversion || {}, "trackPid");
