// Our matcher against two other engines, over the same lists and the same requests. A row counts where both say the same:
// then ours must say it too, or a row of reasons.tsv must say why not.
//   node run.mjs DRIVER [--rows N] [--seed N] [--lists easyprivacy,easylist,ublock] [--show N]
// The driver is match_many.c. Exit status: 1 if a difference is left, or a reason that no row needs any more, or too little was
// looked at.
import {execFile} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {fileURLToPath} from 'node:url';
import {ALLOW, BLOCK} from './engines.mjs';
import {Generator} from './generate.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url)), ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const UBLOCK = '/usr/share/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}/uBlock0@raymondhill.net/assets/';
const LISTS = {easyprivacy: ['thirdparties/easylist/easyprivacy.txt'], easylist: ['thirdparties/easylist/easylist.txt'],
  ublock: ['ublock/privacy.min.txt', 'ublock/filters.min.txt', 'ublock/unbreak.min.txt']}; // with nearly every option there is

function options(argv) {
  const o = {driver: argv[0], rows: 6000, seed: 1, lists: 'easyprivacy', show: 10};
  for (let i = 1; i < argv.length; i += 2) {
    const name = argv[i].replace(/^--/, '');
    if (!(name in o) || argv[i + 1] === undefined) throw new Error(`what is ${argv[i]}?`);
    o[name] = name === 'lists' ? argv[i + 1] : Number(argv[i + 1]);
  }
  return o;
}

const run = (program, args, input) => new Promise((done, fail) => {
  const child = execFile(program, args, {maxBuffer: 1 << 30}, (error, out, err) => error ? fail(new Error(`${program}: ${err || error}`)) : done(out.trimEnd().split('\n').map(l => {
    const [verdict, ...rule] = l.split('\t');
    return {verdict: Number(verdict), rule: rule.join('\t')};
  })));
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
});

// What a proxy is not. Names that are not here are false too.
const IS = {cap_html_filtering: true, true: true};

// A list without the lines that "!#if" hides from us. The engines are given this; ours reads the list as it is.
function processed(text) {
  const shown = [true], out = [];
  for (const line of text.split(/\r?\n/)) {
    const [, word, rest] = /^!#(if|else|endif)\b(.*)/.exec(line) ?? [];
    if (word === 'if') shown.push(new Function(`return ${rest.replace(/[^\w&|!() ]/g, '').replace(/\w+/g, w => IS[w] === true)}`)());
    else if (word === 'else') shown.push(!shown.pop());
    else if (word === 'endif') shown.pop();
    else if (shown.every(Boolean)) out.push(line);
  }
  return out.join('\n');
}

// Asks all three about the rows.
async function ask(o, paths, texts, rows, explain = false) {
  const directory = mkdtempSync(`${tmpdir()}/tacet-lists-`), file = `${directory}/rows.json`;
  const lists = texts.map((text, i) => { writeFileSync(`${directory}/${i}.txt`, text); return `${directory}/${i}.txt`; });
  writeFileSync(file, JSON.stringify(rows.map(({url, host, domain, page, site, type}) => ({url, host, domain, page, site, type, explain}))));
  try {
    const ours = run(o.driver, paths, rows.map(row => `${row.type}\t${row.page}\t${row.url}\n`).join(''));
    const theirs = ['ghostery', 'ubo'].map(name => run(process.execPath, [HERE + 'engines.mjs', name, file, ...lists]));
    return await Promise.all([ours, ...theirs]);
  } finally { rmSync(directory, {recursive: true}); }
}

// reasons.tsv: id, list, what a request must look like, our verdict and theirs, why.
function reasons() {
  return readFileSync(HERE + 'reasons.tsv', 'utf8').split('\n').filter(l => l && !l.startsWith('#')).map(l => {
    const [id, list, looks, ours, theirs, why] = l.split('\t');
    if (!why) throw new Error(`reasons.tsv: ${id} has no reason`);
    return {id, list, looks: new RegExp(looks), ours: Number(ours), theirs: Number(theirs), why, rows: 0};
  });
}

// ---- the run ----

const o = options(process.argv.slice(2)), paths = o.lists.split(',').flatMap(name => LISTS[name]?.map(file => UBLOCK + file) ?? name);
const missing = paths.find(p => !existsSync(p));
if (missing) {
  console.log(`skip: ${missing} is not installed`);
  process.exit(0);
}
const texts = paths.map(p => processed(readFileSync(p, 'utf8'))), g = new Generator(o.seed), share = o.rows / 6, of = g.rules(texts, share);
g.corpus(ROOT + '../shared/corpus/pages', share);
g.vendors(readFileSync(ROOT + 'conf/lists/trackers.tsv', 'utf8'));
g.damage(share);

const {rows} = g, [ours, ghostery, ubo] = await ask(o, paths, texts, rows), count = {}, known = reasons().filter(r => o.lists.split(',').includes(r.list)), wrong = [];
const same = rows.map((_, i) => i).filter(i => ghostery[i].verdict === ubo[i].verdict), of3 = v => same.filter(i => ubo[i].verdict === v).length;
for (const row of rows) count[row.from] = (count[row.from] ?? 0) + 1;
for (const i of same.filter(k => ours[k].verdict !== ubo[k].verdict)) {
  const text = `${rows[i].type} ${rows[i].url} ${rows[i].page} ${ours[i].rule || rows[i].about}`;
  const reason = known.find(r => r.ours === ours[i].verdict && r.theirs === ubo[i].verdict && r.looks.test(text));
  if (reason) reason.rows++;
  else wrong.push(i);
}

console.log(`seed ${o.seed}, ${o.lists}: ${of.all} rules, ${of.special} of them exceptions or with options, ${of.missed.length} not touched`);
for (const text of of.missed.slice(0, o.show)) console.log(`  not touched: ${text}`);
console.log(`${rows.length} requests: ${Object.entries(count).map(([k, n]) => `${n} ${k}`).join(', ')}`);
const some = wrong.slice(0, o.show), [, gSays, uSays] = some.length ? await ask(o, paths, texts, some.map(i => rows[i]), true) : [];
some.forEach((i, k) => console.log(`${rows[i].type} ${rows[i].url}\n  on ${rows[i].page} (${rows[i].from}: ${rows[i].about.slice(0, 200)})\n`
  + `  ours ${ours[i].verdict} ${ours[i].rule.slice(0, 200)}\n  ghostery ${gSays[k].verdict} ${gSays[k].rule.slice(0, 200)}\n  ubo ${uSays[k].verdict} ${uSays[k].rule.slice(0, 200)}`));

// A reason is needed by the fixed seed's rows: others may miss it by chance.
const idle = o.seed === 1 ? known.filter(r => r.rows === 0) : [];
for (const r of idle) console.log(`reasons.tsv: ${r.id} explains nothing any more`);
for (const r of known.filter(k => k.rows)) console.log(`${r.rows} explained by ${r.id}: ${r.why}`);
console.log(`${same.length} judged alike by both: ${of3(BLOCK)} blocked, ${of3(ALLOW)} freed by exceptions; ${wrong.length} differ here without a reason`);
const thin = same.length < 5000 || of3(BLOCK) * 3 < same.length || of.missed.length * 50 > of.special;
if (thin) console.log('too little was looked at');
process.exitCode = wrong.length || idle.length || thin ? 1 : 0;
