// A visitor's way with GPC through one browser: status text, choices page, later visits without the signal, and back.
//   node gpc.mjs < {"browser", "path", "site", "args", "prefs", "shots"}   ->   {"signalled", "without_cookies", "chosen"}
import {visitor} from './visitor.mjs';

const PAGE = '/page', CHOICES = '/privacy-choices';

let input = '';
for await (const part of process.stdin) input += part;
const spec = JSON.parse(input);

const see = (b, path) => b.open(path).then(() => read(b));

const read = b => b.run(`({path: location.pathname, text: document.body.innerText, tags: document.querySelectorAll('script[src*="googletagmanager"]').length,
  role: document.querySelector('[role=status]')?.innerText ?? '', link: document.querySelector('[role=status] a')?.getAttribute('href') ?? '',
  heard: document.documentElement.dataset.gpc, checked: [...document.querySelectorAll('input:checked')].map(e => e.name + '=' + e.value)})`);

async function choose(b, what) {
  await b.open(CHOICES);
  await b.run(`(document.querySelector('input[name=choice][value=${what}]').click(), 0)`);
  await b.send('button[type=submit]');
  return read(b);
}

async function step(how, way) {
  const b = await visitor(spec, how), out = {};
  const shoot = async name => { if (spec.shots) await b.shoot(`${spec.shots}/${spec.browser}-${name}.png`); };
  try {
    await way(b, out, shoot);
  } finally {
    await b.close();
  }
  return out;
}

const out = {
  // With the signal: shown at once, said in the page, and allowing does not help.
  signalled: await step({signal: true, cookies: true}, async (b, o, shoot) => {
    o.page = await see(b, PAGE);
    await shoot('status');
    o.property = await b.run('navigator.globalPrivacyControl ?? null');
    o.choices = await see(b, CHOICES);
    await shoot('choices');
    o.allowed = await choose(b, 'in');
    o.after = await see(b, PAGE);
  }),
  // No cookie is kept: each visit with the signal is out, and who chooses without it is told.
  without_cookies: await step({signal: true, cookies: false}, async (b, o) => {
    o.first = await see(b, PAGE);
    o.second = await see(b, PAGE);
  }),
  without_both: await step({signal: false, cookies: false}, async (b, o) => {
    o.told = await choose(b, 'out');
    o.page = await see(b, PAGE);
  }),
  // Without the signal: out on the page, out on later visits, and back in.
  chosen: await step({signal: false, cookies: true}, async (b, o, shoot) => {
    o.before = await see(b, PAGE);
    o.saved = await choose(b, 'out');
    await shoot('saved');
    o.later = await see(b, PAGE);
    o.again = await see(b, PAGE + '?again');
    o.why = await see(b, CHOICES + '/why');
    await shoot('why');
    o.back = await choose(b, 'in');
    o.in = await see(b, PAGE);
  }),
};
console.log(JSON.stringify(out));
