/* clarity.js: for Microsoft Clarity: clarity("set", ...), clarity("metadata", callback), clarity("identify") promises. */
var old = w.clarity;
function clarity(verb) {
	run(callbacks, [arguments, [{}, {}, {}]]);
	return verb === "identify" ? promise({}) : undefined;
}
if (!old || (typeof old === "function" && !old.tacet)) {
	w.clarity = clarity;
	clarity.tacet = 1;
	clarity.q = [];
	clarity.v = "0";
	list((old && old.q) || []).forEach(function (args) { run(clarity, args); });
}
