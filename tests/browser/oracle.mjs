// Says what a browser would fetch from listed hosts, by parsing pages as the HTML standard does (parse5).
//   node oracle.mjs trackers.tsv PAGE.html ...   ->   {"PAGE.html": [finding, ...], ...} on standard output
// Each page is read twice: with scripting (noscript is text) and without (noscript is markup).
import {readFileSync} from 'node:fs';
import {basename} from 'node:path';
import {judge} from './judge.mjs';
import {load} from './trackers.mjs';

const [lists, ...pages] = process.argv.slice(2);
const trackers = load(lists), report = {};

for (const page of pages) {
  const html = readFileSync(page, 'utf8'), base = 'http://www.example.test/' + basename(page);
  report[page] = [true, false].flatMap(scriptingEnabled => judge(html, base, trackers, {scriptingEnabled})
    .map(f => `${scriptingEnabled ? 'script' : 'noscript'}${f.where}: <${f.element} ${f.attribute}> ${(f.url ?? '').slice(0, 120)} (${f.why})`));
}
console.log(JSON.stringify(report));
