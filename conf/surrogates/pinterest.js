/* pinterest.js: for the Pinterest Tag: pintrk("track", "lead", {}, function (didInit, error) {}). */
var old = w.pintrk;
function take(args) { callbacks(args, [true]); }
function pintrk() { run(take, [arguments]); }
if (!old || (typeof old === "function" && !old.tacet)) {
	w.pintrk = pintrk;
	pintrk.tacet = 1;
	pintrk.queue = [];
	pintrk.version = (old && old.version) || "3.0";
	list((old && old.queue) || []).forEach(function (args) { run(take, [args]); });
}
