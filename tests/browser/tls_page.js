// What a page of test_tls.py can be asked to do: each function says what came of it. /act/X is done by the test's own origin.
const act = async what => (await fetch('/act/' + what, {cache: 'no-store'})).json();
const hex = buffer => [...new Uint8Array(buffer)].map(b => b.toString(16).padStart(2, '0')).join('');
const digest = async data => hex(await crypto.subtle.digest('SHA-256', data));

function random(size) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65536, size)));
  return bytes;
}

globalThis.way = {
  act,

  // By which protocols the page and what is in it came, and which of its pictures are not there.
  protocols() {
    const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')], images = [...document.images];
    return {protocols: [...new Set(entries.filter(e => e.name.startsWith(location.origin)).map(e => e.nextHopProtocol))],
      images: images.filter(i => i.src.endsWith('.png')).length, missing: images.filter(i => !i.complete || !i.naturalWidth).length};
  },

  async upload(size) {
    const bytes = random(size), answer = await fetch('/upload', {method: 'POST', body: bytes});
    return {mine: await digest(bytes), theirs: await answer.json(), status: answer.status};
  },

  // The origin sends an event when the page has told of the one before: none is kept back for the next.
  events() {
    return new Promise((done, failed) => {
      const source = new EventSource('/events'), seen = [];
      source.onerror = () => { source.close(); failed(new Error('the events ended after ' + seen.length)); };
      source.onmessage = async e => {
        seen.push(e.data);
        if (e.data !== 'last') return void await act('heard');
        source.close();
        done(seen);
      };
    });
  },

  async socket(size) {
    const before = await act('count'), bytes = random(size), socket = new WebSocket('wss://' + location.host + '/ws', ['chat']), heard = [];
    socket.binaryType = 'arraybuffer';
    const until = n => new Promise((done, failed) => {
      socket.onclose = e => failed(new Error(`closed after ${heard.length} messages: ${e.code}`));
      socket.onmessage = e => { heard.push(e.data); if (heard.length === n) done(); };
    });
    await until(1); // the origin begins
    socket.send('a word');
    await until(2);
    socket.send(bytes);
    await until(3);
    const during = await act('count'), closed = new Promise(done => { socket.onclose = e => done([e.code, e.wasClean]); });
    socket.close(1000);
    return {before, during, protocol: socket.protocol, words: heard.slice(0, 2), same: await digest(heard[2]) === await digest(bytes), closed: await closed};
  },

  // Something happens while a body is under way, after its first part is here.
  async during(what) {
    const before = await act('count'), answer = await fetch('/stream'), reader = answer.body.getReader(), decoder = new TextDecoder();
    let text = decoder.decode((await reader.read()).value, {stream: true});
    const first = text.length, then = await act(what);
    await act('go');
    for (let part; !(part = await reader.read()).done;) text += decoder.decode(part.value, {stream: true});
    return {before, then, after: await act('count'), first, length: text.length, digest: await digest(new TextEncoder().encode(text))};
  },

  reaches: url => fetch(url, {mode: 'no-cors', credentials: 'include', cache: 'no-store'}).then(() => true, () => false),
};
