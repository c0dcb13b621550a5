// Opens pages in a real browser and tells what happened.
//   node drive.mjs < {"browser": "chromium", "path": "...", "args": [...], "prefs": {...}, "home": "...", "parallel": 1, "pages": [{"url", "headers",
//                     "javascript", "settle", "run", "click", "screenshot", "block"}]}
//     ->   [{"status", "title", "text", "requests", "errors", "result", "url", "sent", "watched", "tries"}, ...]
// settle: how long a page is watched after it is parsed, and until it is loaded where that takes no longer than three times
// as long (watched: how long it was); run: an expression of the page; click: a selector, and url is where that led;
// screenshot: a file to write; home: whose authorities count, for certificates (else any will do); block: a trackers.tsv, whose hosts are then blocked where the network begins; sent: what the
// page was asked for with. In Firefox scripts are switched off by a pref, for all pages of a run.
// A visit that could not be made is made once more; then it is {"failed": why}, never a page that asked for nothing.
import {launch, newWindow} from './chromium.mjs';
import * as firefox from './firefox.mjs';
import {load} from './trackers.mjs';
import {pause, within} from './wait.mjs';

const LOADING = 120000, TRIES = 2;

async function read() {
  let text = '';
  for await (const part of process.stdin) text += part;
  return JSON.parse(text);
}

const lists = new Map();
const listedBy = file => file && (url => (lists.get(file) ?? lists.set(file, load(file)).get(file)).listed(url));

// Where hosts are blocked, each request is asked about.
async function block(page, listed) {
  await page.setRequestInterception(true);
  page.on('request', r => (listed(r.url()) ? r.abort() : r.continue()).catch(() => {}));
}

async function chromiumVisit(page, wanted, listed) {
  const seen = {requests: [], errors: []}, loaded = new Promise(done => page.once('load', done));
  page.on('request', r => seen.requests.push(r.url()));
  page.on('pageerror', e => seen.errors.push(String(e.message)));
  if (wanted.headers) await page.setExtraHTTPHeaders(wanted.headers);
  if (wanted.javascript === false) await page.setJavaScriptEnabled(false);
  if (listed) await block(page, listed);
  const response = await page.goto(wanted.url, {waitUntil: 'domcontentloaded', timeout: LOADING}), parsed = Date.now();
  seen.status = response?.status();
  seen.sent = response?.request().headers();
  const settle = wanted.settle ?? 2000;
  await Promise.all([pause(settle), Promise.race([loaded, pause(3 * settle)])]);
  seen.watched = Date.now() - parsed;
  if (wanted.javascript !== false) {
    seen.title = await page.title();
    seen.text = await page.evaluate(() => document.body?.innerText ?? '');
    if (wanted.run) seen.result = await page.evaluate(wanted.run);
  }
  if (wanted.screenshot) await page.screenshot({path: wanted.screenshot});
  if (wanted.click) {
    await Promise.all([page.waitForNavigation({waitUntil: 'domcontentloaded', timeout: 10000}), page.click(wanted.click)]);
    seen.url = page.url();
  }
  return seen;
}

// One Chromium for all; whoever finds it dead starts the next.
class Chromium {
  static browser;

  constructor(spec) { this.spec = spec; }

  async visit(wanted, listed) {
    if (Chromium.browser && !(await Chromium.browser.catch(() => null))?.connected) Chromium.browser = null;
    const page = await newWindow(await (Chromium.browser ??= launch(this.spec.path, this.spec.args, {}, this.spec.home)));
    try {
      return await chromiumVisit(page, wanted, listed);
    } finally {
      await within(10000, 'the end of a visit', page.close()).catch(() => {});
    }
  }

  async failed() {}

  static async close() { await (await this.browser?.catch(() => null))?.close(); }
}

// A Firefox for each worker, for it visits one page at a time; a failed visit costs it its life.
class Firefox {
  constructor(spec) { this.spec = spec; }

  async visit(wanted, listed) { return (this.browser ??= await firefox.launch(this.spec)).visit(wanted, listed); }

  async failed() {
    const browser = this.browser;
    this.browser = null;
    await browser?.close();
  }
}

async function visited(browser, wanted) {
  for (let tries = 1; ; tries++) {
    try {
      return {...await browser.visit(wanted, listedBy(wanted.block)), tries};
    } catch (e) {
      await browser.failed();
      if (tries === TRIES) return {failed: String(e.message ?? e).slice(0, 500), requests: [], errors: [], tries};
    }
  }
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(signal, () => process.exit(1)); // and its browsers with it
const spec = await read(), results = [], Browser = spec.browser === 'firefox' ? Firefox : Chromium;
const rest = spec.pages.map((wanted, i) => [wanted, i]);
async function work() {
  const browser = new Browser(spec);
  for (let next; (next = rest.shift());) results[next[1]] = await visited(browser, next[0]);
  await browser.failed();
}
try {
  await Promise.all(Array.from({length: Math.min(spec.parallel ?? 1, rest.length)}, work));
} finally {
  await Chromium.close();
}
console.log(JSON.stringify(results));
