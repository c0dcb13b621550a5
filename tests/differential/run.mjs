// The rewriter against parse5: mutated documents with trackers planted everywhere, rewritten, then read as browsers do. No
// attribute that fetches, style or loader that stood in full may be left, and all readings must agree on what is markup.
//   node run.mjs DRIVER [--documents N] [--seed N] [--only I] [--keep DIR] [--show N]
// The driver is rewrite_many.c. A document that fails is made small and printed. Exit status: 1 if any did.
import {spawn} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {judge, judgeTree} from '../browser/judge.mjs';
import {load} from '../browser/trackers.mjs';
import {CHARSETS, PLAIN, SCRIPTS, document, sources} from './mutate.mjs';
import {readings, scan} from './readings.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BASE = 'https://www.example.com/dir/page.html';
const VERDICTS = ['', 'pieces make another output than the whole', 'rewriting the output changes it', ''];

// ---- the rewriter ----

class Driver {
  constructor(path) {
    this.child = spawn(path, [], {cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit']});
    this.parts = [];
    this.have = 0;
    this.ended = false;
    this.child.stdout.on('data', d => { this.parts.push(d); this.have += d.length; this.wake?.(); });
    this.child.on('close', () => { this.ended = true; this.wake?.(); });
    this.child.stdin.on('error', () => {});
  }
  async take(n) {
    while (this.have < n) {
      if (this.ended) throw new Error('the rewriter ended');
      await new Promise(wake => { this.wake = wake; });
    }
    const all = Buffer.concat(this.parts), got = all.subarray(0, n);
    this.parts = [all.subarray(n)];
    this.have -= n;
    return got;
  }
  async rewrite({charset, bytes}, seed) {
    const head = Buffer.alloc(9);
    head[0] = charset;
    head.writeUInt32LE(seed >>> 0, 1);
    head.writeUInt32LE(bytes.length, 5);
    this.child.stdin.write(Buffer.concat([head, bytes]));
    const [verdict, n] = await this.take(2), said = (await this.take(n)).toString();
    return {verdict, charset: said, bytes: await this.take((await this.take(4)).readUInt32LE())};
  }
  end() { this.child.stdin.end(); }
}

// As a browser decodes it: byte order mark, then the head, then a guess.
function decoded({charset, bytes}) {
  const [a, b, c] = bytes;
  const bom = a === 0xef && b === 0xbb && c === 0xbf ? 'utf-8' : a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : null;
  return new TextDecoder(bom ?? (charset || 'windows-1252')).decode(bytes);
}

// ---- judging ----

const EASY = load(ROOT + 'conf/lists/trackers.tsv');
const OURS = /^https?:\/\/(?:(?:[^/?#]*\.)?t\.example(?![^/?#:])(?!\/allowed\/)|(?:[^/?#]*\.)?cdn\.example(?![\w.%-]).+\/pixel\.)/i;
const trackers = {
  listed: url => OURS.test(url) ? {pattern: 't.example'} : EASY.listed(url),
  listedHost: host => EASY.listedHost(host),
  // A planted loader that is whole and begins its script: a damaged one loads nothing.
  loader: text => SCRIPTS.some(whole => PLAIN.some(url => text.trimStart().startsWith(whole(url)))) ? {vendor: 'plant', text: text.slice(0, 80)} : null,
};

// What is wrong with the output of a document: [], or lines.
async function faults(driver, doc, seed) {
  const out = await driver.rewrite(doc, seed);
  if (VERDICTS[out.verdict]) return [VERDICTS[out.verdict]];
  if (out.bytes.length === 0) return [];
  const text = decoded(out);
  let read;
  try { read = readings(text); } catch (e) {
    if (e instanceof RangeError) return ['']; // parse5 breaks off at some numeric references
    throw e;
  }
  const {trees, parted} = read, found = parted ? [`readings part; ${parted}`] : [];
  for (const [scriptingEnabled, tree] of trees)
    for (const f of judgeTree(tree, BASE, trackers, {scriptingEnabled}))
      found.push(`scripting ${scriptingEnabled ? 'on' : 'off'}${f.where}: <${f.element} ${f.attribute}> ${f.url ?? ''} (${f.why})`);
  return [...found, ...fetched(text)];
}

// What a preload scanner would fetch: an address that stands in full, for a page in pieces has its base elsewhere.
const FETCHED = [['img', 'src'], ['image', 'src'], ['script', 'src'], ['video', 'poster'], ['input', 'src'], ['link', 'href']];
const HINTS = /^(preload|modulepreload|prefetch|preconnect|dns-prefetch|stylesheet)$/i;

function fetched(text) {
  const found = [];
  scan(text, (name, attributes) => {
    for (const [element, attribute] of FETCHED) {
      const value = name === element ? attributes.get(attribute) ?? '' : '';
      if (!/^[\s\0-\x1f]*(https?:)?[/\\]{2}/i.test(value) || !URL.canParse(value, BASE)) continue;
      if (name === 'link' && !(attributes.get('rel') ?? '').split(/\s+/).some(rel => HINTS.test(rel))) continue;
      if (name === 'script' && !/^$|^module$|^(text|application)\/(x-)?(java|ecma|j|live)script([\s;]|$)/i.test((attributes.get('type') ?? '').trim())) continue;
      if (name === 'input' && !/^image$/i.test(attributes.get('type') ?? '')) continue;
      if (trackers.listed(new URL(value, BASE).href)) found.push(`scanner: <${name} ${attribute}> ${value}`);
    }
  });
  return found;
}

const kindOf = fault => fault.replace(/at \d+.*/, '').replace(/>.*/, '');

// The smallest part of a document that still fails in the same way: halves go, then quarters, then bytes.
async function smallest(driver, doc, seed, kind) {
  const fails = async bytes => (await faults(driver, {...doc, bytes}, seed)).some(f => kindOf(f) === kind);
  const step = CHARSETS[doc.charset].startsWith('utf-16') ? 2 : 1;
  let bytes = doc.bytes;
  for (let size = Math.max(step, bytes.length >> 1); ; size = Math.max(step, size >> 1)) {
    let smaller = false;
    for (let at = 0; at < bytes.length;) {
      const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
      if (without.length < bytes.length && await fails(without)) { bytes = without; smaller = true; }
      else at += size;
    }
    if (size <= step && !smaller) return {...doc, bytes};
  }
}

// ---- the run ----

function options(argv) {
  const o = {driver: argv[0], documents: 300, seed: 1, only: null, keep: null, show: 3};
  for (let i = 1; i < argv.length; i += 2) {
    const name = argv[i].replace(/^--/, '');
    if (!(name in o) || argv[i + 1] === undefined) throw new Error(`what is ${argv[i]}?`);
    o[name] = name === 'keep' ? argv[i + 1] : Number(argv[i + 1]);
  }
  return o;
}

const o = options(process.argv.slice(2)), from = sources(ROOT + 'tests/fixtures/html/rows.txt', ROOT + '../shared');
// The judge must find what it looks for: before the rewriting, most documents name a tracker.
const control = Math.min(o.documents, 100), named = Array.from({length: control}, (_, i) => document(o.seed, i, from))
  .filter(doc => judge(decoded({charset: CHARSETS[doc.charset], bytes: doc.bytes}), BASE, trackers, {}).length > 0).length;
const kinds = new Map(), driver = new Driver(o.driver);
let failed = 0, touched = 0, unread = 0;

console.log(`seed ${o.seed}, ${o.documents} documents of ${from.rows.length} rows, ${from.inputs.length} inputs, ${from.pages.length} pages`);
for (let i = o.only ?? 0; i < (o.only === null ? o.documents : o.only + 1); i++) {
  const doc = document(o.seed, i, from), seed = o.seed + i;
  touched += (await driver.rewrite(doc, seed)).bytes.equals(doc.bytes) ? 0 : 1;
  const found = await faults(driver, doc, seed);
  if (!found.length) continue;
  if (!found[0]) { unread++; continue; }
  failed++;
  const kind = kindOf(found[0]);
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  if (kinds.get(kind) > o.show) continue;
  const small = await smallest(driver, doc, seed, kind), out = await driver.rewrite(small, seed);
  console.log(`document ${i} (${CHARSETS[doc.charset] || 'undeclared'}): ${found[0]}`);
  console.log(`  in:  ${JSON.stringify(small.bytes.toString('latin1'))}\n  out: ${JSON.stringify(out.bytes.toString('latin1'))}`);
  if (o.keep) {
    mkdirSync(o.keep, {recursive: true});
    writeFileSync(`${o.keep}/${o.seed}-${i}`, small.bytes);
  }
}
driver.end();
for (const [kind, n] of kinds) console.log(`${n} x ${kind}`);
console.log(`${named} of the first ${control} name a tracker before; parse5 could not read ${unread}`);
console.log(`${o.documents} documents, ${touched} changed, ${failed} failed`);
process.exitCode = failed || named * 2 < control || unread * 100 > o.documents ? 1 : 0;
