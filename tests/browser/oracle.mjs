// Says what a browser would fetch from listed hosts, by parsing pages as the HTML standard does (parse5).
//   node oracle.mjs trackers.tsv PAGE.html ...   ->   {"PAGE.html": [finding, ...], ...} on standard output
// Each page is read twice: with scripting (noscript is text) and without (noscript is markup).
import {readFileSync} from 'node:fs';
import {basename} from 'node:path';
import {parse} from 'parse5';
import {load} from './trackers.mjs';

const [lists, ...pages] = process.argv.slice(2);
const trackers = load(lists);

// Where an element names something that is fetched without anyone's click.
const URLS = {
  script: ['src', 'href', 'xlink:href'], img: ['src', 'lowsrc', 'longdesc'], source: ['src'], iframe: ['src'], frame: ['src'], embed: ['src'],
  object: ['data', 'codebase'], applet: ['archive', 'code'], video: ['src', 'poster'], audio: ['src'], track: ['src'], input: ['src'],
  image: ['href', 'xlink:href', 'src'], use: ['href', 'xlink:href'], feImage: ['href', 'xlink:href'], body: ['background'], table: ['background'],
  td: ['background'], th: ['background'], a: [], area: [],
};
const FETCHING_RELS = /(^|\s)(stylesheet|preload|prefetch|modulepreload|preconnect|dns-prefetch|prerender|icon|manifest|apple-touch-icon\S*|mask-icon|import)(\s|$)/i;
const SCRIPT_TYPES = /^(|module|text\/(javascript|ecmascript|jscript|livescript|x-javascript|x-ecmascript|javascript1\.[0-5])|application\/(javascript|ecmascript|x-javascript|x-ecmascript))$/i;

const attribute = (node, name) =>
  node.attrs.find(a => (a.prefix ? `${a.prefix}:${a.name}` : a.name).toLowerCase() === name.toLowerCase())?.value;
const textOf = node => (node.childNodes || []).map(c => c.value ?? '').join('');

function srcset(value) {
  return value.split(/,(?=\s|$)|\s,/).flatMap(c => c.split(',http').map((p, i) => (i ? 'http' + p : p))).map(c => c.trim().split(/\s+/)[0]).filter(Boolean);
}

function css(text) {
  const found = [];
  for (const m of text.matchAll(/url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"'\s]*))\s*\)|@import\s+(?:"([^"]*)"|'([^']*)')/gi))
    found.push(m[1] ?? m[2] ?? m[3] ?? m[4] ?? m[5]);
  return found;
}

function* named(node) {
  const name = node.tagName, of = a => attribute(node, a);
  // A script of another type is data: a browser fetches nothing for it. Consent tools park scripts so (H40).
  const parked = name === 'script' && !SCRIPT_TYPES.test((of('type') ?? '').trim());
  for (const a of URLS[name] ?? [])
    if (of(a) && !parked) yield [a, of(a)];
  if (name === 'script' && !of('src')) {
    const script = textOf(node);
    const hit = !parked && trackers.loader(script);
    if (hit) yield ['inline', null, hit];
  }
  for (const a of ['srcset', 'imagesrcset'])
    if (of(a)) for (const url of srcset(of(a))) yield [a, url];
  if (name === 'link' && of('href') && FETCHING_RELS.test(of('rel') ?? '')) yield ['href', of('href')];
  if (name === 'a' || name === 'area') for (const url of (of('ping') ?? '').split(/\s+/).filter(Boolean)) yield ['ping', url];
  if (name === 'style') for (const url of css(textOf(node))) yield ['style', url];
  if (of('style')) for (const url of css(of('style'))) yield ['style', url];
  const refresh = name === 'meta' && /^refresh$/i.test(of('http-equiv') ?? '') && /url\s*=\s*['"]?([^'"]*)/i.exec(of('content') ?? '');
  if (refresh) yield ['refresh', refresh[1]];
  if (name === 'iframe' && of('srcdoc')) yield ['srcdoc', null, null, of('srcdoc')];
}

function* elements(node) {
  for (const child of node.childNodes ?? []) {
    if (child.tagName) yield child;
    yield* elements(child);
  }
}

function judge(document, base, findings, where) {
  const first = [...elements(document)].find(e => e.tagName === 'base' && attribute(e, 'href'));
  try { if (first) base = new URL(attribute(first, 'href'), base).href; } catch { /* as a browser: no base */ }
  for (const node of elements(document)) {
    for (const [attr, value, loader, inner] of named(node)) {
      if (inner !== undefined) { judge(parse(inner), base, findings, where + ' srcdoc'); continue; }
      if (loader) { findings.push(`${where}: inline loader of ${loader.vendor}: ${loader.text}`); continue; }
      let url;
      try { url = new URL(value, base); } catch { continue; }
      const hit = trackers.listed(url.href) ?? (trackers.listedHost(url.hostname) ? {vendor: 'host', pattern: url.hostname} : null);
      if (hit) findings.push(`${where}: <${node.tagName} ${attr}> ${url.href.slice(0, 120)} (${hit.pattern})`);
    }
  }
}

const report = {};
for (const page of pages) {
  const html = readFileSync(page, 'utf8'), findings = [];
  for (const scripting of [true, false])
    judge(parse(html, {scriptingEnabled: scripting}), 'http://www.example.test/' + basename(page), findings, scripting ? 'script' : 'noscript');
  report[page] = findings;
}
console.log(JSON.stringify(report));
