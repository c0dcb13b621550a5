/* hotjar.js: for Hotjar: hj("event", ...), hj("identify", ...); whatever waits for it goes on. */
var old = w.hj;
function hj() { run(callbacks, [arguments]); }
if (!old || (typeof old === "function" && !old.tacet)) {
	w.hj = hj;
	hj.tacet = 1;
	hj.q = [];
	hj.globals = {get: noop, set: noop};
	list((old && old.q) || []).forEach(function (args) { run(callbacks, [args]); });
	w.hjBootstrap = w.hjBootstrap || noop;
	w.hjSiteSettings = w.hjSiteSettings || {};
}
