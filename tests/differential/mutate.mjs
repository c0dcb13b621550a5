// Documents that mean ill: pieces of real pages, of the rewriter's fixtures and of html5lib's inputs, put together, damaged,
// with URLs of trackers planted in every attribute of the acceptance matrix. All of it follows from one seed.
import {readFileSync, readdirSync, existsSync} from 'node:fs';

export class Random {
  constructor(seed) { this.state = (seed ^ 0x9e3779b9) >>> 0 || 1; }
  next() { // xorshift32
    let x = this.state;
    x ^= x << 13; x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5; x >>>= 0;
    this.state = x;
    return x;
  }
  below(n) { return n > 0 ? this.next() % n : 0; }
  one(list) { return list[this.below(list.length)]; }
  chance(percent) { return this.below(100) < percent; }
}

// ---- what documents are made of ----

const unescaped = s => s.replace(/\\u([0-9a-fA-F]{4})/g, (_, x) => String.fromCharCode(parseInt(x, 16)));

export function sources(fixtures, shared) {
  const rows = [], inputs = [], pages = [];
  let lines = [];
  for (const line of [...readFileSync(fixtures, 'utf8').split('\n'), '=']) {
    if (line.startsWith('< ')) lines.push(line.slice(2));
    if (line.startsWith('=') && lines.length) { rows.push(lines.join('\n')); lines = []; }
  }
  const tests = shared + '/tests/html5lib-tokenizer', corpus = shared + '/corpus/pages';
  if (existsSync(tests))
    for (const name of readdirSync(tests).filter(n => n.endsWith('.test')).sort())
      for (const t of JSON.parse(readFileSync(`${tests}/${name}`, 'utf8')).tests ?? [])
        if (t.input.length < 2000) inputs.push(t.doubleEscaped ? unescaped(t.input) : t.input);
  if (existsSync(corpus))
    for (const name of readdirSync(corpus).filter(n => n.endsWith('.html')).sort()) pages.push(readFileSync(`${corpus}/${name}`, 'utf8'));
  return {rows, inputs, pages};
}

// ---- plants ----

const HOSTS = ['//t.example/p', 'https://t.example/p.gif?a=1', 'HTTP://T.EXAMPLE/p', 'https:\\\\t.example\\p', '/\\t.example/p', '//t.exam\tple/p',
  ' //t.example/p ', '&#47;/t.example/p', '//t&period;example/p', '//t&#46example/p', '&#x2f&#x2F;t.example/p', '//u:p@t.example:8080/p',
  '//t.example./p', '//%74.example/p', '//%74%2eexample/p', 'http:t.example/p', 'http:/t.example/p', '//sub.t.example/p', 'ht\ntps://t.example/p',
  '///t.example/p', 'https:///t.example/p', '\u0001//t.example/p',
  '//t.example', '//t.example?x', '//t.example#x', '//cdn.example/x/pixel.gif', '//www.google-analytics.com/analytics.js',
  'https://www.googletagmanager.com/gtag/js?id=G-X', '//connect.facebook.net/en_US/fbevents.js', '//googleads.g.doubleclick.net/pagead/id'];
// Names whose letters only a decoder knows: in Unicode alone. In other charsets such a host is one that no list names.
const UNICODE = ['//\uff54.example/p', '//t\u3002example/p', '//t.exa\u00admple/p', '//t.e\u200bxample', '//&#xff54;.example/'];
const ATTRIBUTES = ['script src', 'script async src', 'script type=module src', 'img src', 'img lowsrc', 'img dynsrc', 'image src', 'img srcset', 'source srcset',
  'link rel=preload as=image imagesrcset', 'iframe src', 'frame src', 'embed src', 'object data', 'applet code', 'param name=movie value',
  'link rel=stylesheet href', 'link rel=preload as=script href', 'link rel=modulepreload href', 'link rel=prefetch href', 'link rel=preconnect href',
  'link rel="dns-prefetch x" href', 'link rel=icon href', 'link rel=manifest href', 'a href=/x ping', 'area ping', 'base href', 'video src', 'video poster',
  'audio src', 'source src', 'track src', 'input type=image src', 'body background', 'table background', 'td background', 'tr background', 'bgsound src',
  'portal src', 'fencedframe src', 'img data-src', 'div data-bg', 'img data-lazy-src', 'img data-srcset', 'iframe data-src', 'a attributionsrc',
  'img attributionsrc', 'iframe browsingtopics x', 'script sharedstoragewritable src'];
const FOREIGN = ['image href', 'image xlink:href', 'use href', 'use xlink:href', 'feImage href', 'script href', 'script xlink:href', 'a xlink:href', 'pattern href',
  'mpath xlink:href', 'linearGradient href', 'filter href', 'cursor href', 'animate attributeName=href to', 'set attributeName=xlink:href to',
  'animate attributeName=href values'];
