/*
 * vwo.js: for VWO: the page that its code hides is shown, what waits for it runs, and no variation is applied.
 */
var code = w._vwo_code, hidden = "#_vis_opt_path_hides,#_vwo_hides";
if (code) run(code.finish, [], code);
reveal(hidden);
drain(queue("_vis_opt_queue"), function (f) { later(f); });
// function () {}, ["activate", ...], ["onEventReceive", "event", f] ...
drain(queue("VWO"), function (e) {
	if (typeof e === "function") later(e);
	else if (e[0] !== "onVariationApplied" && e[0] !== "onEventReceive") callbacks(e);
});
methods(w.VWO, "event visitor");
methods(w, "_vis_opt_goal_conversion _vis_opt_revenue_conversion _vis_opt_register_conversion _vis_opt_pause " +
	"_vis_opt_top_initialize _vis_opt_bottom_initialize");
w._vwo_exp_ids = w._vwo_exp_ids || [];
w._vwo_exp = w._vwo_exp || {};
