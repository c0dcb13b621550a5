// Every case of tests/fixtures/html in Chromium: as it comes out it must lead to no tracker, with scripts and without;
// as it went in, where that differs, it must, or the first says nothing.
//   node rows.mjs < {"path": chromium, "key", "cert", "lists": trackers.tsv, "fixtures": [...], "rest": [name, ...], "freed": [name, ...],
//                    "unsure": [name, ...], "parallel": 4, "quick"}
//     ->   {"cases", "outputs", "leaks": [[name, script, asked]], "inputs", "silent": [name], "loud": [name], "failed": [why], "took": {what: s}}
// rest: cases that ask for nothing as they went in; loud are those of them that do ask. freed: cases that may ask
// as they came out, and need not as they went in; unsure: as they went in.
// The site is https://www.example.com, served here; everything else is asked for through a proxy of each visit's own,
// which notes the host and refuses: so a preconnect is seen, too. 24 cases share a page, each in a frame of its own. Where
// one asks as it came out, and what is silent as it went in, is opened alone.
import {readFileSync} from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import {launch, newWindow} from './chromium.mjs';
import {casesOf} from './fixtures.mjs';
import {load} from './trackers.mjs';
import {pause, within} from './wait.mjs';

const TOGETHER = 24, VISIT = 120000, INPUT = 30000, QUIET = 1000, PATIENCE = 4000;

let text = '';
for await (const part of process.stdin) text += part;
const spec = JSON.parse(text), trackers = load(spec.lists), cases = casesOf(...spec.fixtures);

// The cases of a page.
const together = from => cases.slice(from, from + TOGETHER).map((_, i) => from + i).filter(i => !spec.freed?.includes(cases[i].name));

// What the tests of the rewriter list beside the built-in pack (tests/unit/html_run.h).
const listedHost = host => /(^|\.)t\.example\.?$/.test(host) || trackers.listedHost(host);
function listed(address) {
  let url;
  try { url = new URL(address); } catch { return false; }
  if (!/^(https?|wss?):$/.test(url.protocol)) return false;
  if (url.hostname === 't.example' && url.pathname.startsWith('/allowed/')) return false;
  return listedHost(url.hostname) || !!trackers.listed(url.href) || url.hostname === 'cdn.example' && url.pathname.includes('/pixel.') ||
    url.pathname.endsWith('/first-party-tracker.js');
}

// ---- the site, and what is outside ----

const site = https.createServer({key: readFileSync(spec.key), cert: readFileSync(spec.cert)}, (request, response) => {
  const [, all, kind, at] = /^\/dir\/(all-)?(input|output)-(\d+)\.html$/.exec(request.url) ?? [];
  const type = kind ? 'text/html; charset=utf-8' : request.url.includes('.js') ? 'text/javascript' : 'text/plain';
  const frames = () => '<!doctype html><title>frames</title><style>iframe{width:190px;height:120px}</style>' +
    together(+at).map(i => `<iframe name=${i} src=${kind}-${i}.html></iframe>`).join('');
  response.writeHead(kind || type === 'text/javascript' ? 200 : 404, {'Content-Type': type});
  response.end(all ? frames() : kind ? cases[+at][kind] : '');
});