const MATHS = ['mi href', 'mglyph src', 'math altimg', 'mrow xlink:href'];
export const SCRIPTS = [
  u => `var s=document.createElement('script');s.src='${u}';document.head.appendChild(s)`,
  u => `new Image().src="${u}";`,
  () => `(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),event:'gtm.js'});var f=d.getElementsByTagName(s)[0],j=d.createElement(s);`
    + `j.async=true;j.src='https://www.googletagmanager.com/gtm.js?id='+i;f.parentNode.insertBefore(j,f);})(window,document,'script','dataLayer','GTM-X');`,
  () => `!function(f,b,e,v,n,t,s){n=f.fbq=function(){};t=b.createElement(e);t.src=v;s=b.getElementsByTagName(e)[0];s.parentNode.insertBefore(t,s)}`
    + `(window,document,'script','https://connect.facebook.net/en_US/fbevents.js');`];
const STYLES = [u => `a{b:url(${u})}`, u => `@import '${u}';`, u => `a{b:image-set("${u}" 1x)}`, u => `a{b:URL( "${u}" )}`, u => `a{b:u\\72l(${u})}`,
  u => `@import url(${u}) screen;`, u => `@font-face{src:url('${u}')}`];
export const PLAIN = ['//t.example/p', 'https://t.example/p.gif', '//sub.t.example/x'];

