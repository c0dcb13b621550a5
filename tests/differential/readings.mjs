// One page, read as browsers old and new read it, with scripting on and off: parse5 is the old reading of select; the new
// one ("relaxed select", where tags in it are parsed as anywhere) is made of it here.
import {Parser, Tokenizer, TokenizerMode, html} from 'parse5';

const {TAG_ID: ID} = html;
const IN_SELECT = new Set([15, 16]); // InsertionMode of parse5: IN_SELECT, IN_SELECT_IN_TABLE; checked below

class Reading extends Parser {
  constructor(options) {
    super({...options, sourceCodeLocationInfo: true});
    this.tokens = [];
  }
  // Tags and comments are what two readings must agree on; text is what lies between them.
  see(kind, token) {
    if (this.tokens.at(-1)?.from !== token.location.startOffset)
      this.tokens.push({kind, from: token.location.startOffset, to: token.location.endOffset, name: token.tagName ?? ''});
  }
  onStartTag(token) { this.see('start', token); super.onStartTag(token); }
  onEndTag(token) { this.see('end', token); super.onEndTag(token); }
  onComment(token) { this.see('comment', token); super.onComment(token); }
}

class NewSelect extends Reading {
  constructor(options) {
    super(options);
    let mode = this.insertionMode;
    Object.defineProperty(this, 'insertionMode', {get: () => mode, set: to => { if (!IN_SELECT.has(to)) mode = to; }});
  }
  // The stack as it is, but that no select decides a mode.
  _resetInsertionMode() {
    const ids = this.openElements.tagIDs, at = ids.flatMap((id, i) => id === ID.SELECT ? [i] : []);
    for (const i of at) ids[i] = ID.UNKNOWN;
    super._resetInsertionMode();
    for (const i of at) ids[i] = ID.SELECT;
  }
  inSelect() { return !this.currentNotInHTML && this.openElements.hasInScope(ID.SELECT); }
  popSelect() {
    this.openElements.generateImpliedEndTags();
    this.openElements.popUntilTagNamePopped(ID.SELECT);
  }
  onStartTag(token) {
    if ((token.tagID === ID.SELECT || token.tagID === ID.INPUT) && this.inSelect()) {
      this.see('start', token);
      this.popSelect();
      if (token.tagID === ID.SELECT) return;
    }
    super.onStartTag(token);
  }
  onEndTag(token) {
    if (token.tagID === ID.SELECT && this.inSelect()) {
      this.see('end', token);
      this.popSelect();
      return;
    }
    super.onEndTag(token);
  }
}

function read(How, text, scriptingEnabled) {
  const parser = new How({scriptingEnabled});
  parser.tokenizer.write(text, true);
  return {tokens: parser.tokens.filter(t => !isText(text, t)), document: parser.document};
}

// What one reading takes for a comment and another for CDATA: either way nothing but text; tags that only one of them sees are told apart.
const isText = (text, t) => t.kind === 'comment' && text.startsWith('<![CDATA[', t.from);

// The modes' numbers are parse5's own business: a select must lead into one of them.
{
  const parser = new Reading({});
  parser.tokenizer.write('<select>', true);
  if (!IN_SELECT.has(parser.insertionMode)) throw new Error(`parse5 changed: a select leads into mode ${parser.insertionMode}`);
}

const inside = (ranges, t) => ranges.some(([from, to]) => t.from >= from && t.from < to);

// Where the contents of noscript elements lie: in them the readings may part.
function noscripts(tokens) {
  const ranges = [];
  tokens.forEach((t, i) => {
    if (t.kind !== 'start' || t.name !== 'noscript') return;
    const end = tokens[i + 1];
    ranges.push([t.to, end?.kind === 'end' && end.name === 'noscript' ? end.from : end ? t.to : Infinity]);
  });
  return ranges;
}

// {trees: [[scripting, document], ...], parted: what two readings see differently, or null}
export function readings(text) {
  const oldOn = read(Reading, text, true), oldOff = read(Reading, text, false);
  const all = [['scripting off', oldOff], ['new select', read(NewSelect, text, true)], ['new select, scripting off', read(NewSelect, text, false)]];
  const hidden = noscripts(oldOn.tokens), seen = oldOn.tokens.filter(t => !inside(hidden, t));
  let parted = null;
  for (const [name, other] of all) {
    const its = other.tokens.filter(t => !inside(hidden, t)), n = Math.max(its.length, seen.length);
    for (let i = 0; i < n && !parted; i++)
      if (its[i]?.from !== seen[i]?.from || its[i]?.kind !== seen[i]?.kind)
        parted = `${name}: at ${seen[i]?.from} <${seen[i]?.name}> ${seen[i]?.kind}, there ${its[i]?.from} <${its[i]?.name}> ${its[i]?.kind}`;
  }
  return {trees: [[true, oldOn.document], [false, oldOff.document]], parted};
}

// ---- preload scanners ----

const MODES = {textarea: 'RCDATA', title: 'RCDATA', style: 'RAWTEXT', iframe: 'RAWTEXT', xmp: 'RAWTEXT', noembed: 'RAWTEXT', noframes: 'RAWTEXT',
  noscript: 'RAWTEXT', script: 'SCRIPT_DATA', plaintext: 'PLAINTEXT'};

// The page as a preload scanner reads it: tags alone, no tree, so no foreign content. Calls see(name, attributes) for each start tag.
export function scan(text, see) {
  let templates = 0;
  const tokenizer = new Tokenizer({sourceCodeLocationInfo: false}, {
    onStartTag(token) {
      if (token.tagName in MODES) tokenizer.state = TokenizerMode[MODES[token.tagName]];
      tokenizer.lastStartTagName = token.tagName;
      if (token.tagName === 'template') templates++;
      else if (templates === 0) see(token.tagName, new Map(token.attrs.map(a => [a.name, a.value])));
    },
    onEndTag(token) { if (token.tagName === 'template' && templates > 0) templates--; },
    onComment() {}, onDoctype() {}, onCharacter() {}, onNullCharacter() {}, onWhitespaceCharacter() {}, onEof() {}, onParseError: null,
  });
  tokenizer.write(text, true);
}
