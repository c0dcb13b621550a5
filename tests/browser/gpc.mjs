// A visitor's way with GPC through one browser: status text, choices page, later visits without the signal, and back.
//   node gpc.mjs < {"browser", "path", "site", "args", "prefs", "shots"}   ->   {"signalled", "without_cookies", "chosen"}
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {launch} from './chromium.mjs';
import * as firefox from './firefox.mjs';
import {within} from './wait.mjs';

const PAGE = '/page', CHOICES = '/privacy-choices';

let input = '';
for await (const part of process.stdin) input += part;
const spec = JSON.parse(input);

// ---- two browsers, one way of speaking to them: open, read, click, shoot ------------------------------------------

class Chromium {
  static async with(how) {
    const profile = mkdtempSync(join(tmpdir(), 'tacet-chromium-'));
    if (!how.cookies) { // its own setting: block all cookies
      mkdirSync(join(profile, 'Default'));
      writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify({profile: {default_content_setting_values: {cookies: 2}}}));
    }
    const browser = await launch(spec.path, [...spec.args, `--user-data-dir=${profile}`]), page = await browser.newPage();
    if (how.signal) await page.setExtraHTTPHeaders({'Sec-GPC': '1'});
    return Object.assign(new Chromium(), {browser, page, profile});
  }

  async open(path) { await this.page.goto(spec.site + path, {waitUntil: 'load', timeout: 60000}); }

  run(expression) { return this.page.evaluate(expression); }

  async send(selector) {
    await Promise.all([this.page.waitForNavigation({waitUntil: 'load', timeout: 60000}), this.page.click(selector)]);
  }

  async shoot(file) { await this.page.screenshot({path: file}); }

  async close() {
    await this.browser.close();
    rmSync(this.profile, {recursive: true, force: true, maxRetries: 20});
  }
}

class Firefox {
  static async with(how) {
    const browser = await firefox.launch({path: spec.path, prefs: {...spec.prefs, 'privacy.globalprivacycontrol.enabled': how.signal,
      'privacy.globalprivacycontrol.functionality.enabled': true, ...(how.cookies ? {} : {'network.cookie.cookieBehavior': 2})}});
    const {context} = await browser.bidi.send('browsingContext.create', {type: 'window'});
    await browser.bidi.send('browsingContext.setViewport', {context, viewport: {width: 1000, height: 900}});
    return Object.assign(new Firefox(), {browser, context});
  }

  async open(path) { await this.browser.bidi.send('browsingContext.navigate', {context: this.context, url: spec.site + path, wait: 'complete'}); }

  async run(expression) {
    const {result, exceptionDetails} = await this.browser.bidi.send('script.evaluate', {target: {context: this.context, sandbox: 'tests'},
      expression: `JSON.stringify(${expression})`, awaitPromise: true});
    if (!result) throw new Error(exceptionDetails?.text);
    return result.value === undefined ? undefined : JSON.parse(result.value);
  }

  async send(selector) {
    const loaded = new Promise(done => {
      this.browser.bidi.heard = (method, p) => { if (method === 'browsingContext.load' && p.context === this.context) done(); };
    });
    await this.browser.bidi.send('script.evaluate', {target: {context: this.context, sandbox: 'tests'}, awaitPromise: false,
      expression: `document.querySelector(${JSON.stringify(selector)}).click()`});
    await within(60000, 'the page after a click', loaded);
    this.browser.bidi.heard = () => {};
  }

  async shoot(file) {
    const {data} = await this.browser.bidi.send('browsingContext.captureScreenshot', {context: this.context});
    writeFileSync(file, Buffer.from(data, 'base64'));
  }

  async close() { await this.browser.close(); }
}

// ---- the way ------------------------------------------------------------------------------------------------------

const see = (b, path) => b.open(path).then(() => read(b));

const read = b => b.run(`({path: location.pathname, text: document.body.innerText, tags: document.querySelectorAll('script[src*="googletagmanager"]').length,
  role: document.querySelector('[role=status]')?.innerText ?? '', link: document.querySelector('[role=status] a')?.getAttribute('href') ?? '',
  heard: document.documentElement.dataset.gpc, checked: [...document.querySelectorAll('input:checked')].map(e => e.name + '=' + e.value)})`);

async function choose(b, what) {
  await b.open(CHOICES);
  await b.run(`(document.querySelector('input[name=choice][value=${what}]').click(), 0)`);
  await b.send('button[type=submit]');
  return read(b);
}

async function step(how, way) {
  const b = await (spec.browser === 'firefox' ? Firefox : Chromium).with(how), out = {};
  const shoot = async name => { if (spec.shots) await b.shoot(`${spec.shots}/${spec.browser}-${name}.png`); };
  try {
    await way(b, out, shoot);
  } finally {
    await b.close();
  }
  return out;
}

const out = {
  // With the signal: shown at once, said in the page, and allowing does not help.
  signalled: await step({signal: true, cookies: true}, async (b, o, shoot) => {
    o.page = await see(b, PAGE);
    await shoot('status');
    o.property = await b.run('navigator.globalPrivacyControl ?? null');
    o.choices = await see(b, CHOICES);
    await shoot('choices');
    o.allowed = await choose(b, 'in');
    o.after = await see(b, PAGE);
  }),
  // No cookie is kept: each visit with the signal is out, and who chooses without it is told.
  without_cookies: await step({signal: true, cookies: false}, async (b, o) => {
    o.first = await see(b, PAGE);
    o.second = await see(b, PAGE);
  }),
  without_both: await step({signal: false, cookies: false}, async (b, o) => {
    o.told = await choose(b, 'out');
    o.page = await see(b, PAGE);
  }),
  // Without the signal: out on the page, out on later visits, and back in.
  chosen: await step({signal: false, cookies: true}, async (b, o, shoot) => {
    o.before = await see(b, PAGE);
    o.saved = await choose(b, 'out');
    await shoot('saved');
    o.later = await see(b, PAGE);
    o.again = await see(b, PAGE + '?again');
    o.why = await see(b, CHOICES + '/why');
    await shoot('why');
    o.back = await choose(b, 'in');
    o.in = await see(b, PAGE);
  }),
};
console.log(JSON.stringify(out));
