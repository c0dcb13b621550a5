/*
 * _layer.js: the dataLayer of Google's tags. Functions in it run, with a small model of what was pushed; callbacks of
 * links, forms and shops are called, so eventTimeout never comes to matter; what the page hides is shown.
 */
// What the page pushed under this key, "a.b" inside of objects; the newest first.
function layerGet(layer, key) {
	var path = String(key).split("."), i, k, at;
	for (i = layer.length - 1; i >= 0; i--) {
		at = layer[i];
		for (k = 0; k < path.length && at !== null && at !== undefined; k++) at = at[path[k]];
		if (at !== undefined && at !== null) return at;
	}
}
function layerModel(layer) {
	return {
		name: "dataLayer",
		get: function (key) { return layerGet(layer, key); },
		set: function (key, value) {
			var o = {};
			o[key] = value;
			layer.push(o);
		},
		reset: noop
	};
}
// {event, eventCallback}, function () {}, or the arguments of gtag(): event, config, set, get
function layerTake(layer, e, id) {
	if (typeof e === "function") return run(e, [], layerModel(layer));
	later(e.eventCallback, [id]);
	[e[1], e[2]].forEach(function (o) {
		if (o) later(o.event_callback, [id]);
	});
	if (e[0] === "get") later(e[3], [""]);
}
function layerStart(id) {
	var layer = queue(parameter("l") || "dataLayer");
	run(drain, [layer, function (e) { layerTake(layer, e, id); }]);
	if (layer.hide) run(layer.hide.end, [], layer.hide);
	d.documentElement.classList.remove("async-hide");
	return layer;
}
