// Firefox by WebDriver BiDi, spoken directly: a navigation is told to begin and events say how it went, so that a page
// that moves on by itself, or a slow machine, is no error. One process visits one page at a time, in a window and a
// container of its own; whatever goes wrong costs the process, and launch() makes another.
import {spawn} from 'node:child_process';
import {copyFileSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {NodeWebSocketTransport} from 'puppeteer-core/internal/node/NodeWebSocketTransport.js';
import {pause, within} from './wait.mjs';

const EVENTS = ['browsingContext.contextCreated', 'browsingContext.domContentLoaded', 'browsingContext.load', 'browsingContext.navigationFailed',
  'network.beforeRequestSent', 'network.responseStarted', 'log.entryAdded'];
const STARTING = 120000, COMMAND = 90000, LOADING = 120000;
// The log has more than what scripts threw: refused fonts, cookies, hashes. An uncaught error is "Name: what" or so.
const UNCAUGHT = /^(uncaught exception\b|[\w$.]+: )/i;

// Nothing of Firefox's own but what a page makes it do: no updates, lists, studies or checks, no add-ons of the system (a
// content blocker among them would do the product's work), and no processes kept ready or made for each frame.
const PREFS = {
  'app.normandy.enabled': false, 'app.update.auto': false, 'app.update.disabledForTesting': true, 'browser.aboutConfig.showWarning': false,
  'browser.contentblocking.category': 'custom', 'browser.newtabpage.enabled': false, 'browser.pagethumbnails.capturing_disabled': true,
  'browser.region.network.url': '', 'browser.region.update.enabled': false, 'browser.safebrowsing.blockedURIs.enabled': false,
  'browser.safebrowsing.downloads.enabled': false, 'browser.safebrowsing.malware.enabled': false, 'browser.safebrowsing.phishing.enabled': false,
  'browser.safebrowsing.update.enabled': false, 'browser.search.update': false, 'browser.sessionstore.resume_from_crash': false,
  'browser.shell.checkDefaultBrowser': false, 'browser.startup.homepage_override.mstone': 'ignore', 'browser.startup.page': 0,
  'browser.tabs.remote.separatePrivilegedContentProcess': false, 'browser.topsites.contile.enabled': false, 'browser.translations.enable': false,
  'browser.urlbar.quicksuggest.enabled': false, 'captivedetect.canonicalURL': '', 'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false, 'dom.disable_beforeunload': true, 'dom.disable_open_during_load': true,
  'dom.ipc.processCount': 2, 'dom.ipc.processPrelaunch.enabled': false, 'dom.ipc.reportProcessHangs': false, 'dom.max_script_run_time': 0,
  'dom.push.connection.enabled': false, 'dom.serviceWorkers.enabled': true, 'extensions.autoDisableScopes': 15, 'extensions.enabledScopes': 1,
  'extensions.getAddons.cache.enabled': false, 'extensions.systemAddon.update.enabled': false, 'extensions.update.enabled': false,
  'fission.autostart': false, 'gfx.webrender.software': true, 'layers.acceleration.disabled': true, 'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false, 'network.connectivity-service.enabled': false, 'network.dns.disablePrefetch': false,
  'network.http.http3.enable': false, 'network.http.speculative-parallel-limit': 6, 'network.prefetch-next': true,
  'network.proxy.failover_direct': false, 'network.trr.mode': 5, 'privacy.trackingprotection.enabled': false,
  'privacy.trackingprotection.socialtracking.enabled': false, 'security.OCSP.enabled': 0, 'security.certerrors.mitm.priming.enabled': false,
  'security.remote_settings.crlite_filters.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1', 'signon.rememberSignons': false,
  'startup.homepage_welcome_url': 'about:blank', 'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': 'data:,', 'toolkit.telemetry.unified': false,
};

const ENVIRONMENT = {MOZ_CRASHREPORTER_DISABLE: '1', MOZ_DISABLE_AUTO_SAFE_MODE: '1', MOZ_REMOTE_SETTINGS_DEVTOOLS: '1'};

class Bidi {
  constructor(transport) {
    Object.assign(this, {transport, id: 0, waiting: new Map(), heard: () => {}});
    transport.onmessage = text => this.message(JSON.parse(text));
    transport.onclose = () => {
      this.gone = true;
      for (const {reject} of this.waiting.values()) reject(new Error('Firefox is gone'));
    };
  }

  message(m) {
    if (m.type === 'event') { this.heard(m.method, m.params); return; }
    const asked = this.waiting.get(m.id);
    this.waiting.delete(m.id);
    if (m.type === 'success') asked?.resolve(m.result);
    else asked?.reject(new Error(`${m.error}: ${m.message}`));
  }

  async send(method, params = {}) {
    const id = ++this.id;
    if (this.gone) throw new Error('Firefox is gone');
    return within(COMMAND, method, new Promise((resolve, reject) => {
      this.waiting.set(id, {resolve, reject});
      this.transport.send(JSON.stringify({id, method, params}));
    }));
  }
}

// Where it listens, which it says on standard error.
const address = firefox => new Promise((resolve, reject) => {
  let said = '';
  firefox.stderr.on('data', part => {
    said = (said + part).slice(-20000);
    const m = /WebDriver BiDi listening on (\S+)/.exec(said);
    if (m) resolve(m[1]);
  });
  firefox.once('error', reject).once('exit', () => reject(new Error(`Firefox ended: ${said.slice(-2000)}`)));
});

export async function launch(spec) {
  const profile = mkdtempSync(join(tmpdir(), 'tacet-firefox-'));
  writeFileSync(join(profile, 'user.js'), Object.entries({...PREFS, ...spec.prefs})
    .map(([k, v]) => `user_pref(${JSON.stringify(k)}, ${JSON.stringify(v)});\n`).join(''));
  if (spec.home) for (const name of ['cert9.db', 'key4.db']) copyFileSync(join(spec.home, '.pki', 'nssdb', name), join(profile, name));
  const firefox = spawn(spec.path, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'],
    {stdio: ['ignore', 'ignore', 'pipe'], env: {...process.env, ...ENVIRONMENT, HOME: profile}});
  const kill = () => firefox.kill('SIGKILL');
  process.once('exit', kill);
  const ended = new Promise(done => firefox.once('exit', done).once('error', done));
  const close = async () => {
    process.off('exit', kill);
    kill();
    await ended;
    rmSync(profile, {recursive: true, force: true, maxRetries: 20});
  };
  try {
    const at = await within(STARTING, 'the start of Firefox', address(firefox));
    const bidi = new Bidi(await within(COMMAND, 'the connection to Firefox', NodeWebSocketTransport.create(`${at}/session`)));
    await bidi.send('session.new', {capabilities: {alwaysMatch: {acceptInsecureCerts: !spec.home, unhandledPromptBehavior: {default: 'dismiss'}}}});
    await bidi.send('session.subscribe', {events: EVENTS});
    return {bidi, visit: (wanted, listed) => visit(bidi, wanted, spec.prefs?.['javascript.enabled'] !== false, listed), close};
  } catch (e) {
    await close();
    throw e;
  }
}

// What an expression comes to in a page.
export async function run(bidi, target, expression) {
  const {result, exceptionDetails} = await bidi.send('script.evaluate', {target, awaitPromise: true,
    expression: `(async () => JSON.stringify(await (${expression})))()`});
  if (!result) throw new Error(exceptionDetails?.text);
  return result.value === undefined ? undefined : JSON.parse(result.value);
}

// Takes down what the events say of one page and its frames, and fails requests that are
// listed where they are asked about. `has` says when it is parsed and loaded.
function watch(bidi, url, seen, listed) {
  const contexts = new Set(), has = {}, happened = {};
  let page;
  for (const what of ['domContentLoaded', 'load', 'navigationFailed']) has[what] = new Promise(done => { happened[what] = done; });
  const main = {
    'network.beforeRequestSent': p => { seen.sent ??= Object.fromEntries(p.request.headers.map(h => [h.name.toLowerCase(), h.value.value])); },
    'network.responseStarted': p => { seen.status ??= p.response.status; },
    'browsingContext.domContentLoaded': () => happened.domContentLoaded(),
    'browsingContext.load': () => happened.load(),
    'browsingContext.navigationFailed': () => happened.navigationFailed(),
  };
  bidi.heard = (method, p) => {
    const context = p.context ?? p.source?.context;
    if (method === 'browsingContext.contextCreated' && contexts.has(p.parent)) contexts.add(p.context);
    if (context && !contexts.has(context)) return; // of a visit that is over; what has none is of a worker
    if (method === 'network.beforeRequestSent') seen.requests.push(p.request.url);
    if (p.isBlocked)
      bidi.send(listed?.(p.request.url) ? 'network.failRequest' : 'network.continueRequest', {request: p.request.request}).catch(() => {});
    if (method === 'log.entryAdded' && p.type === 'javascript' && p.level === 'error' && UNCAUGHT.test(p.text)) seen.errors.push(p.text);
    if (context === page && (p.request?.url ?? p.url) === url) main[method]?.(p);
  };
  return {has, of: context => { page = context; contexts.add(context); }};
}

async function visit(bidi, wanted, javascript, listed) {
  const seen = {requests: [], errors: []}, {has, of} = watch(bidi, wanted.url, seen, listed);
  const {userContext} = await bidi.send('browser.createUserContext');
  // A tab would be in the background, where timers wait and pictures are not loaded.
  const {context} = await bidi.send('browsingContext.create', {type: 'window', userContext});
  of(context);
  await bidi.send('browsingContext.setViewport', {context, viewport: {width: 1280, height: 1600}});
  const {intercept} = listed ? await bidi.send('network.addIntercept', {contexts: [context], phases: ['beforeRequestSent']}) : {};
  await bidi.send('browsingContext.navigate', {context, url: wanted.url, wait: 'none'});
  const failed = has.navigationFailed.then(() => { throw new Error('the page cannot be had'); });
  await within(LOADING, 'the page', Promise.race([has.domContentLoaded, failed]));
  const parsed = Date.now();
  const settle = wanted.settle ?? 2000;
  await Promise.all([pause(settle), Promise.race([has.load, pause(3 * settle)])]);
  seen.watched = Date.now() - parsed;
  if (javascript) {
    const {result, exceptionDetails} = await bidi.send('script.evaluate', {target: {context, sandbox: 'tests'}, awaitPromise: true,
      expression: '[document.title, document.body?.innerText ?? ""]'});
    if (!result) throw new Error(exceptionDetails?.text ?? 'the page cannot be read');
    [seen.title, seen.text] = result.value.map(v => v.value);
    if (wanted.run) seen.result = await run(bidi, {context, sandbox: 'tests'}, wanted.run);
  }
  if (wanted.screenshot) {
    const {data} = await bidi.send('browsingContext.captureScreenshot', {context});
    writeFileSync(wanted.screenshot, Buffer.from(data, 'base64'));
  }
  if (intercept) await bidi.send('network.removeIntercept', {intercept});
  await bidi.send('browser.removeUserContext', {userContext});
  return seen;
}
