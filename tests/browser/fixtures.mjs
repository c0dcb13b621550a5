// The cases of tests/fixtures/html, as tests/unit/html_rows.h reads them: [{name, input, output}].
import {readFileSync} from 'node:fs';

const WORDS = {GIF: 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==', NOOP: '/.well-known/tacet/s/noop.js'};

const written = line => line.slice(2).replace(/GIF|NOOP|\{U\+([0-9A-F]+)\}/g,
  (word, code) => code ? String.fromCodePoint(parseInt(code, 16)) : WORDS[word]);

export function casesOf(...files) {
  const cases = [];
  for (const file of files)
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const now = cases.at(-1);
      if (line[0] === '=') cases.push({name: line.slice(2), in: [], out: []});
      if (line[0] === '<') now.in.push(written(line));
      if (line[0] === '>') now.out.push(written(line));
    }
  return cases.map(c => ({name: c.name, input: c.in.join('\n'), output: (c.out.length ? c.out : c.in).join('\n')}));
}
