// Two engines that read adblock lists, asked alike: what do they say about a request? A row is {url, host, domain, page, site,
// type}: host and page are host names, domain and site their registrable domains, type as in TYPES.
// As a program: node engines.mjs NAME ROWS LIST...; ROWS is a file of JSON, a row an item. Prints a verdict a line.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

// Our name of each type, and theirs; both speak as browsers' extensions do.
export const TYPES = {script: 'script', image: 'image', subdocument: 'sub_frame', stylesheet: 'stylesheet', font: 'font', media: 'media', object: 'object',
  xmlhttprequest: 'xmlhttprequest', ping: 'ping', websocket: 'websocket', other: 'other'};
export const NONE = 0, BLOCK = 1, ALLOW = 2; // ALLOW: an exception freed what a rule blocks

export const SUFFIXES = '/usr/share/publicsuffix/public_suffix_list.dat';
const require = createRequire(import.meta.url);

async function ghostery(texts) {
  const {FiltersEngine, Request} = require('@ghostery/adblocker');
  const engine = FiltersEngine.parse(texts.join('\n'), {loadCosmeticFilters: false, loadExtendedSelectors: false});
  const match = row => engine.match(new Request({requestId: '1', tabId: 1, url: row.url, hostname: row.host,
    domain: row.domain, sourceHostname: row.page, sourceDomain: row.site, type: TYPES[row.type]}));
  return {
    judge(row) { const m = match(row); return m.match ? BLOCK : m.exception !== undefined ? ALLOW : NONE; },
    rule(row) { const m = match(row); return (m.exception ?? m.filter)?.toString() ?? ''; },
  };
}

async function ubo(texts) {
  const {StaticNetFilteringEngine, pslInit} = await import(pathToFileURL(require.resolve('@gorhill/ubo-core')).href);
  const engine = await StaticNetFilteringEngine.create({noPSL: true});
  pslInit(readFileSync(SUFFIXES, 'utf8'));
  await engine.useLists(texts.map((raw, i) => ({name: `list${i}`, raw})));
  const details = row => ({originURL: `https://${row.page}/`, url: row.url, type: TYPES[row.type]});
  return {
    judge: row => engine.matchRequest(details(row)),
    rule: row => engine.matchRequest(details(row)) !== NONE ? engine.toLogData()?.raw ?? '' : '',
  };
}

export const ENGINES = {ghostery, ubo};

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [name, rows, ...lists] = process.argv.slice(2);
  const engine = await ENGINES[name](lists.map(f => readFileSync(f, 'utf8')));
  const out = JSON.parse(readFileSync(rows, 'utf8')).map(row => [engine.judge(row), row.explain ? engine.rule(row) : '']);
  process.stdout.write(out.map(([v, rule]) => `${v}\t${rule}\n`).join(''));
}
