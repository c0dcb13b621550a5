// Which URLs a style would fetch: CSS Syntax's tokens, as far as URLs need them. Escapes are decoded, comments are not
// seen, and url(), src(), image-set() and @import are told apart from strings that name no resource.

const NAME = /[a-zA-Z0-9_\-\u0080-\uffff]/;
const SPACE = /[ \t\n\r\f]/;
const IMAGE_SETS = new Set(['image-set', '-webkit-image-set', 'cross-fade', '-webkit-cross-fade', 'image']);

class Reader {
  constructor(text) { this.text = text.replace(/\r\n?|\f/g, '\n').replace(/\0/g, '\ufffd'); this.at = 0; }
  peek(n = 0) { return this.text[this.at + n] ?? ''; }
  escape() { // behind the backslash
    const hex = /^[0-9a-fA-F]{1,6}/.exec(this.text.slice(this.at, this.at + 6))?.[0];
    if (!hex) { const c = this.peek(); this.at++; return c; }
    this.at += hex.length;
    if (SPACE.test(this.peek())) this.at++;
    const code = parseInt(hex, 16);
    return code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? '\ufffd' : String.fromCodePoint(code);
  }
  escapes(n = 0) { return this.peek(n) === '\\' && this.peek(n + 1) !== '\n'; }
  name() {
    let out = '';
    for (;;) {
      if (this.peek() && NAME.test(this.peek())) { out += this.peek(); this.at++; }
      else if (this.escapes() && this.at + 1 < this.text.length) { this.at++; out += this.escape(); }
      else return out;
    }
  }
  string(quote) { // behind the quote; null: a bad string
    let out = '';
    for (;;) {
      const c = this.peek();
      if (c === '' || c === quote) { this.at++; return out; }
      if (c === '\n') return null;
      this.at++;
      if (c !== '\\') out += c;
      else if (this.peek() === '\n') this.at++;
      else if (this.peek() !== '') out += this.escape();
    }
  }
  space() { while (SPACE.test(this.peek())) this.at++; }
  url() { // behind "url(" and white space, not at a quote; null: a bad one
    let out = '';
    for (;;) {
      const c = this.peek();
      if (c === '' || c === ')') { this.at++; return out; }
      if (SPACE.test(c)) {
        this.space();
        if (this.peek() === ')' || this.peek() === '') { this.at++; return out; }
        break;
      }
      if (/["'(\u0001-\u0008\u000b\u000e-\u001f\u007f]/.test(c) || (c === '\\' && !this.escapes())) break;
      this.at++;
      out += c === '\\' ? this.escape() : c;
    }
    while (this.peek() !== '' && this.peek() !== ')') this.at += this.escapes() ? 2 : 1;
    this.at++;
    return null;
  }
}

// rules: it is a sheet; an attribute holds declarations alone, and an @import there asks for nothing.
export function urlsOf(text, rules = true) {
  const r = new Reader(text), found = [], open = [];
  let rule = '', first = false; // first: nothing but comments since "@import" or "url("
  const note = url => { if (url !== null) found.push(url); };
  while (r.at < r.text.length) {
    const c = r.peek();
    if (c === '/' && r.peek(1) === '*') {
      const end = r.text.indexOf('*/', r.at + 2);
      r.at = end < 0 ? r.text.length : end + 2;
    } else if (c === '"' || c === "'") {
      r.at++;
      const s = r.string(c), within = open.at(-1);
      if (first && (rules && rule === 'import' || within === 'url' || within === 'src') || IMAGE_SETS.has(within)) note(s);
      first = false;
    } else if (NAME.test(c) || r.escapes()) {
      const name = r.name().toLowerCase();
      if (r.peek() !== '(') { first = false; r.at += name ? 0 : 1; continue; }
      r.at++;
      if (name === 'url') {
        r.space();
        if (r.peek() !== '"' && r.peek() !== "'") { note(r.url()); first = false; continue; }
      }
      first = name === 'url' || name === 'src';
      open.push(name);
    } else if (c === '@') {
      r.at++;
      first = true;
      rule = NAME.test(r.peek()) || r.escapes() ? r.name().toLowerCase() : '';
    } else {
      if (c === '(') open.push('');
      else if (c === ')') open.pop();
      else if (c === ';' || c === '{' || c === '}') rule = '';
      first &&= SPACE.test(c);
      r.at++;
    }
  }
  return found;
}
