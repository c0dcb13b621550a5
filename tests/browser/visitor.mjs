// Two browsers and one way of speaking to them: open, run, inPage (with what the page's own scripts made), follow (an expression
// that leads to another page), send (a click that does), shoot, close.
// spec: {"browser", "path", "site", "args", "prefs", "home"}; how: {"signal", "cookies"}.
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {launch} from './chromium.mjs';
import * as firefox from './firefox.mjs';
import {within} from './wait.mjs';

const at = (spec, path) => new URL(path, spec.site).href;

class Chromium {
  static async with(spec, how) {
    const profile = mkdtempSync(join(tmpdir(), 'tacet-chromium-'));
    if (!how.cookies) { // its own setting: block all cookies
      mkdirSync(join(profile, 'Default'));
      writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify({profile: {default_content_setting_values: {cookies: 2}}}));
    }
    const browser = await launch(spec.path, [...spec.args, `--user-data-dir=${profile}`], {}, spec.home), page = await browser.newPage();
    if (how.signal) await page.setExtraHTTPHeaders({'Sec-GPC': '1'});
    return Object.assign(new Chromium(), {spec, browser, page, profile});
  }

  async open(path) { await this.page.goto(at(this.spec, path), {waitUntil: 'load', timeout: 60000}); }

  run(expression) { return this.page.evaluate(expression); }

  inPage(expression) { return this.page.evaluate(expression); }

  async follow(expression) {
    await Promise.all([this.page.waitForNavigation({waitUntil: 'load', timeout: 60000}), this.page.evaluate(`void setTimeout(() => { ${expression} })`)]);
  }

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
  static async with(spec, how) {
    const browser = await firefox.launch({path: spec.path, home: spec.home, prefs: {...spec.prefs, 'privacy.globalprivacycontrol.enabled': how.signal,
      'privacy.globalprivacycontrol.functionality.enabled': true, ...(how.cookies ? {} : {'network.cookie.cookieBehavior': 2})}});
    const {context} = await browser.bidi.send('browsingContext.create', {type: 'window'});
    await browser.bidi.send('browsingContext.setViewport', {context, viewport: {width: 1000, height: 900}});
    return Object.assign(new Firefox(), {spec, browser, context});
  }

  async open(path) { await this.browser.bidi.send('browsingContext.navigate', {context: this.context, url: at(this.spec, path), wait: 'complete'}); }

  run(expression) { return firefox.run(this.browser.bidi, {context: this.context, sandbox: 'tests'}, expression); }

  inPage(expression) { return firefox.run(this.browser.bidi, {context: this.context}, expression); }

  async follow(expression) {
    const loaded = new Promise(done => {
      this.browser.bidi.heard = (method, p) => { if (method === 'browsingContext.load' && p.context === this.context) done(); };
    });
    await this.browser.bidi.send('script.evaluate', {target: {context: this.context, sandbox: 'tests'}, awaitPromise: false, expression});
    await within(60000, 'the page that follows', loaded);
    this.browser.bidi.heard = () => {};
  }

  send(selector) { return this.follow(`document.querySelector(${JSON.stringify(selector)}).click()`); }

  async shoot(file) {
    const {data} = await this.browser.bidi.send('browsingContext.captureScreenshot', {context: this.context});
    writeFileSync(file, Buffer.from(data, 'base64'));
  }

  async close() { await this.browser.close(); }
}

export const visitor = (spec, how) => (spec.browser === 'firefox' ? Firefox : Chromium).with(spec, how);
