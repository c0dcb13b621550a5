/* bing.js: for Microsoft's UET: its loader makes uetq a new UET({ti, q}) once this is there. */
function UET(options) {
	var self = this;
	self.push = function () {
		list(arguments).forEach(function (e) {
			later(e);
			if (e && typeof e === "object") callbacks(list(e));
		});
		return 0;
	};
	list((options && options.q) || []).forEach(function (e) { run(self.push, [e]); });
}
w.UET = w.UET || UET;
if (w.uetq === undefined) w.uetq = new UET();
