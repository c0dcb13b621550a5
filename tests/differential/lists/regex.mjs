// Text that a regular expression matches: for the few forms that filter lists use. null where it cannot be made, or does not
// match after all.
export function example(source, r) {
  let at = 0;
  const more = () => at < source.length, peek = () => source[at];

  function times(make) {
    let low = 1, high = 1;
    const m = /^(?:([*+?])|\{(\d+)(,(\d*))?\})\??/.exec(source.slice(at));
    if (m) {
      at += m[0].length;
      if (m[1]) [low, high] = {'*': [0, 4], '+': [1, 4], '?': [0, 1]}[m[1]];
      else { low = Number(m[2]); high = m[3] ? Number(m[4] || low + 3) : low; }
    }
    return Array.from({length: low + r.below(high - low + 1)}, make).join('');
  }

  const CLASSES = {d: '0123456789', w: 'abcxyz019_', s: ' ', D: 'ab-', W: '/-', S: 'ab1'};
  const escaped = c => CLASSES[c] ?? (c === 'b' || c === 'B' ? '' : c);

  function set() { // behind "["
    const not = peek() === '^';
    let from = '';
    if (not) at++;
    for (let first = true; more() && (first || peek() !== ']'); first = false) {
      let c = source[at++];
      if (c === '\\') { const chosen = escaped(source[at++]); if (chosen.length !== 1) { from += chosen; continue; } c = chosen; }
      if (peek() === '-' && source[at + 1] !== ']' && at + 1 < source.length) {
        at++;
        const last = source[at++];
        for (let k = c.charCodeAt(0); k <= last.charCodeAt(0); k++) from += String.fromCharCode(k);
      } else from += c;
    }
    at++;
    return not ? [...'abcdefxyz0189-_./?=&'].filter(c => !from.includes(c)).join('') : from;
  }

  function atom() {
    const c = source[at++];
    if (c === '(') {
      const group = /^\?(:|!|=|<[^>]*>)/.exec(source.slice(at));
      if (group) at += group[0].length;
      const from = at, inner = either(), to = at;
      at++;
      if (group?.[1] === '!') return '';
      const here = at, text = times(() => { const back = at; at = from; const t = either(); at = back; return t; });
      return here === at ? inner : text;
    }
    if (c === '[') { const from = set(); return times(() => from ? r.one([...from]) : ''); }
    if (c === '\\') { const from = escaped(source[at++]); return times(() => from ? r.one([...from]) : ''); }
    if (c === '.') return times(() => r.one([...'ab1x']));
    if (c === '^' || c === '$') return '';
    return times(() => c);
  }

  function either() {
    const options = [];
    for (;;) {
      let text = '';
      while (more() && peek() !== '|' && peek() !== ')') text += atom();
      options.push(text);
      if (peek() !== '|') return r.one(options);
      at++;
    }
  }

  try {
    const text = either();
    return new RegExp(source, 'i').test(/^https?:/.test(text) ? text : 'https://o.example/' + text) ? text : null;
  } catch { return null; }
}
