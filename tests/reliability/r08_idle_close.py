"""R08: an origin may close a kept connection at any time: nothing is lost that can be saved, nothing is done twice."""
import contextlib

import common
import harness
import tools

ID = "R08"
TITLE = "origin closes kept connections at random, RST and FIN"
QUICK = True

KEPT, ROUNDS = 32, 8


def random_closes(t):
    """Closed some milliseconds after an answer, often just as the next request comes, or when it has been read."""
    origin = tools.Origin(t, idle_close=300, idle_ms=8, arrival_close=50)
    proxy = t.start(common.conf(origin.url))
    gets = tools.Load(t, proxy.port, requests=10000, connections=16, mix="g=3,c=2,h=2,d=1,m=1")
    posts = tools.Load(t, proxy.port, requests=2000, connections=8, mix="p=1,q=1", first_id=1000000)
    gets, posts, seen = gets.result(), posts.result(), origin.stats()
    closed = seen["idle_fin"] + seen["idle_rst"]
    t.say("kept connections closed", f"{closed} idle, {seen['arrival']} on a request",
          f"{seen['unread']} of the idle with one unread")
    t.figure("GET and HEAD failed", gets.text(), "0", not gets.bad and closed + seen["arrival"] > 300)
    t.figure("POST seen twice by the origin", f"{seen['doubled']} of {seen['posts']}", "0", not seen["doubled"])
    t.figure("POST answered wrongly", f"{posts.foreign}, {seen['bad_bodies']} bodies", "0, 0",
             not posts.foreign and not seen["bad_bodies"])
    t.say("POST failed", posts.text(), f"{seen['posts_arrival']} of them had been read by the origin")
    t.stop(proxy, 1)


def post_as_one(proxy, origin, number):
    """
    KEPT visitors POST while the proxy sees nothing, the first half before its kept connections are closed, the others
    after. When it looks, not a byte has gone out, and none could arrive: all can be saved. Returns how many were not.
    """
    failed = 0
    with contextlib.ExitStack() as stack:
        visitors = [stack.enter_context(harness.Client(proxy.port)) for _ in range(KEPT)]
        for i, v in enumerate(visitors):
            v.ask(f"/g/{number + i}")
        for v in visitors:
            assert v.answer().status == 200
        with proxy.frozen():
            for i, v in enumerate(visitors[:KEPT // 2]):
                v.ask(f"/g/{number + i}", method="POST", body=b"once")
            origin.close_idle()
            for i, v in enumerate(visitors[KEPT // 2:]):
                v.ask(f"/g/{number + KEPT // 2 + i}", method="POST", body=b"once")
        for v in visitors:
            failed += v.answer("POST").status != 200
    return failed


def closes_before_a_request(t):
    origin = tools.Origin(t, slots=KEPT, service=20)  # so that each visitor needs a connection of its own
    proxy = t.start(common.conf(origin.url))
    failed = sum(post_as_one(proxy, origin, 1 + n * KEPT) for n in range(ROUNDS))
    seen = origin.stats()
    t.say("kept connections closed before a POST", f"{seen['idle_fin']} by FIN, {seen['idle_rst']} by RST")
    t.figure("POST failed that reached no origin", f"{failed} of {KEPT * ROUNDS}", "0",
             not failed and seen["idle_fin"] + seen["idle_rst"] >= KEPT * ROUNDS)
    t.figure("POST seen twice by the origin", f"{seen['doubled']} of {seen['posts']}", "0", not seen["doubled"])


def run(t):
    random_closes(t)
    closes_before_a_request(t)
