// Waiting with an end.
export const pause = ms => new Promise(done => setTimeout(done, ms + 5)); // a timer may be early by a millisecond

export function within(ms, what, promise) {
  let timer;
  return Promise.race([promise, new Promise((_, no) => { timer = setTimeout(() => no(new Error(`${what}: not within ${ms / 1000} s`)), ms); })])
    .finally(() => clearTimeout(timer));
}
