"""R07: origins that die and come back: who can be served is served, and nothing is sent twice that must not be."""
import time

import common
import harness

ID = "R07"
TITLE = "kill -9 one of two origins, then both, and start them again"
QUICK = False

PER_CLIENT = 100_000  # numbers of POSTs that a client has for itself


def numbered(client, n):
    """The nth POST of a client, with a number that no other has."""
    return (f"POST /post/{client * PER_CLIENT + n} HTTP/1.1\r\nHost: {common.HOST}\r\nContent-Length: 5\r\n\r\nhello").encode()


def named(name, hits):
    """An origin that says who it is, takes some time, and counts how often each POST reached it or its twin."""
    answer = common.answer(b"<p>page", b"X-Served-By: %s\r\n" % name)

    def handle(conn, request):
        if request.path in (b"/ws", b"/sse"):
            common.standard(conn, request)
            return
        if request.method == b"POST":
            hits[int(request.path[6:])] += 1
        conn.later(0.003, conn.send, answer)
    return handle


def note_server(answer, load):
    load.events.append((time.monotonic(), answer.fields[b"x-served-by"]))
    return None


def unreachable(proxy):
    """How often the proxy met a server that nobody listens at."""
    return common.metric(proxy, "tacet_origin_errors_total", error="connect")


def seconds_until_served(proxy, limit=10):
    """Until five new connections in a row get their answer."""
    began, right = time.monotonic(), 0
    while right < 5 and time.monotonic() < began + limit:
        try:
            right = right + 1 if proxy.get("/p").status == 200 else 0
        except (OSError, harness.Broken):
            right = 0
        time.sleep(0.01)
    return time.monotonic() - began


def one_of_two(t, proxy, one, hits):
    gets = common.Load(t, proxy.port, rate=800, websocket=False, sse=False, check=note_server)
    posts = common.Load(t, proxy.port, keep_alive=3, fresh=1, rate=150, websocket=False, sse=False, request=numbered)
    time.sleep(1.5)  # these are how long the load sees each state
    killed = time.monotonic()
    one.kill()
    time.sleep(1)
    before = unreachable(proxy)
    time.sleep(2)
    tried = unreachable(proxy) - before
    one.start()
    started = time.monotonic()
    time.sleep(3.5)
    result, sent = gets.stop(), posts.stop()
    while_up = [who for at, who in result.events if at < killed]
    share = while_up.count(b"one") / max(len(while_up), 1)
    back = min((at for at, who in result.events if who == b"one" and at > started), default=0)
    t.say("background load", f"{result.rate + sent.rate:.0f} requests/s, p99 {result.p(99):.1f} ms")
    t.figure("shared between two", f"{share * 100:.0f} % to the first", "40 % to 60 %", 0.4 <= share <= 0.6)
    t.figure("GET failed when one of two was killed", result.failed_text(), "0", not result.failures)
    closes = result.closed_idle + result.closed_announced
    t.figure("keep-alive connections closed", closes, "0", not closes)
    t.figure("tried to reach it after 1 s, in 2 s", f"{tried:.0f} times", "10 times, for probes", tried <= 10)
    t.figure("served again after its restart", f"after {back - started:.1f} s" if back else "never", "3 s",
             0 < back - started <= 3)
    doubled = sum(n > 1 for n in hits)
    t.say("POST failed, seen by who sent them", sent.failed_text())
    t.figure("POST sent twice", f"{doubled} of {sum(n > 0 for n in hits)}", "0", not doubled and sent.ok > 100)


def all_down(t, proxy, origins):
    for origin in origins:
        origin.kill()
    harness.wait_until(lambda: proxy.get("/p").status == 503, "all to be known as down")
    harness.wait_until(lambda: all(proxy.get("/p").status == 503 for _ in range(20)), "each loop to know")
    statuses, seconds = [], []
    for _ in range(60):
        began = time.monotonic()
        statuses.append(proxy.get("/p").status)
        seconds.append(time.monotonic() - began)
        time.sleep(0.02)  # not while the one before is being cleared away
    p95 = common.percentile(seconds, 95) * 1000
    t.figure("answers when both are dead", f"{statuses.count(503)} of {len(statuses)} are 503", "all",
             statuses.count(503) == len(statuses))
    t.figure("time for such an answer", f"p95 {p95:.1f} ms", "50 ms", p95 <= 50)
    for origin in origins:
        origin.start()
    back = seconds_until_served(proxy)
    t.figure("served again after both are back", f"{back:.1f} s", "3 s", back <= 3)


def held(t, text):
    """The only origin restarts: with hold, visitors wait and get their page."""
    only = common.Origin(t)
    proxy = t.start(text % f"url: {only.url}, hold: 5s", name="hold.yaml")
    load = common.Load(t, proxy.port, rate=300, websocket=False, sse=False)
    time.sleep(1)
    only.kill()
    time.sleep(3)  # as long as the restart takes
    served = load.answered()
    only.start()
    time.sleep(2.5)
    after = load.answered() - served
    result = load.stop()
    t.figure("hold: 5s, the only origin away for 3 s", result.failed_text(), "0 failed", not result.failures)
    t.figure("the longest that anyone waited", f"{max(result.seconds):.1f} s, {after} answers after", "3 s to 5 s",
             2.5 <= max(result.seconds) <= 5 and after > 100)


def met_twice(t, text):
    """
    An origin that is killed closes its connections one by one and its listener at some time between: a request may lose
    its kept connection, and then the one it was sent on again, accepted by nobody. It has got no byte: it can be held.
    """
    def script(conn, request):
        seen.append(request.connection)
        if len(seen) in (2, 3):
            return False
        conn.sendall(harness.answer("page"))
        return True

    seen, only = [], harness.Origin()
    t.defer(only.close)
    only.on("/p", script)
    proxy = t.start(text % f"url: {only.url}, hold: 5s", name="twice.yaml")
    with proxy.client() as c:
        statuses = [c.get("/p").status for _ in range(2)]
    t.figure("hold: closed twice without a byte, then there", f"{statuses}, {len(seen)} sent", "200, 200", statuses == [200, 200])


def run(t):
    text = common.conf("URL").replace('{url: "URL"}', "{%s}")
    if not common.knows(t, text % 'urls: ["http://127.0.0.1:1", "http://127.0.0.1:2"], hold: 5s'):
        t.skip("sites[].origin.urls and hold are not keys of this version")
        return
    hits = common.shared(10 * PER_CLIENT)
    one, two = common.Origin(t, named(b"one", hits)), common.Origin(t, named(b"two", hits))
    proxy = t.start(text % f"urls: [{one.url}, {two.url}]")
    one_of_two(t, proxy, one, hits)
    all_down(t, proxy, (one, two))
    held(t, text)
    met_twice(t, text)
