// The same pages through lol-html (its WebAssembly build from npm) doing a comparable job: src of script, img and iframe and
// href of link are replaced where a set of hosts names theirs or a parent of it. No inline scripts, styles, srcset,
// noscript; no patterns with paths.
// Counted is processor time, as in bench_html.
//   node lol_html.mjs DIRECTORY ROUNDS [EASYPRIVACY]   ->   {"median": GB/s, "best": GB/s, "pages", "bytes", "replaced", "hosts"}
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const {HTMLRewriter} = createRequire(ROOT + 'tests/package.json')('lol-html');
const [directory, rounds, privacy] = process.argv.slice(2);
const PIECE = 65536;

// Hosts of which every URL is listed: "||host^" in our lists and EasyPrivacy.
function hosts() {
  const found = new Set(), list = privacy && existsSync(privacy) ? readFileSync(privacy, 'utf8') : '';
  const text = readFileSync(ROOT + 'conf/lists/trackers.tsv', 'utf8') + list;
  for (const m of text.matchAll(/\|\|([a-z0-9.-]+)\^/g)) found.add(m[1]);
  return found;
}

const listed = hosts();

function isListed(url) {
  const m = /^(?:https?:)?\/\/([^/?#:]+)/i.exec(url);
  if (!m) return false;
  for (let host = m[1].toLowerCase(); host; host = host.includes('.') ? host.slice(host.indexOf('.') + 1) : '')
    if (listed.has(host)) return true;
  return false;
}

let replaced = 0, sent = 0;

function rewrite(page) {
  const rewriter = new HTMLRewriter('utf-8', part => { sent += part.length; });
  const on = (selector, attribute, value) => rewriter.on(selector, {
    element(e) {
      if (!isListed(e.getAttribute(attribute))) return;
      e.setAttribute(attribute, value);
      replaced++;
    },
  });
  on('script[src]', 'src', '/.well-known/tacet/s/noop.js');
  on('img[src]', 'src', 'data:,');
  on('iframe[src]', 'src', 'about:blank');
  on('link[href]', 'href', '');
  for (let at = 0; at < page.length; at += PIECE) rewriter.write(page.subarray(at, at + PIECE));
  rewriter.end();
  rewriter.free();
}

const pages = readdirSync(directory).filter(n => n.endsWith('.html')).map(n => readFileSync(`${directory}/${n}`));
const bytes = pages.reduce((n, p) => n + p.length, 0), seconds = [];
for (let round = 0; round <= Number(rounds); round++) {
  const from = process.cpuUsage();
  replaced = 0;
  pages.forEach(rewrite);
  const used = process.cpuUsage(from);
  if (round > 0) seconds.push((used.user + used.system) / 1e6); // the first warms up
}
seconds.sort((a, b) => a - b);
console.log(JSON.stringify({median: bytes / seconds[seconds.length >> 1] / 1e9, best: bytes / seconds[0] / 1e9, pages: pages.length, bytes, replaced,
  hosts: listed.size}));
