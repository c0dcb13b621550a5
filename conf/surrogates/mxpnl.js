/*
 * mxpnl.js: for Mixpanel. What was queued is done and callbacks run, loaded among them; nobody is known, and everybody
 * has opted out.
 */
var plain = "identify alias register register_once unregister reset disable time_event track_links track_forms " +
	"set_config set_group add_group remove_group opt_in_tracking opt_out_tracking clear_opt_in_out_tracking " +
	"start_batch_senders start_session_recording stop_session_recording name_tag";
var people = "set set_once unset increment append union remove track_charge clear_charges delete_user";
// They take a callback as their last argument.
function answered() { callbacks(arguments, [1]); }
function give(o, names, f) {
	names.split(" ").forEach(function (name) { o[name] = f; });
	return o;
}
// A queue takes calls as [name, argument ...] also after this.
function accept(o) {
	if (typeof o.push === "function" && !o.tacet)
		drain(o, function (e) { run(o[e[0]], list(e).slice(1), o); });
	return o;
}
function instance(o, config) {
	give(o, plain, noop);
	give(o, "track track_pageview track_with_groups", answered);
	give(o, "get_distinct_id", empty);
	give(o, "get_property get_session_recording_properties", noop);
	give(o, "has_opted_in_tracking", function () { return false; });
	give(o, "has_opted_out_tracking", function () { return true; });
	o.get_config = function (key) { return config && config[key]; };
	o.get_group = function () { return give({}, "set set_once union unset remove delete", answered); };
	o.people = accept(give(o.people || [], people, answered));
	o.__loaded = true;
	accept(o);
	if (config) later(config.loaded, [o]);
	return o;
}
function init(token, config, name) {
	if (!name || name === "mixpanel") return instance(w.mixpanel, config);
	return w.mixpanel[name] = instance(w.mixpanel[name] || [], config);
}
function start(m) {
	var waiting = m._i || [];
	m.init = init;
	m._i = {push: function (e) { run(init, e); }};
	list(waiting).forEach(function (e) { run(init, e); });
	if (!m.__loaded) instance(m);
}
if (w.mixpanel === undefined || (Array.isArray(w.mixpanel) && !w.mixpanel.__loaded)) start(w.mixpanel = w.mixpanel || []);
