// A visitor's way by TLS and HTTP/2 through one browser: from http to https for good, a choice that stays, a form, a large
// upload, events, a WebSocket, and what happens to a page while the proxy reloads, changes its certificate and ends.
//   node tls.mjs < {"browser", "path", "site", "args", "prefs", "home", "shots", "upload"}   ->   {"redirect", "choice", ...}
import {visitor} from './visitor.mjs';

const CHOICES = '/privacy-choices', LATE = 'https://late.example.test/', OTHER = 'https://other.example.test/dot.png';

let input = '';
for await (const part of process.stdin) input += part;
const spec = JSON.parse(input), out = {}, clear = spec.site.replace('https:', 'http:');
const b = await visitor(spec, {signal: false, cookies: true});
const shoot = async name => { if (spec.shots) await b.shoot(`${spec.shots}/tls-${spec.browser}-${name}.png`); };
const way = call => b.inPage('way.' + call);
const where = () => b.run('location.href');

const see = () => b.run(`({path: location.pathname, text: document.body.innerText, tags: document.querySelectorAll('script[src*="googletagmanager"]').length,
  role: document.querySelector('[role=status]')?.innerText ?? '', script: document.cookie,
  protocol: performance.getEntriesByType('navigation')[0].nextHopProtocol})`);

async function choose(what) {
  await b.open(CHOICES);
  await b.run(`(document.querySelector('input[name=choice][value=${what}]').click(), 0)`);
  await b.send('button[type=submit]');
  return see();
}

const steps = {
  // The first time by a redirect, from then on by the browser's own memory.
  async redirect(o) {
    await b.open(clear + '/page');
    o.first = [await where(), await way('act("count")')];
    o.seen = await way('protocols()');
    await b.follow(`location.href = "${clear}/page?again"`);
    o.second = [await where(), await way('act("count")')];
    await shoot('page');
  },
  async choice(o) {
    o.before = await see();
    o.saved = await choose('out');
    await shoot('saved');
    await b.open('/page');
    o.later = await see();
    await shoot('out');
    o.back = await choose('in');
    await b.open('/page?in');
    o.in = await see();
  },
  async form(o) {
    await b.open('/page');
    await b.send('#send');
    Object.assign(o, await see());
  },
  async page(o) {
    await b.open('/page');
    o.upload = await way(`upload(${spec.upload})`);
    o.events = await way('events()');
    o.socket = await way('socket(300000)');
    o.reload = await way('during("reload")');
  },
  async swap(o) {
    o.before = await way(`reaches("${LATE}")`);
    o.during = await way('during("swap")');
    await b.open(LATE + 'page');
    o.late = [await where(), await way('protocols()')];
    o.other = [await way(`reaches("${OTHER}")`), await way('act("count")')];
  },
  // The page of which one half comes before and one after: all of it is there.
  async drain(o) {
    await b.open('/halves');
    o.seen = await way('protocols()');
    o.end = await b.run('document.querySelector("#end")?.textContent ?? null');
    await shoot('halves');
  },
};

try {
  for (const [name, step] of Object.entries(steps)) {
    out[name] = {};
    try {
      await step(out[name]);
    } catch (e) {
      out[name].failed = String(e.stack ?? e).slice(0, 2000);
    }
  }
} finally {
  await b.close();
}
console.log(JSON.stringify(out));
