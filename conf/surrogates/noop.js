/*
 * noop.js: stands in for a tag that was taken out of the page (gtm.js, gtag/js, analytics.js, fbevents.js ...).
 *
 * It sends nothing and stores nothing. It lets the page go on: what was hidden until the tag answers is shown, and
 * callbacks that links, forms and shops wait for are called, those queued so far and those to come. ES5 for old
 * browsers; whatever a page has in these names, nothing is thrown into it.
 */
(function (w, d) {
	"use strict";
	function noop() {}
	function run(f, a, self) {
		try {
			if (typeof f === "function") f.call(self || w, a);
		} catch (e) {}
	}
	function remove(s) {
		s.parentNode.removeChild(s);
	}
	// Calls each(item) for what a queue holds and for all that is pushed later.
	function drain(name, each) {
		var queue = w[name] = w[name] || [], push = queue.push;
		if (queue.tacet) return;
		queue.tacet = 1;
		queue.push = function () {
			var r = push.apply(queue, arguments), i;
			for (i = 0; i < arguments.length; i++) run(each, arguments[i]);
			return r;
		};
		[].forEach.call(queue, function (item) { run(each, item); });
	}
	// dataLayer.push({eventCallback}), gtag("event", name, {event_callback}), gtag("get", id, name, callback)
	function layer(e) {
		run(e, 0, {get: noop, set: noop, reset: noop});
		run(e.eventCallback, "");
		run((e[2] || e[1] || 0).event_callback, "");
		if (e[0] === "get") run(e[3]);
	}
	// ga("send", ..., {hitCallback}), ga(function (tracker) {})
	function command(a) {
		run(a[0], tracker);
		[].forEach.call(a, function (o, i) {
			if (o) run(o.hitCallback);
			if (o === "hitCallback") run(a[i + 1]);
		});
	}
	function ga() { run(command, arguments); }
	var tracker = {get: noop, set: ga, send: ga};
	run(function () {
		drain("dataLayer", layer);
		run(w.dataLayer.hide.end);
	});
	run(function () {
		var name = w.GoogleAnalyticsObject || "ga", old = w[name];
		if (old && (old.loaded || typeof old !== "function")) return;
		w[name] = ga;
		ga.create = ga.getByName = function () { return tracker; };
		ga.getAll = function () { return [tracker]; };
		ga.remove = noop;
		ga.loaded = true;
		if (old && old.q) [].forEach.call(old.q, function (a) { run(command, a); });
	});
	run(function () {
		drain("_gaq", function (e) {
			run(e);
			if (e[0] === "_link") w.location.href = e[1];
			if (e[0] === "_linkByPost") e[1].submit();
		});
	});
	run(function () {
		if (!w.fbq.callMethod) w.fbq.callMethod = noop;
	});
	run(function () {
		if (w.UET === undefined) w.UET = function () { this.push = noop; };
	});
	run(function () {
		w._vwo_code.finish();
	});
	run(w.kameleoonDisplayPage);
	run(function () {
		[].forEach.call(d.querySelectorAll("#_vis_opt_path_hides,#at-body-style,#alloy-prehiding," +
			"#kameleoonLoadingStyleSheet,style[id^=chartbeat-flicker-control]"), remove);
		d.documentElement.classList.remove("async-hide");
	});
})(window, document);
