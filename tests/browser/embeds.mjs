// Embeds in a real browser: what is asked for before and after a click, where the focus is, what axe finds.
//   node embeds.mjs < {"path", "args", "url", "plain", "direct", "axe"}   ->   {"boxes", ...}
// url: a page with two frames, for a visitor who said no; plain: the same for one who did not; direct: the address of a page that asks.
import { readFileSync } from 'node:fs';
import puppeteer from 'puppeteer-core';

const ARGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-extensions', '--mute-audio', '--disable-dev-shm-usage',
  '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter,Translate'];
const GPC = {'Sec-GPC': '1'};
const RULES = {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']};

let text = '';
for await (const part of process.stdin) text += part;
const spec = JSON.parse(text), axe = readFileSync(spec.axe, 'utf8');
const browser = await puppeteer.launch({browser: 'chrome', executablePath: spec.path, headless: true, protocolTimeout: 60000, timeout: 60000,
  args: [...ARGS, ...spec.args], acceptInsecureCerts: true});

async function open(url, headers, more = {}) {
  const context = await browser.createBrowserContext(), page = await context.newPage(), asked = [];
  page.on('request', r => asked.push(r.url()));
  await page.setExtraHTTPHeaders(headers);
  if (more.viewport) await page.setViewport(more.viewport);
  if (more.features) await page.emulateMediaFeatures(more.features);
  if (more.javascript === false) await page.setJavaScriptEnabled(false);
  await page.goto(url, {waitUntil: 'load', timeout: 45000});
  return {context, page, asked};
}

const others = asked => asked.filter(u => !u.startsWith('http://www.example.test') && !u.startsWith('data:') && u !== 'about:blank');
const boxes = page => page.evaluate(() => [...document.querySelectorAll('iframe')].map(f => {
  const {x, y, width, height} = f.getBoundingClientRect();
  return [x, y, width, height];
}));
const frames = page => page.frames().filter(f => f !== page.mainFrame());

async function violations(frame) {
  await frame.evaluate(axe);
  return frame.evaluate(async rules => (await axe.run(rules)).violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ').slice(0, 200)), RULES);
}

// Waits until what is asked of a page holds.
async function until(condition, what) {
  for (let i = 0; i < 400; i++) {
    if (await condition()) return;
    await new Promise(done => setTimeout(done, 25));
  }
  throw new Error('not in time: ' + what);
}

const loaded = (page, host) => until(() => page.frames().some(f => f.url().includes('//' + host)), 'the embed in its frame');

async function byKeyboard(out) {
  const {context, page, asked} = await open(spec.url, GPC);
  out.boxes = await boxes(page);
  out.before = others(asked);
  out.texts = [];
  for (const f of frames(page)) out.texts.push(await f.evaluate(() => document.body.innerText));
  out.outer = await violations(page.mainFrame());
  for (let i = 0; i < 10; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement.tagName) === 'IFRAME') break;
  }
  const frame = frames(page)[0];
  out.focused = await frame.evaluate(() => document.activeElement.id);
  out.outline = await frame.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
  out.still = others(asked);
  await page.keyboard.press('Enter');
  await loaded(page, spec.host);
  await until(() => frames(page)[0].evaluate(() => document.readyState === 'complete').catch(() => false), 'the player');
  out.after = others(asked);
  await page.keyboard.press('Tab');
  await until(() => frames(page)[0].evaluate(() => document.hasFocus()), 'the focus in the embed');
  out.focus = await page.evaluate(() => [document.activeElement.tagName, document.activeElement.title]);
  out.inside = await frames(page)[0].evaluate(() => document.activeElement.tagName);
  out.features = await frames(page)[0].evaluate(() => document.featurePolicy.allowedFeatures());
  out.boxes_after = await boxes(page);
  await context.close();
}

async function byMouseWithoutScript(out) {
  const {context, page, asked} = await open(spec.url, GPC, {javascript: false});
  out.script_off_before = others(asked);
  const link = await frames(page)[0].$('#load');
  await link.click();
  await loaded(page, spec.host);
  out.script_off_after = others(asked);
  await context.close();
}

async function plainly(out) {
  const {context, page, asked} = await open(spec.plain, {});
  out.plain_boxes = await boxes(page);
  out.plain = others(asked);
  out.plain_features = await frames(page)[0].evaluate(() => document.featurePolicy.allowedFeatures());
  await context.close();
}

async function looks(out) {
  out.looks = {};
  for (const [name, url, more] of [
    ['light', spec.direct, {}],
    ['dark', spec.direct, {features: [{name: 'prefers-color-scheme', value: 'dark'}]}],
    ['narrow', spec.direct, {viewport: {width: 320, height: 240}}],
    ['low', spec.direct, {viewport: {width: 400, height: 80}}],
    ['arabic', spec.direct, {headers: {'Accept-Language': 'ar'}}],
    ['japanese', spec.direct, {headers: {'Accept-Language': 'ja'}, viewport: {width: 320, height: 240}}]]) {
    const {context, page} = await open(url, {...GPC, ...more.headers}, more);
    out.looks[name] = {
      axe: await violations(page.mainFrame()),
      width: await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]),
      dir: await page.evaluate(() => document.documentElement.dir),
      background: await page.evaluate(() => getComputedStyle(document.body).backgroundColor),
      targets: await page.evaluate(() => [...document.querySelectorAll('a')].map(a => {
        const {width, height, top, bottom} = a.getBoundingClientRect();
        return [width, height, top, bottom];
      })),
    };
    if (spec.shots) await page.screenshot({path: `${spec.shots}/${name}.png`});
    await context.close();
  }
}

const out = {};
try {
  await byKeyboard(out);
  await byMouseWithoutScript(out);
  await plainly(out);
  await looks(out);
} finally {
  await browser.close();
}
console.log(JSON.stringify(out));
