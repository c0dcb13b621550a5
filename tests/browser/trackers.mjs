// What the tests hold against a page: the URL patterns and inline signatures of conf/lists/trackers.tsv, read
// here by code of its own, so that a mistake of the product's generator is not repeated by its judge.
import {readFileSync} from 'node:fs';

const ESSENTIAL = new Set(['consent', 'security']);

function rows(file) {
  const lines = readFileSync(file, 'utf8').split('\n').filter(l => l);
  const head = lines.findLast(l => l.startsWith('#vendor')).slice(1).split('\t');
  return lines.filter(l => !l.startsWith('#'))
    .map(l => Object.fromEntries(l.split('\t').map((v, i) => [head[i], v])));
}

const escaped = s => s.replace(/[.+?${}()|[\]\\]/g, '\\$&');

// "||host/path", with * and ^ as filter lists mean them. Patterns without a host are judged elsewhere (endpoints).
function urlRegExp(pattern) {
  const body = escaped(pattern.slice(2).replace(/\|$/, '')).replace(/\*/g, '.*').replace(/\\?\^/g, '(?:[^a-zA-Z0-9_.%-]|$)');
  return new RegExp('^[a-z]+://(?:[^/?#]*\\.)?' + body + (pattern.endsWith('|') ? '$' : ''), 'i');
}

const split = cell => (cell || '').split('; ').map(s => s.trim()).filter(Boolean);

export function load(file) {
  const patterns = [], signatures = [], hosts = [];
  for (const row of rows(file)) {
    if (ESSENTIAL.has(row.category) || row.stub === 'keep' || row.vendor.startsWith('Meta SDK')) continue;
    for (const p of split(row.url_patterns).filter(p => p.startsWith('||'))) {
      patterns.push({vendor: row.vendor, pattern: p, re: urlRegExp(p)});
      if (/^\|\|[a-z0-9.-]+\^$/.test(p)) hosts.push(p.slice(2, -1));
    }
    // Only what names a file of the vendor proves a loader; words such as "gtag(" may stand in a page's own code.
    for (const s of split(row.inline_signatures).filter(s => /^[a-z0-9.-]+\.[a-z]+\/[^ ]|^[a-z0-9-]+\.js$/i.test(s)))
      signatures.push({vendor: row.vendor, text: s});
  }
  return {
    // The pattern that a URL falls under, or null.
    listed: url => patterns.find(p => p.re.test(url.replace(/#.*/s, ''))) ?? null, // a fragment is asked of nobody
    // Whether every URL of a host is listed: what a bare connection can be judged by.
    listedHost: host => hosts.some(h => host === h || host.endsWith('.' + h)),
    loader: script => signatures.find(s => {
      const at = script.indexOf(s.text);
      return at >= 0 && !/[A-Za-z0-9_$]/.test(script[at - 1] ?? ' ');
    }) ?? null,
    count: patterns.length,
  };
}