function quoted(r, name, value) {
  const eq = r.one(['=', '=', '=', ' = ', '=\n', '\t=']);
  switch (r.below(3)) {
    case 0: return `${name}${eq}"${value.replace(/"/g, '&quot;')}"`;
    case 1: return `${name}${eq}'${value.replace(/'/g, '&#39;')}'`;
    default: return `${name}${eq}${value.replace(/[\s"'<>=`]/g, '')}`;
  }
}

function tag(r, row, url) {
  const at = row.lastIndexOf(' '), head = row.slice(0, at), name = row.slice(at + 1), more = r.one(['', '', '', ' alt=x', ' x', ' /', '/', ` ${name}=/ok`]);
  const value = /srcset/.test(name) ? r.one([`${url} 2x`, `/a 1x, ${url.trim()} 2x`, `${url.trim()},/b 3x`]) : row.includes('to') ? url.trim() : url;
  return `<${r.chance(10) ? head.toUpperCase() : head} ${quoted(r, r.chance(10) ? name.toUpperCase() : name, value)}${more}>`;
}

const closed = (r, name, text) => r.chance(85) ? `<${name}>${text}</${name}>` : `<${name}>${text}`;

function plant(r, unicode) {
  const url = unicode && r.chance(8) ? r.one(UNICODE) : r.chance(60) ? r.one(HOSTS) : r.one(PLAIN);
  switch (r.below(12)) {
    case 0: return closed(r, 'script', r.one(SCRIPTS)(r.one(PLAIN)));
    case 1: return closed(r, 'style', r.one(STYLES)(r.one(PLAIN)));
    case 2: return `<div ${quoted(r, 'style', r.one([`background:url(${r.one(PLAIN)})`, `b:u\\72 l("${r.one(PLAIN)}")`, `b:url( '${r.one(PLAIN)}' )`]))}>`;
    case 3: return `<svg>${tag(r, r.one(FOREIGN), url)}${r.chance(60) ? '</svg>' : ''}`;
    case 4: return `<math>${tag(r, r.one(MATHS), url)}${r.chance(60) ? '</math>' : ''}`;
    case 5: return closed(r, 'noscript', tag(r, r.one(ATTRIBUTES), url));
    case 6: return `<iframe ${quoted(r, 'srcdoc', tag(r, r.one(ATTRIBUTES), url))}></iframe>`;
    case 7: return closed(r, 'template', tag(r, r.one(ATTRIBUTES), url));
    case 8: return `<meta http-equiv=${r.one(['refresh', '"Refresh"'])} ${quoted(r, 'content', r.one([`0;url=${url}`, `0; URL='${url}'`, `1 ${url.trim()}`, `0,${url.trim()}`]))}>`;
    case 9: return `<base ${quoted(r, 'href', url)}><img src=p.gif>`;
    default: return tag(r, r.one(ATTRIBUTES), url);
  }
}

// ---- damage ----

const ODD = ['\0', '\r', '\r\n', '\f', '&#0;', '&amp', '&lt;', '&', '<svg>', '</svg>', '<svg/>', '<math>', '</math>', '<mi>', '<mtext>', '<mglyph>', '<malignmark>',
  '<annotation-xml encoding=text/html>', '<annotation-xml>', '<foreignObject>', '</foreignObject>', '<desc>', '<title>', '</title>', '<select>', '</select>',
  '<option>', '<optgroup>', '<noscript>', '</noscript>', '<template>', '</template>', '<!--', '-->', '--!>', '<!-->', '<![CDATA[', ']]>', '<table>', '</table>',
  '<tr>', '<td>', '<caption>', '<col>', '<colgroup>', '<frameset>', '</frameset>', '<plaintext>', '<textarea>', '</textarea>', '<style>', '</style>', '<script>',
  '</script>', '<xmp>', '</xmp>', '<iframe>', '</iframe>', '<noframes>', '</noframes>', '<noembed>', '</noembed>', '</p>', '</br>', '<p>', '<b>', '<a>', '</a>',
  '<button>', '<form>', '<font color=x>', '<font>', '<body>', '</body>', '<html>', '</html>', '<head>', '</head>', '<image ', '<input>', '<keygen>', '<hr>',
  '<?x y>', '<?x "', '<!doctype html>', '<!x', '</', '</x', '<', '>', '"', "'", '=', '/', ' ', '\n', '<div', '<listing>', '<ruby>', '<dd>', '<li>', '<h1>',
  '<script><!--', '<!--<script>', '<svg><script>', '<svg><style>', '<svg><title>', '<math><mi><style>', '</div>', '</svg', '<select><xmp>', '<g>', '</g>'];

function damage(r, text, parts) {
  const at = r.below(text.length + 1), n = r.below(Math.min(300, text.length));
  switch (r.below(11)) {
    case 0: return text.slice(0, at) + r.one(parts).slice(0, 400) + text.slice(at);
    case 1: { // a tag twice
      const tags = text.match(/<[^>]*>/g);
      return tags ? text.slice(0, at) + r.one(tags) + text.slice(at) : text;
    }
    case 2: { // a quote, bracket or such goes
      const found = [...text.matchAll(/["'<>=]/g)];
      if (!found.length) return text;
      const i = r.one(found).index;
      return text.slice(0, i) + text.slice(i + 1);
    }
    case 3: return text.slice(0, at) + text.slice(at + n);
    case 4: { // two halves change places
      const to = r.below(text.length + 1), a = Math.min(at, to), b = Math.max(at, to);
      return text.slice(0, a) + text.slice(b) + text.slice(a, b);
    }
    case 5: return r.chance(30) ? text.slice(0, at) : text;
    default: return text.slice(0, at) + r.one(ODD) + text.slice(at);
  }
}

function piece(r, {rows, inputs, pages}) {
  const kind = r.below(100);
  if (pages.length && kind < 35) {
    const page = r.one(pages), from = r.below(page.length), n = 100 + r.below(3000), at = r.chance(70) ? page.indexOf('<', from) : from;
    return page.slice(Math.max(at, 0), Math.max(at, 0) + n);
  }
  if (inputs.length && kind < 65) return r.one(inputs);
  return r.one(rows);
}

// Where a plant goes: mostly between tags.
function spot(r, text) {
  const at = r.below(text.length + 1);
  if (r.chance(20)) return at;
  const end = text.indexOf('>', at);
  return end < 0 ? at : end + 1;
}

export const CHARSETS = ['utf-8', '', 'windows-1252', 'shift_jis', 'gb18030', 'utf-16le', 'utf-16be', 'iso-2022-jp', 'euc-kr'];

// What a browser would make of a charset's bytes, and how documents of it are made here.
export function encode(text, charset) {
  if (charset === 'utf-8') return Buffer.from(text, 'utf8');
  if (charset === 'utf-16le') return Buffer.from('\ufeff' + text, 'utf16le');
  if (charset === 'utf-16be') return Buffer.from('\ufeff' + text, 'utf16le').swap16();
  return Buffer.from(text, 'latin1');
}

// Document `i` of a seed: {charset, bytes}.
export function document(seed, i, from) {
  const r = new Random((Math.imul(seed, 0x01000193) ^ Math.imul(i + 1, 0x85ebca6b)) >>> 0);
  for (let k = 0; k < 8; k++) r.next();
  const charset = r.chance(85) ? 0 : 1 + r.below(CHARSETS.length - 1);
  const parts = Array.from({length: 1 + r.below(4)}, () => piece(r, from));
  let text = (r.chance(50) ? '<!doctype html>' : '') + parts.join('');
  for (let n = 2 + r.below(8); n > 0; n--) {
    const at = spot(r, text);
    text = text.slice(0, at) + plant(r, CHARSETS[charset].startsWith('utf')) + text.slice(at);
  }
  for (let n = r.below(8); n > 0; n--) text = damage(r, text, parts);
  if (CHARSETS[charset] === 'iso-2022-jp' || CHARSETS[charset] === '')
    for (let n = r.below(4); n > 0; n--) {
      const at = r.below(text.length);
      text = text.slice(0, at) + r.one(['\x1b$B', '\x1b(B', '\x1b(J', '\x1b']) + text.slice(at);
    }
  return {charset, bytes: encode(text, CHARSETS[charset])};
}
