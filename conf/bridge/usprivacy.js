/* usprivacy.js: the US Privacy interface (__uspapi), where the page brings none: notice was given, sale is refused. */
later('__uspapi', function () {
	w.__uspapi = function (command, version, done) {
		var good = command === 'getUSPData' && (version == null || version === 1);
		if (typeof done === 'function') done(good ? {version: 1, uspString: '1YYN'} : null, good);
	};
	serve('__uspapiCall', '__uspapiReturn', function (q, done) { w.__uspapi(q.command, q.version, done); });
	locator('__uspapiLocator');
});
