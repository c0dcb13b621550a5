// Requests to judge, all from one seed: what each rule of a list means and what it nearly means, elements of real pages,
// examples of vendors, and these with bytes changed. The reading of rules here is its own: simple, and only of use to make URLs.
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {domainToASCII} from 'node:url';
import {Random} from '../mutate.mjs';
import {SUFFIXES, TYPES} from './engines.mjs';
import {example} from './regex.mjs';

// ---- registrable domains ----

export class Suffixes {
  constructor(text = readFileSync(SUFFIXES, 'utf8')) {
    this.rules = new Set(text.split('\n').map(l => l.trim()).filter(l => l && !l.startsWith('//')).map(l => {
      const mark = /^(!|\*\.)?/.exec(l)[0];
      return mark + domainToASCII(l.slice(mark.length));
    }));
  }
  // As libpsl has it: the host's suffix and one label more; the host itself where there is none.
  domain(host) {
    if (/^[\d.]+$|^\[/.test(host)) return host;
    const labels = host.split('.');
    for (let i = 0; i < labels.length; i++) {
      const rest = labels.slice(i).join('.'), up = labels.slice(i + 1).join('.');
      if (this.rules.has('!' + rest)) return rest;
      if (this.rules.has(rest) || (up && this.rules.has('*.' + up)) || i === labels.length - 1) return i ? labels.slice(i - 1).join('.') : host;
    }
  }
}

// ---- rules ----

const OPTION = /^(?:~?[a-z\d_-]+)(?:=.*)?$/i;
const ALIAS = {css: 'stylesheet', frame: 'subdocument', xhr: 'xmlhttprequest', img: 'image', beacon: 'ping', 'object-subrequest': 'object'};

// {text, exception, pattern, regex, options, types, domains, party} or null
export function parse(line) {
  const text = line.trim();
  if (!text || /^[![]/.test(text) || /#[@?$%]{0,2}#|\$@?\$/.test(text)) return null;
  const exception = text.startsWith('@@');
  let pattern = exception ? text.slice(2) : text, options = [];
  for (let at = pattern.lastIndexOf('$'); at >= 0; at = pattern.lastIndexOf('$', at - 1)) {
    const parts = pattern.slice(at + 1).split(',');
    if (parts.every(p => OPTION.test(p)) && !(pattern.startsWith('/') && pattern.slice(at).endsWith('/'))) { options = parts; pattern = pattern.slice(0, at); break; }
    if (at === 0) break;
  }
  const regex = pattern.length > 2 && pattern.startsWith('/') && pattern.endsWith('/') && /[\\[({^$+?|]/.test(pattern);
  const yes = [], no = [], rule = {text, exception, pattern, regex, options, domains: [], party: null};
  for (const o of options) {
    const negated = o.startsWith('~'), [name, value] = o.replace(/^~/, '').split(/=(.*)/s), type = ALIAS[name] ?? name;
    if (TYPES[type]) (negated ? no : yes).push(type);
    else if (/^(domain|from)$/.test(name)) rule.domains = value.split('|').filter(d => !d.startsWith('/'));
    else if (/^(third-party|3p)$/.test(name)) rule.party = negated ? 1 : 3;
    else if (/^(first-party|1p)$/.test(name)) rule.party = negated ? 3 : 1;
    else if (/^strict[13]p$/.test(name)) rule.party = Number(name[6]);
    else if (/^(to|denyallow)$/.test(name)) rule[name] = value.split('|');
  }
  // About what is never asked here: pages themselves, windows, and what a rule takes off or adds.
  rule.inert = !yes.length && options.some(o => /^(popup|popunder|doc|document|removeparam|csp|permissions|replace|urlskip|uritransform|header)\b/.test(o));
  rule.types = (yes.length ? yes : Object.keys(TYPES)).filter(t => !no.includes(t));
  rule.otherTypes = Object.keys(TYPES).filter(t => !rule.types.includes(t));
  return rule;
}

// ---- URLs ----

const WORDS = ['a', 'x1', 'news', 'img', 'static', 'page', 'v2', 'js', 'site', 'assets', 'q', '2024', 'de'];
const TAILS = ['', '', '', '', 'x', '/', '.js', '?a=1', '&b=2', '/x.gif', '-1', '_2', '.min.js?v=3', '%20', '=', ':x', '/index.php', '?url=https://o.example/p'];
const SEPARATORS = ['/', '/', '?', '&', '=', ':', '/', '!', '(', ';', ','];
const PAGES = ['www.example.com', 'example.com', 'news.example.co.uk', 'shop.example.de', 'a.b.example.org', 'one.github.io', '203.0.113.7', 'www.example.co.jp'];
const HOSTS = ['o.example.net', 'cdn.example.org', 'www.example.com', 'img.shop.example', 'x.y.z.example.info', 'static.example.co.uk', '198.51.100.4'];

const label = r => r.one(WORDS) + (r.chance(30) ? '-' + r.one(WORDS) : '');

// Text that the pattern's stars and separators may stand for.
function filled(r, pattern) {
  let out = '';
  for (const c of pattern) {
    if (c === '*') out += r.one(['', '', 'x', 'a/b', '-', '.', r.one(WORDS), `/${label(r)}/`]);
    else if (c === '^') out += r.one(SEPARATORS);
    else out += c;
  }
  return out;
}

const scheme = (r, type) => type === 'websocket' ? 'wss://' : r.chance(90) ? 'https://' : 'http://';

// A URL that fits the pattern, mostly.
function fitting(r, rule, type) {
  let p = rule.pattern;
  if (rule.regex) {
    const text = example(p.slice(1, -1), r);
    if (text === null) return null;
    return /^https?:/.test(text) ? text : /^\/\//.test(text) ? 'https:' + text : `${scheme(r, type)}${r.one(HOSTS)}/${text.replace(/^\//, '')}`;
  }
  const end = p.endsWith('|') && p.length > 1;
  if (end) p = p.slice(0, -1);
  const tail = end ? '' : r.one(TAILS);
  if (p.startsWith('||')) {
    const body = p.slice(2).replace(/\^$/, () => r.one(['/', '/', '?', '', ':8080/'].slice(0, r.chance(97) ? 3 : 5)));
    const host = /^(\[[^\]]*\]|[^/^*?:]*)/.exec(body)[0], rest = filled(r, body.slice(host.length));
    const missing = host === body && !host.includes('.') || host.endsWith('.') || host.endsWith('-') ? 'x.example' : '';
    const full = host + missing;
    return scheme(r, type) + (r.chance(40) && !/^[\d.]+$|^\[/.test(full) ? label(r) + '.' : '') + full + (/^[/?:]/.test(rest) || rest === '' ? rest : (rest.startsWith('.') ? '' : '/') + rest) + tail;
  }
  if (p.startsWith('|')) return filled(r, p.slice(1)) + (p.length < 9 ? r.one(HOSTS) + '/' : '') + tail;
  const text = filled(r, p);
  if (text.startsWith('://')) return 'https' + text + (/^:\/\/[^/]*[.-]$/.test(text) ? r.one(HOSTS) + '/' : '') + tail;
  if (/^\.[a-z\d.-]+\/|^\.[a-z-]+\.[a-z]+/.test(text) && r.chance(60)) return scheme(r, type) + label(r) + text + tail;
  if (text.startsWith('//')) return 'https:' + text + tail;
  const front = text.startsWith('/') ? r.one(['', '', '/a', '/b/c']) : r.one(['/', '/a', '/b/c/', '/?x', '/?q=1&', '/p-']);
  return scheme(r, type) + r.one(HOSTS) + front + text + tail;
}

// What nearly fits: one thing about the URL is another.
function nearly(r, url) {
  const at = url.indexOf('://') + 3, end = (url.slice(at).replace(/^\[[^\]]*\]/, m => 'x'.repeat(m.length)).search(/[/?:]/) + 1 || url.length - at + 1) - 1 + at, path = url.slice(end);
  switch (r.below(9)) {
    case 0: return url.slice(0, at) + r.one(['x', 'x-', 'my', 'x.']) + url.slice(at);
    case 1: return url.slice(0, end) + r.one(['.com', 'x', '-x', '.x.example']) + path;
    case 2: return url.slice(0, at) + `o.example/${r.one(['?u=', '', 'r/'])}` + url.slice(at);
    case 3: { // a separator is none, or something is one
      const k = end + r.below(Math.max(1, path.length));
      return url.slice(0, k) + r.one(['x', '/', '%', '-', '.', '_', '~', '+']) + url.slice(k + 1);
    }
    case 4: return url.slice(0, end) + path.toUpperCase();
    case 5: return url.slice(0, -1 - r.below(3));
    case 6: return url + r.one(['x', '/', '?', '.gif', '%2f']);
    case 7: { const k = end + r.below(Math.max(1, path.length)); return url.slice(0, k) + url.slice(k + 1); }
    default: { const k = at + r.below(Math.max(1, url.length - at)); return url.slice(0, k) + r.one(WORDS) + url.slice(k); }
  }
}

// ---- pages ----

const under = (r, name) => (r.chance(40) ? 'www.' : '') + name;

// A page on which the rule applies, as far as it says.
function pageFor(r, rule, domain) {
  const wanted = rule.domains.filter(d => !d.startsWith('~'));
  if (wanted.length) return under(r, r.one(wanted).replace(/\.\*$/, () => r.one(['.com', '.co.uk', '.de'])));
  if (rule.party === 1 || (rule.party === null && r.chance(15))) return r.chance(50) ? domain : /^[\d.]+$/.test(domain) ? domain : 'www.' + domain;
  return r.one(PAGES);
}

function otherPage(r, rule, domain) {
  const not = rule.domains.filter(d => d.startsWith('~')), yes = rule.domains.filter(d => !d.startsWith('~'));
  switch (r.below(4)) {
    case 0: return not.length ? under(r, r.one(not).slice(1).replace(/\.\*$/, '.com')) : domain;
    case 1: return yes.length ? 'x' + r.one(yes).replace(/\.\*$/, '.com') : r.one(PAGES);
    case 2: return yes.length ? r.one(yes).replace(/\.\*$/, '.net') + '.example' : domain;
    default: return r.chance(50) ? domain : r.one(PAGES);
  }
}

// ---- rows ----

export class Generator {
  constructor(seed) {
    this.r = new Random(seed);
    for (let k = 0; k < 8; k++) this.r.next();
    this.suffixes = new Suffixes();
    this.rows = [];
    this.seen = new Set();
  }
  // As a browser would send it; false if it is no URL, or known.
  add(from, url, page, type, about = '') {
    let u;
    try { u = new URL(url); } catch { return false; }
    if (!/^(https?|wss?):$/.test(u.protocol) || !u.hostname || u.username || u.href.length > 4000 || u.hostname.endsWith('.') || u.hostname.includes('..')) return false;
    u.hash = '';
    const href = u.href, host = u.hostname, key = `${href} ${page} ${type}`;
    if (this.seen.has(key) || !/^[\w.-]+$/.test(page) || (type === 'websocket') !== u.protocol.startsWith('ws')) return false;
    this.seen.add(key);
    this.rows.push({from, url: href, host, domain: this.suffixes.domain(host), page: page.toLowerCase(), site: this.suffixes.domain(page.toLowerCase()), type, about});
    return true;
  }
  domainOf(url) {
    try { return this.suffixes.domain(new URL(url).hostname); } catch { return 'example.com'; }
  }
  // One that the rule is about, and some that it is nearly about.
  rule(rule, misses, tail = '') {
    const {r} = this;
    for (let attempt = 0, done = false; attempt < 12 && !done; attempt++) {
      const type = r.one(rule.types.length ? rule.types : ['other']), url = fitting(r, rule, type);
      if (url === null) return;
      const domain = this.domainOf(url), page = pageFor(r, rule, domain);
      done = this.add('rule', url + tail, page, type, rule.text);
      for (let i = 0; done && i < misses; i++) {
        if (r.chance(60)) this.add('near', nearly(r, url), page, type, rule.text);
        else if (r.chance(50)) this.add('type', url, page, r.one(rule.otherTypes.length ? rule.otherTypes : rule.types), rule.text);
        else this.add('page', url, otherPage(r, rule, domain), type, rule.text);
      }
    }
  }
  rules(texts, count) {
    const {r} = this, all = texts.flatMap(t => t.split(/\r?\n/)).map(parse).filter(Boolean);
    const special = all.filter(rule => rule.exception || rule.options.length || rule.regex), plain = all.filter(rule => !special.includes(rule));
    // What an exception frees has to be blocked first: many rows end in text that a rule without options blocks.
    const blocked = plain.map(rule => rule.pattern).filter(p => /^[&?/][\w=.-]{6,}[?&=]?$/.test(p));
    for (const rule of special) {
      this.rule(rule, r.below(2));
      if (rule.exception && blocked.length && !rule.pattern.endsWith('|')) this.rule(rule, 0, r.one(blocked));
    }
    for (let i = 0; i < count; i++) this.rule(r.one(plain), r.below(3));
    for (let i = 0; i < count / 2; i++) this.rule(r.one(special), 2);
    const touched = new Set(this.rows.filter(row => row.from === 'rule').map(row => row.about));
    return {all: all.length, special: special.length, missed: special.filter(rule => !rule.inert && !touched.has(rule.text)).map(rule => rule.text)};
  }
  // script, img, iframe, link ... of real pages, on pages of their own and of others
  corpus(directory, count) {
    const {r} = this, found = [];
    if (!existsSync(directory)) return 0;
    for (const name of readdirSync(directory).filter(n => n.endsWith('.html')).sort()) {
      const page = readFileSync(`${directory}/${name}`, 'utf8');
      for (const m of page.matchAll(/<(script|img|iframe|link|video|source|object|embed)\b[^>]*?\b(?:src|href|data)\s*=\s*["']?([^"'\s>]+)/gi)) {
        const type = {script: 'script', img: 'image', iframe: 'subdocument', link: 'stylesheet', video: 'media', source: 'media', object: 'object', embed: 'object'}[m[1].toLowerCase()];
        found.push([m[2].replace(/&amp;/g, '&'), type]);
      }
    }
    for (let i = 0; i < count && found.length; i++) {
      const [raw, type] = r.one(found);
      let url;
      try { url = new URL(raw, 'https://www.example.com/blog/').href; } catch { continue; }
      this.add('page', url, r.chance(80) ? 'www.example.com' : this.domainOf(url), r.chance(80) ? type : r.one(Object.keys(TYPES)));
    }
    return found.length;
  }
  // the examples of conf/lists/trackers.tsv
  vendors(text) {
    for (const line of text.split('\n').filter(l => l && !l.startsWith('#'))) {
      const [, , , , , , , , , , url, type] = line.split('\t');
      if (!url || !TYPES[type]) continue;
      this.add('vendor', url, 'www.example.com', type);
      this.add('vendor', url, this.domainOf(url), type);
      this.add('vendor', nearly(this.r, url), 'www.example.com', this.r.one(Object.keys(TYPES)));
    }
  }
  // rows so far, with bytes changed
  damage(count) {
    const {r} = this, n = this.rows.length;
    for (let i = 0; i < count && n; i++) {
      const row = this.rows[r.below(n)];
      let url = row.url;
      for (let k = 1 + r.below(3); k > 0; k--) {
        const at = 8 + r.below(Math.max(1, url.length - 8));
        url = r.chance(50) ? url.slice(0, at) + String.fromCharCode(33 + r.below(94)) + url.slice(at + 1) : nearly(r, url);
      }
      this.add('bytes', url, row.page, row.type, row.about);
    }
  }
}
