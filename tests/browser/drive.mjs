// Opens pages in a real browser and tells what happened.
//   node drive.mjs < {"browser": "chromium", "args": [...], "prefs": {...}, "pages": [{"url", "headers", "javascript",
//                     "settle", "run", "click"}]}   ->   [{"status", "title", "text", "requests", "errors", "result", "url"}, ...]
// run: an expression of the page; click: a selector, and url is where that led.
import puppeteer from 'puppeteer-core';

const CHROMIUM = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-extensions', '--mute-audio',
  '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter,Translate', '--disable-dev-shm-usage'];

async function read() {
  let text = '';
  for await (const part of process.stdin) text += part;
  return JSON.parse(text);
}

function launch(spec) {
  const firefox = spec.browser === 'firefox';
  return puppeteer.launch({
    browser: spec.browser === 'firefox' ? 'firefox' : 'chrome', executablePath: spec.path, headless: true, protocolTimeout: 60000, timeout: 60000,
    args: firefox ? [] : [...CHROMIUM, ...(spec.args ?? [])], extraPrefsFirefox: spec.prefs ?? {}, acceptInsecureCerts: true,
  });
}

async function visit(browser, wanted) {
  const context = await browser.createBrowserContext(), page = await context.newPage();
  const seen = {requests: [], errors: []};
  page.on('request', r => seen.requests.push(r.url()));
  page.on('pageerror', e => seen.errors.push(String(e.message)));
  if (wanted.headers) await page.setExtraHTTPHeaders(wanted.headers);
  if (wanted.javascript === false) await page.setJavaScriptEnabled(false);
  const response = await page.goto(wanted.url, {waitUntil: 'domcontentloaded', timeout: 45000});
  await new Promise(done => setTimeout(done, wanted.settle ?? 2000));
  seen.status = response?.status();
  if (wanted.javascript !== false) {
    seen.title = await page.title();
    seen.text = await page.evaluate(() => document.body?.innerText ?? '');
    if (wanted.run) seen.result = await page.evaluate(wanted.run);
  }
  if (wanted.click) {
    await Promise.all([page.waitForNavigation({waitUntil: 'domcontentloaded', timeout: 10000}), page.click(wanted.click)]);
    seen.url = page.url();
  }
  await context.close();
  return seen;
}

const spec = await read();
const browser = await launch(spec), results = [];
try {
  for (const wanted of spec.pages) results.push(await visit(browser, wanted));
} finally {
  await browser.close();
}
console.log(JSON.stringify(results));
