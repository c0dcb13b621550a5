// What a browser would fetch from listed hosts, by the tree that parse5 makes of a page: the acceptance matrix read
// the other way round. Code of its own from end to end, so that no mistake of the rewriter is repeated here.
import {parse} from 'parse5';
import {urlsOf} from './css.mjs';

const HTML = 'http://www.w3.org/1999/xhtml', SVG = 'http://www.w3.org/2000/svg';

// Attributes that lead somewhere without anyone's click, by namespace and element; '*': on any element.
const URLS = {
  html: {
    script: ['src'], img: ['src', 'lowsrc', 'dynsrc'], source: ['src'], iframe: ['src'], frame: ['src'], embed: ['src'], object: ['data', 'codebase'],
    applet: ['archive', 'code'], video: ['src', 'poster'], audio: ['src'], track: ['src'], bgsound: ['src'], base: ['href'], portal: ['src'],
    fencedframe: ['src'], body: ['background'], table: ['background'], thead: ['background'], tbody: ['background'], tfoot: ['background'],
    tr: ['background'], td: ['background'], th: ['background'],
  },
  svg: {'*': ['href', 'xlink:href']},
  math: {'*': ['href', 'xlink:href', 'src', 'altimg']},
};
const NAMESPACES = {[HTML]: 'html', [SVG]: 'svg'};
const LAZY = ['data-src', 'data-lazy-src', 'data-bg', 'data-background', 'data-original', 'data-iframe-src'];
const FETCHING_RELS = /(^|\s)(stylesheet|preload|prefetch|modulepreload|preconnect|dns-prefetch|prerender|icon|manifest|apple-touch-icon\S*|mask-icon|import|search|pingback|monetization|compression-dictionary)(\s|$)/i;
const SCRIPT_TYPES = /^(|module|text\/(javascript|ecmascript|jscript|livescript|x-javascript|x-ecmascript|javascript1\.[0-5])|application\/(javascript|ecmascript|x-javascript|x-ecmascript))$/i;
const ACTS = ['attributionsrc', 'attributionsourceid', 'attributiondestination', 'impressiondata', 'browsingtopics', 'sharedstoragewritable',
  'adauctionheaders', 'privatetoken'];

export const attribute = (node, name) =>
  node.attrs.find(a => (a.prefix ? `${a.prefix}:${a.name}` : a.name).toLowerCase() === name)?.value;
const textOf = node => (node.childNodes || []).map(c => c.value ?? '').join('');

// HTML 4.8.4.3.9: commas belong to the URL until white space; those at its end do not.
function srcset(value) {
  const urls = [];
  for (let at = 0; at < value.length;) {
    while (at < value.length && /[\s,]/.test(value[at])) at++;
    const from = at;
    while (at < value.length && !/[ \t\n\f\r]/.test(value[at])) at++;
    const url = value.slice(from, at);
    if (url) urls.push(url.replace(/,+$/, ''));
    if (url.endsWith(',')) continue;
    for (let depth = 0; at < value.length && (depth > 0 || value[at] !== ','); at++)
      depth += value[at] === '(' ? 1 : value[at] === ')' && depth > 0 ? -1 : 0;
  }
  return urls;
}

// HTML 4.2.5.3: the URL of a refresh, or null.
function refresh(content) {
  const m = /^[ \t\n\f\r]*(?:\d+|(?=\.))[\d.]*(?:[ \t\n\f\r]*[;,]|[ \t\n\f\r])[ \t\n\f\r]*(?:url[ \t\n\f\r]*=[ \t\n\f\r]*)?(.*)$/is.exec(content);
  if (!m || !m[1]) return null;
  const quote = m[1][0] === '"' || m[1][0] === "'" ? m[1][0] : '';
  return quote ? m[1].slice(1).split(quote)[0] : m[1];
}

