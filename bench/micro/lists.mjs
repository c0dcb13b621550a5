// The same requests through engines in JavaScript (npm: @ghostery/adblocker, @gorhill/ubo-core), as bench_match --rows does it:
// reading the URL and judging it, in processor time.
//   node --expose-gc lists.mjs rows DIRECTORY              ->  requests of the pages there: type, page, URL; a tab between them
//   node --expose-gc lists.mjs ENGINE ROWS ROUNDS LIST...  ->  {"load_ms", "bytes", "ns", "blocked", "requests"}
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {fileURLToPath, pathToFileURL} from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)), require = createRequire(ROOT + 'tests/package.json');
const [what, ...args] = process.argv.slice(2);
const {BLOCK, SUFFIXES, TYPES} = await import(pathToFileURL(ROOT + 'tests/differential/lists/engines.mjs').href);

async function rows(directory) {
  const {Generator} = await import(pathToFileURL(ROOT + 'tests/differential/lists/generate.mjs').href), g = new Generator(1);
  g.corpus(directory, 20000);
  return g.rows.filter(row => row.page === 'www.example.com').map(row => `${row.type}\t${row.page}\t${row.url}\n`).join('');
}

// Each: (texts of lists) -> request -> whether it is blocked, from nothing but the URL's text.
const ENGINES = {
  async ghostery(texts) {
    const {FiltersEngine, Request} = require('@ghostery/adblocker');
    const engine = FiltersEngine.parse(texts.join('\n'), {loadCosmeticFilters: false});
    return row => engine.match(Request.fromRawDetails({url: row.url, sourceUrl: row.from, type: TYPES[row.type]})).match;
  },
  async ubo(texts) {
    const {StaticNetFilteringEngine, pslInit} = await import(pathToFileURL(require.resolve('@gorhill/ubo-core')).href);
    const engine = await StaticNetFilteringEngine.create({noPSL: true});
    pslInit(readFileSync(SUFFIXES, 'utf8'));
    await engine.useLists(texts.map((raw, i) => ({name: `list${i}`, raw})));
    return row => engine.matchRequest({originURL: row.from, url: row.url, type: TYPES[row.type]}) === BLOCK;
  },
};

const used = from => { const u = process.cpuUsage(from); return (u.user + u.system) / 1e3; };

function bytes() {
  globalThis.gc?.();
  const m = process.memoryUsage();
  return m.heapUsed + m.external;
}

async function measure(name, file, rounds, lists) {
  const texts = lists.map(f => readFileSync(f, 'utf8'));
  const requests = readFileSync(file, 'utf8').trimEnd().split('\n').map(l => { const [type, page, url] = l.split('\t'); return {type, from: `https://${page}/`, url}; });
  const before = bytes(), start = process.cpuUsage(), blocks = await ENGINES[name](texts), load_ms = used(start), after = bytes();
  let blocked = 0;
  for (let warm = 0; warm < 3; warm++) blocked = requests.filter(blocks).length;
  const from = process.cpuUsage();
  for (let round = 0; round < rounds; round++) blocked = requests.filter(blocks).length;
  return {load_ms, bytes: after - before, ns: used(from) * 1e6 / rounds / requests.length, blocked, requests: requests.length};
}

process.stdout.write(what === 'rows' ? await rows(args[0]) : JSON.stringify(await measure(what, args[0], Number(args[1]), args.slice(2))) + '\n');
