/* linkedin.js: for the LinkedIn Insight Tag: lintrk("track", {conversion_id, commandCallback}). */
function take(args) {
	list(args).forEach(function (o) {
		later(o);
		if (o) later(o.commandCallback);
	});
}
var old = w.lintrk, waiting = (old && old.q) || [];
if (!old || typeof old === "function") {
	w.lintrk = function () { run(take, [arguments]); };
	w.lintrk.q = [];
	w.lintrk.tacet = 1;
	w._already_called_lintrk = true;
	list(waiting).forEach(function (args) { run(take, [args]); });
}
