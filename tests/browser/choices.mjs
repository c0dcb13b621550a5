// The visitor's pages in Chromium: what axe finds, how narrow they get, and a way through them by keyboard alone. Their
// own scripts are off, as they have none; axe is put in by the driver.
//   node choices.mjs < {"path", "args", "site", "axe", "languages", "all", "shots"}   ->   {"looks", "keyboard"}
import {readFileSync} from 'node:fs';
import {launch} from './chromium.mjs';

const RULES = {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']};
const PAGE = '/privacy-choices';
const WIDE = {width: 1280, height: 900}, ZOOMED = {width: 640, height: 450, deviceScaleFactor: 2}, NARROW = {width: 320, height: 568};

let text = '';
for await (const part of process.stdin) text += part;
const spec = JSON.parse(text), axe = readFileSync(spec.axe, 'utf8');
const browser = await launch(spec.path, spec.args);

// A window of its own, in which pages cannot run scripts.
async function windowOf(headers = {}) {
  const context = await browser.createBrowserContext(), page = await context.newPage();
  await page.setExtraHTTPHeaders(headers);
  await page.setJavaScriptEnabled(false);
  return {context, page};
}

// Scripts are on for as long as the driver's own runs; a page that is loaded stays as it is.
async function examine(page) {
  await page.setJavaScriptEnabled(true);
  await page.evaluate(axe);
  const found = await page.evaluate(async rules => {
    const {violations, passes} = await axe.run(rules);
    return {axe: violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ').slice(0, 300)), passed: passes.map(p => p.id)};
  }, RULES);
  await page.setJavaScriptEnabled(false);
  return found;
}

const shape = page => page.evaluate(() => ({
  width: [document.documentElement.scrollWidth, innerWidth],
  dir: document.documentElement.dir, lang: document.documentElement.lang,
  background: getComputedStyle(document.body).backgroundColor, scheme: matchMedia('(prefers-color-scheme: dark)').matches,
  targets: [...document.querySelectorAll('a, input, button, summary')].filter(e => e.checkVisibility()).map(e => {
    const {width, height} = (e.closest('label') ?? e).getBoundingClientRect();
    return [e.outerHTML.slice(0, 60), width, height];
  }),
  // what begins on the right of a page that reads from the right
  sides: [...document.querySelectorAll('h1, legend, summary')].map(e => getComputedStyle(e).direction),
}));

async function look(out, name, page, path, viewport, scheme) {
  await page.setViewport(viewport);
  await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
  await page.goto(spec.site + path, {waitUntil: 'load', timeout: 60000});
  await page.evaluate(() => document.querySelectorAll('details').forEach(d => { d.open = true; }));
  out[name] = {...await examine(page), ...await shape(page)};
  if (spec.shots) await page.screenshot({path: `${spec.shots}/${name.replace(/\W+/g, '-')}.png`, fullPage: true});
}

async function looks(out) {
  for (const language of spec.languages) {
    const {context, page} = await windowOf({'Accept-Language': language, 'Sec-GPC': '1'});
    const views = spec.all ? ['', '/why', '/saved'] : [''];
    for (const view of views) {
      await look(out, `${language}${view} light`, page, PAGE + view, WIDE, 'light');
      if (spec.all) await look(out, `${language}${view} dark`, page, PAGE + view, WIDE, 'dark');
      await look(out, `${language}${view} narrow`, page, PAGE + view, NARROW, 'light');
      if (spec.all) await look(out, `${language}${view} zoomed`, page, PAGE + view, ZOOMED, 'dark');
    }
    await context.close();
  }
}

// What has the focus, said as a person would see it.
const focused = page => page.evaluate(() => {
  const e = document.activeElement, {outlineStyle, outlineWidth} = getComputedStyle(e);
  return {what: [e.tagName, e.name ?? '', e.value ?? ''].join(' ').trim(), checked: e.checked, ring: outlineStyle !== 'none' && outlineWidth};
});

async function tabTo(page, what, seen, key = 'Tab') {
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press(key);
    const now = await focused(page);
    seen.push(now);
    if (now.what.startsWith(what)) return;
  }
  throw new Error(`the keyboard does not get to ${what}: ${JSON.stringify(seen)}`);
}

async function enter(page) {
  await Promise.all([page.waitForNavigation({waitUntil: 'load', timeout: 30000}), page.keyboard.press('Enter')]);
  return {path: new URL(page.url()).pathname, text: await page.evaluate(() => document.body.innerText)};
}

const chosen = page => page.evaluate(() => [...document.querySelectorAll('input:checked')].map(e => e.name + '=' + e.value));

async function byKeyboard(out) {
  const {context, page} = await windowOf({'Accept-Language': 'en'}), seen = [];
  await page.goto(spec.site + PAGE, {waitUntil: 'load'});
  out.before = await chosen(page);
  await tabTo(page, 'INPUT choice', seen);
  await page.keyboard.press('ArrowDown');
  out.arrow = await focused(page);
  await tabTo(page, 'SUMMARY', seen);
  await page.keyboard.press('Enter');
  await tabTo(page, 'INPUT location', seen);
  await page.keyboard.press('Space');
  await tabTo(page, 'BUTTON', seen);
  out.out = await enter(page);
  await tabTo(page, 'A', seen);
  out.back = await enter(page);
  out.kept = await chosen(page);
  out.page = await page.goto(spec.site + '/page', {waitUntil: 'load'}).then(r => r.text());
  await page.goto(spec.site + PAGE, {waitUntil: 'load'});
  await tabTo(page, 'INPUT choice', seen);
  await page.keyboard.press('ArrowUp');
  await tabTo(page, 'BUTTON', seen);
  out.in = await enter(page);
  out.page_in = await page.goto(spec.site + '/page', {waitUntil: 'load'}).then(r => r.text());
  out.seen = seen;
  await context.close();
}

const out = {looks: {}, keyboard: {}};
try {
  await byKeyboard(out.keyboard);
  await looks(out.looks);
} finally {
  await browser.close();
}
console.log(JSON.stringify(out));
