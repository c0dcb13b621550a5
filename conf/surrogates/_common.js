/*
 * _common.js: what the surrogates share. mkembed puts it in front of each, inside one function of w (window) and
 * d (document), and catches what is thrown there. ES5. Nothing here sends or stores anything.
 */
function noop() {}
function empty() { return ""; }
function list(args) { return [].slice.call(args); }
// Calls what may be a function of the page's. What it throws is its own affair.
function run(f, args, self) {
	try {
		if (typeof f === "function") return f.apply(self || w, args || []);
	} catch (e) {}
}
// The same when the script that asked for it has ended, as the vendor's answer would come.
function later(f, args, self) {
	if (typeof f === "function") w.setTimeout(function () { run(f, args, self); }, 0);
}
function callbacks(args, values) {
	list(args).forEach(function (f) { later(f, values); });
}
// A promise, or in old browsers what acts like one, of value.
function promise(value) {
	if (w.Promise) return w.Promise.resolve(value);
	return {
		then: function (f) { later(f, [value]); return this; },
		"catch": function () { return this; }
	};
}
// Gives o a function for each of the names that it has none for.
function methods(o, names, f) {
	names.split(" ").forEach(function (name) {
		if (typeof o[name] !== "function") o[name] = f || noop;
	});
	return o;
}
// Calls take(item) for what the queue holds and for all that is pushed later; once for each queue.
function drain(queue, take) {
	var push = queue.push;
	if (queue.tacet) return queue;
	queue.tacet = 1;
	queue.push = function () {
		var n = push.apply(queue, arguments);
		list(arguments).forEach(function (item) { run(take, [item]); });
		return n;
	};
	list(queue).forEach(function (item) { run(take, [item]); });
	return queue;
}
// The queue in a global; an empty one where there is none.
function queue(name) {
	return w[name] = w[name] || [];
}
// A parameter of this script's own address, which a loader may have put there.
function parameter(name) {
	var s = d.currentScript, m = s && new RegExp("[?&]" + name + "=([\\w-]+)").exec(s.src);
	return m ? m[1] : "";
}
// Calls f for each element of the selector.
function each(selector, f) {
	list(d.querySelectorAll(selector)).forEach(f);
}
// Takes away the styles that hide a page until the vendor's script is there.
function reveal(selector) {
	each(selector, function (s) { s.parentNode.removeChild(s); });
}
// An event on the document that pages of this vendor's listen for.
function announce(name) {
	run(function () { d.dispatchEvent(new w.CustomEvent(name, {detail: {}})); });
}
