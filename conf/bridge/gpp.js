/*
 * gpp.js: the Global Privacy Platform's interface (__gpp 1.1), where the page brings none. One section, usnat: sale,
 * sharing and targeted advertising are refused, by GPC. What a section says besides is 0, not applicable.
 */
later('__gpp', function () {
	var text = 'DBABLA~BVQVAAAAAgA.YA', last = 0;
	var zero = function (n) { return Array.apply(null, Array(n)).map(function () { return 0; }); };
	var core = {Version: 1, SharingNotice: 1, SaleOptOutNotice: 1, SharingOptOutNotice: 1, TargetedAdvertisingOptOutNotice: 1,
		SensitiveDataProcessingOptOutNotice: 0, SensitiveDataLimitUseNotice: 0, SaleOptOut: 1, SharingOptOut: 1,
		TargetedAdvertisingOptOut: 1, SensitiveDataProcessing: zero(12), KnownChildSensitiveDataConsents: zero(2),
		PersonalDataConsents: 0, MspaCoveredTransaction: 2, MspaOptOutOptionMode: 0, MspaServiceProviderMode: 0};
	var part = {GpcSegmentType: 1, Gpc: true};
	function ping() {
		return {gppVersion: '1.1', cmpStatus: 'loaded', cmpDisplayStatus: 'disabled', signalStatus: 'ready',
			supportedAPIs: ['7:usnat'], cmpId: 1, sectionList: [7], applicableSections: [7], gppString: text,
			parsedSections: {usnat: [core, part]}};
	}
	function field(name) {
		name = String(name).split('.');
		if (name[0] !== 'usnat') return null;
		return name[1] in core ? core[name[1]] : name[1] in part ? part[name[1]] : null;
	}
	w.__gpp = function (command, done, value) {
		if (typeof done !== 'function') return;
		if (command === 'ping') done(ping(), true);
		else if (command === 'addEventListener')
			done({eventName: 'listenerRegistered', listenerId: ++last, data: true, pingData: ping()}, true);
		else if (command === 'removeEventListener') done(true, true);
		else if (command === 'hasSection') done(value === 'usnat' || value === 7, true);
		else if (command === 'getSection') done(value === 'usnat' ? [core, part] : null, value === 'usnat');
		else if (command === 'getField') done(field(value), field(value) !== null);
		else done(null, false);
	};
	serve('__gppCall', '__gppReturn', function (q, done) { w.__gpp(q.command, done, q.parameter); });
	locator('__gppLocator');
});
