// Opens pages in a real browser and tells what happened.
//   node drive.mjs < {"browser": "chromium", "args": [...], "prefs": {...}, "parallel": 1, "pages": [{"url", "headers", "javascript",
//                     "settle", "run", "click", "screenshot", "block", "noscript"}]}
//     ->   [{"status", "title", "text", "requests", "errors", "result", "url"}, ...]
// run: an expression of the page; click: a selector, and url is where that led; screenshot: a file to write; block: a
// trackers.tsv, whose hosts are then blocked where the network begins; noscript: the browser itself runs none.
import puppeteer from 'puppeteer-core';
import {load} from './trackers.mjs';

const CHROMIUM = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-extensions', '--mute-audio',
  '--disable-background-timer-throttling', '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows',
  '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter,Translate', '--disable-dev-shm-usage'];

async function read() {
  let text = '';
  for await (const part of process.stdin) text += part;
  return JSON.parse(text);
}

function launch(spec) {
  const firefox = spec.browser === 'firefox';
  return puppeteer.launch({
    browser: spec.browser === 'firefox' ? 'firefox' : 'chrome', executablePath: spec.path, headless: true, protocolTimeout: 180000, timeout: 60000,
    args: firefox ? [] : [...CHROMIUM, ...(spec.args ?? [])], extraPrefsFirefox: spec.prefs ?? {}, acceptInsecureCerts: true,
    defaultViewport: {width: 1280, height: 1600},
  });
}

const lists = new Map();
const listsOf = file => lists.get(file) ?? lists.set(file, load(file)).get(file);

// Where hosts are blocked, each request is asked about.
async function block(page, file) {
  const trackers = listsOf(file);
  await page.setRequestInterception(true);
  page.on('request', r => (trackers.listed(r.url()) ? r.abort() : r.continue()).catch(() => {}));
}

async function visit(context, wanted) {
  const page = await context.newPage(), seen = {requests: [], errors: []};
  page.on('request', r => seen.requests.push(r.url()));
  page.on('pageerror', e => seen.errors.push(String(e.message)));
  if (wanted.headers) await page.setExtraHTTPHeaders(wanted.headers);
  if (wanted.javascript === false) await page.setJavaScriptEnabled(false);
  if (wanted.block) await block(page, wanted.block);
  const response = await page.goto(wanted.url, {waitUntil: 'domcontentloaded', timeout: 120000});
  await new Promise(done => setTimeout(done, wanted.settle ?? 2000));
  seen.status = response?.status();
  if (wanted.javascript !== false && !wanted.noscript) {
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

// A page that navigates by itself may cut a visit short: then once more.
async function visited(browser, wanted) {
  for (let tries = 3; ; tries--) {
    const context = await browser.createBrowserContext();
    try {
      return await visit(context, wanted);
    } catch (e) {
      if (tries === 1) throw e;
    } finally {
      await context.close().catch(() => {});
    }
  }
}

const spec = await read();
const browser = await launch(spec), results = [];
const rest = spec.pages.map((wanted, i) => [wanted, i]);
async function work() {
  for (let next; (next = rest.shift());) results[next[1]] = await visited(browser, next[0]);
}
try {
  await Promise.all(Array.from({length: spec.parallel ?? 1}, work));
} finally {
  await browser.close();
}
console.log(JSON.stringify(results));