// Notes for which host each connection is, and refuses.
async function outside(heard) {
  const server = net.createServer(socket => {
    socket.on('error', () => {}).once('data', first => {
      const m = /^CONNECT ([^ ]+):\d+ /.exec(first) ?? /^\S+ https?:\/\/(?:[^/@ ]*@)?([^/: ]+)/.exec(first);
      if (m) heard(m[1].toLowerCase());
      socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return server;
}

// ---- visits ----

// A browser and all that it asks for; one of them for each worker, and one alone for who must not hear the echo of another.
class Visitor {
  async open() {
    this.proxy = await outside(host => { if (listedHost(host)) this.note?.(host); });
    this.browser = await launch(spec.path, ['--ignore-certificate-errors',
      `--host-resolver-rules=MAP www.example.com 127.0.0.1:${site.address().port}`, `--proxy-server=127.0.0.1:${this.proxy.address().port}`, '--proxy-bypass-list=www.example.com'], {height: 1000});
    return this;
  }

  async close() {
    this.proxy?.close();
    await this.browser?.close();
    this.browser = null;
  }

  // What a page asked listed hosts for, and which of its cases did. Patient: waits for that, a while, when the page is loaded.
  // What comes out must be loaded; of what goes in some never is (a frame that its page left), and what it asked for counts.
  async visit(path, javascript, patient) {
    if (!this.browser?.connected) await this.open();
    const asked = new Set(), by = new Set(), contact = {};
    contact.made = new Promise(done => { contact.make = done; });
    const note = this.note = what => { asked.add(what); contact.make(); };
    const page = await newWindow(this.browser);
    try {
      page.on('request', r => { if (listed(r.url())) { note(r.url()); by.add(caseOf(r)); } });
      page.on('dialog', d => d.dismiss().catch(() => {}));
      if (!javascript) await page.setJavaScriptEnabled(false);
      const loaded = page.goto(`https://www.example.com/dir/${path}.html`, {waitUntil: 'load', timeout: VISIT})
        .then(() => pause(patient ? PATIENCE : QUIET));
      loaded.catch(() => {}); // when it did ask, what became of the page is all the same
      await Promise.race([loaded, ...(patient ? [contact.made] : []), ...(path.includes('input') ? [pause(INPUT)] : [])]);
      return {asked: [...asked], by};
    } finally {
      await within(20000, 'the end of a visit', page.close()).catch(() => this.close());
    }
  }
}

// The case that a request of a page of many belongs to.
function caseOf(request) {
  let frame = request.frame();
  while (frame?.parentFrame()?.parentFrame()) frame = frame.parentFrame();
  return frame?.name();
}

const failed = [];
async function visited(visitor, ...what) {
  for (let tries = 1; ; tries++)
    try {
      return await visitor.visit(...what);
    } catch (e) {
      if (tries === 2) { failed.push(`${what[0]}: ${e.message}`); return {asked: [], by: new Set()}; }
    }
}

async function each(list, f) {
  const left = [...list];
  await Promise.all(Array.from({length: Math.min(spec.parallel ?? 4, left.length)}, async () => {
    const visitor = new Visitor();
    while (left.length > 0) await f(visitor, left.shift());
    await visitor.close();
  }));
}

const leaks = [], rest = new Set(spec.rest), unsure = new Set(spec.unsure);

async function outputs(visitor, [from, javascript]) {
  const {asked} = await visited(visitor, `all-output-${from}`, javascript, false);
  if (asked.length === 0) return;
  let found = false;
  for (const i of together(from)) {
    const alone = (await visited(visitor, `output-${i}`, javascript, false)).asked;
    found ||= alone.length > 0;
    if (alone.length > 0) leaks.push([cases[i].name, javascript, alone]);
  }
  if (!found) leaks.push([`one from "${cases[from].name}" on`, javascript, asked]);
}

const asking = new Set();
async function inputs(visitor, [from, javascript]) {
  const {by} = await visited(visitor, `all-input-${from}`, javascript, false);
  for (const name of by) if (name) asking.add(+name);
}

async function alone(visitor, i) {
  await visitor.close();
  for (const javascript of [true, false])
    if ((await visited(visitor, `input-${i}`, javascript, true)).asked.length > 0) { asking.add(i); return; }
}

await new Promise(done => site.listen(0, '127.0.0.1', done));
const starts = cases.map((_, i) => i).filter(i => i % TOGETHER === 0 && (!spec.quick || i < cases.length / 3));
const modes = spec.quick ? [true] : [true, false], pages = starts.flatMap(i => modes.map(javascript => [i, javascript]));
const positive = (spec.quick ? together(0) : cases.map((_, i) => i)).filter(i => cases[i].input !== cases[i].output && !unsure.has(cases[i].name));
const began = Date.now(), took = {}, lap = what => { took[what] = Math.round((Date.now() - began) / 1000); };
await each(pages, outputs);
lap('outputs');
await each(spec.quick ? pages.slice(0, 1) : pages, inputs);
lap('inputs');
await each(positive.filter(i => !asking.has(i) && !rest.has(cases[i].name)), alone);
lap('alone');
const silent = positive.filter(i => !asking.has(i) && !rest.has(cases[i].name) && !spec.freed?.includes(cases[i].name)), loud = positive.filter(i => asking.has(i) && rest.has(cases[i].name));
console.log(JSON.stringify({cases: cases.length, outputs: pages.length * TOGETHER, inputs: positive.length, leaks, failed, took,
  silent: silent.map(i => cases[i].name), loud: loud.map(i => cases[i].name)}));
process.exit(0); // connections may be open still