// [attribute, URL] of everything an element names; [.., null, what] is a finding whatever the URL.
function* named(node, trackers) {
  const space = NAMESPACES[node.namespaceURI] ?? 'math', html = space === 'html', name = node.tagName, of = a => attribute(node, a);
  // A script of another type is data: a browser fetches nothing for it. Consent tools park scripts so (H40). To MathML
  // script and style are names like any other.
  const script = name === 'script' && space !== 'math', parked = script && !SCRIPT_TYPES.test((of('type') ?? '').trim());
  // A foreign link is no link to the tree; a scanner that knows no namespaces fetches it as it would in HTML, by its rel.
  const nothing = !html && name === 'link' && !FETCHING_RELS.test(of('rel') ?? '');
  const rows = nothing ? [] : URLS[space][html ? name : '*'] ?? [];
  for (const a of rows)
    if (of(a) && !parked && !of(a).startsWith('#') && !(space === 'math' && name === 'script')) yield [a, of(a)];
  if (script && !parked && !(html && of('src'))) {
    const hit = trackers.loader(textOf(node));
    if (hit) yield ['text', null, `inline loader of ${hit.vendor}: ${hit.text}`];
  }
  for (const a of html ? ['srcset', 'imagesrcset', 'data-srcset'] : [])
    if (of(a)) for (const url of srcset(of(a))) yield [a, url];
  if (html)
    for (const a of LAZY)
      if (of(a) && !/^[{["']/.test(of(a).trim())) yield [a, of(a)];
  if (html && name === 'input' && /^image$/i.test(of('type') ?? '') && of('src')) yield ['src', of('src')];
  if (html && name === 'link' && of('href') && FETCHING_RELS.test(of('rel') ?? '')) yield ['href', of('href')];
  if (name === 'a' || name === 'area') for (const url of (of('ping') ?? '').split(/\s+/).filter(Boolean)) yield ['ping', url];
  if (name === 'style' && space !== 'math') for (const url of urlsOf(textOf(node))) yield ['text', url];
  if (of('style')) for (const url of urlsOf(of('style'), false)) yield ['style', url];
  if (html && name === 'meta' && /^refresh$/i.test(of('http-equiv') ?? '')) {
    const url = refresh(of('content') ?? '');
    if (url) yield ['content', url];
  }
  if (html && name === 'param' && /^(movie|src|url|data|filename|code|archive)$/i.test(of('name') ?? '') && of('value')) yield ['value', of('value')];
  if (space === 'svg' && /^(animate|set)$/.test(name) && /^(xlink:)?href$/i.test(of('attributename') ?? ''))
    for (const a of ['to', 'from', 'by', 'values'])
      for (const url of (of(a) ?? '').split(';').map(u => u.trim()).filter(Boolean)) yield [a, url];
  for (const a of node.attrs)
    if (/^on./.test(a.name) && trackers.loader(a.value)) yield [a.name, null, `loader in a handler: ${a.value.slice(0, 80)}`];
  if (html)
    for (const a of ACTS)
      if (of(a) !== undefined) yield [a, null, 'acts by being there'];
}

// With the content of templates, which may become live without a script, or without.
export function* elements(node, templates = true) {
  for (const child of [...node.childNodes ?? [], ...(templates && node.content?.childNodes) || []]) {
    if (child.tagName) yield child;
    yield* elements(child, templates);
  }
}

// Findings of one tree: [{element, attribute, url or null, why}].
export function judgeTree(document, base, trackers, options, where = '') {
  const findings = [], page = base, bases = new Set(elements(document, false));
  let based = false; // the first base counts, for what comes after it
  for (const node of elements(document)) {
    if (!based && node.tagName === 'base' && node.namespaceURI === HTML && attribute(node, 'href') !== undefined && bases.has(node)) {
      based = true;
      try { base = new URL(attribute(node, 'href'), page).href; } catch { /* as a browser: no base */ }
    }
    const add = (attr, url, why) => findings.push({element: node.tagName, attribute: attr, url, why, where});
    for (const [attr, value, why] of named(node, trackers)) {
      if (why) { add(attr, null, why); continue; }
      let url;
      try { url = new URL(value, node.tagName === 'base' ? page : base); } catch { continue; }
      if (url.protocol !== 'https:' && url.protocol !== 'http:') continue;
      const hit = trackers.listed(url.href) ?? (trackers.listedHost(url.hostname) ? {pattern: url.hostname} : null);
      if (hit) add(attr, url.href, hit.pattern);
    }
    const inner = node.tagName === 'iframe' && node.namespaceURI === HTML ? attribute(node, 'srcdoc') : undefined;
    if (inner) findings.push(...judgeTree(parse(inner, options), base, trackers, options, `${where} srcdoc`));
  }
  return findings;
}

export const judge = (html, base, trackers, options) => judgeTree(parse(html, options), base, trackers, options);
