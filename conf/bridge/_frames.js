/*
 * _frames.js: what both interfaces need: frames ask by message, and find whom by the name of a frame. Nothing is defined
 * before the page has loaded: a consent tool of its own comes first.
 */
function locator(name) {
	if (w.frames[name] || !d.body) return;
	var f = d.createElement('iframe');
	f.hidden = true;
	f.name = name;
	f.title = '';
	f.setAttribute('aria-hidden', 'true');
	d.body.appendChild(f);
}
function serve(call, answer, ask) {
	w.addEventListener('message', function (e) {
		var text = typeof e.data === 'string', data = e.data, out = {};
		try { data = text ? JSON.parse(data) : data; } catch (x) { return; }
		data = data && data[call];
		if (!data || !e.source) return;
		ask(data, function (value, success) {
			out[answer] = {returnValue: value, success: success, callId: data.callId};
			e.source.postMessage(text ? JSON.stringify(out) : out, '*');
		});
	});
}
function later(name, f) {
	w.addEventListener('load', function () { try { if (!w[name]) f(); } catch (e) {} });
}
