/* _ga.js: the command queue of analytics.js: ga("send", ..., {hitCallback}), ga(function (tracker) {}), trackers. */
function gaTracker(name, id) {
	var fields = {name: name, trackingId: id}, t = {
		get: function (key) { return fields[key] !== undefined ? fields[key] : ""; },
		set: function (key, value) {
			if (typeof key === "string") fields[key] = value;
			else for (var k in key) fields[k] = key[k];
		},
		send: function () {
			var callback = fields.hitCallback;
			list(arguments).forEach(function (o) {
				if (o && o.hitCallback) callback = o.hitCallback;
			});
			later(callback);
		}
	};
	return methods(t, "require provide");
}
function gaStart() {
	var name = w.GoogleAnalyticsObject || "ga", old = w[name], trackers = {};
	function find(key) {
		return trackers[key] = trackers[key] || gaTracker(key, "");
	}
	// ("create", id, cookies, name or {name}), ("name.set", ...), (function (tracker) {})
	function command() {
		var args = list(arguments), verb = args.shift(), dot, o;
		if (typeof verb === "function") return run(verb, [find("t0")], w[name]);
		dot = String(verb).lastIndexOf(".");
		if (verb === "create") {
			o = args[args.length - 1];
			o = (o && o.name) || (args.length > 2 && typeof args[2] === "string" && args[2]) || "t0";
			return trackers[o] = gaTracker(o, args[0]);
		}
		o = find(dot > 0 ? verb.slice(0, dot) : "t0");
		run(o[String(verb).slice(dot + 1)], args, o);
	}
	function ga() { run(command, arguments); }
	if (old && (old.tacet || typeof old !== "function")) return;
	w[name] = ga;
	ga.tacet = ga.loaded = true;
	ga.l = old && old.l;
	ga.q = [];
	ga.create = function () { return command.apply(w, ["create"].concat(list(arguments))); };
	ga.getByName = find;
	ga.getAll = function () {
		find("t0");
		return Object.keys(trackers).map(find);
	};
	ga.remove = function (key) { delete trackers[key || "t0"]; };
	list((old && old.q) || []).forEach(function (args) { run(command, args); });
}
