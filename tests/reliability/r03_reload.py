"""R03: a reload closes nothing, and no request sees half of it."""
import os
import re
import statistics
import time

import common

ID = "R03"
TITLE = "100 reloads in 40 s under load, two rule sets"
QUICK = False

RELOADS, SECONDS = 100, 40
STATUS = ("Rules One", "Rules Two")


def echo_decision(conn, request):
    """A page that carries what the proxy told its origin about this very request."""
    if request.path != b"/p":
        common.standard(conn, request)
        return
    rules = re.search(rb'rules="([0-9a-f]+)"', request.fields.get(b"privacy-decision", b""))
    conn.send(common.answer(b"<!doctype html><body><p>%s</body>" % (rules[1] if rules else b"none")))


def judged_by_one(answer, load):
    """Notes which hash came with which edit: the pairs tell whether both halves had the same rules."""
    status = re.search(rb"Rules (One|Two)", answer.body)
    rules = re.search(rb"<p>([0-9a-f]+)", answer.body)
    if not status or not rules:
        return "a page without its edit or its hash"
    load.notes[(rules[1].decode(), status[1].decode())] += 1
    return None


def reload_for(t, proxy, url, times, every):
    """The memory after the last ten of these reloads, their median, and how many were refused."""
    began, refused, memory = time.monotonic(), 0, []
    for i in range(times):
        t.file("t.yaml", common.conf(url, STATUS[(i + 1) % 2]))
        code, text = common.admin_call(proxy.socket)
        if code != 0:
            refused += 1
            print(text)
        time.sleep(max(0, began + (i + 1) * every - time.monotonic()))
        memory.append(proxy.memory())
    return statistics.median(memory[-10:]), refused


def run(t):
    origin = common.Origin(t, echo_decision)
    proxy = t.start(common.conf(origin.url, STATUS[0]))
    load = common.Load(t, proxy.port, check=judged_by_one)
    warm = reload_for(t, proxy, origin.url, 5 if t.sanitized else 20, 0.1)  # what the first reloads allocate for good is no leak
    before = common.descriptors(proxy, 20)
    reloads, began = 30 if t.sanitized else RELOADS, time.monotonic()  # each takes seconds of a sanitizer's time
    first = reload_for(t, proxy, origin.url, reloads - 20, SECONDS / RELOADS)
    last = reload_for(t, proxy, origin.url, 20, SECONDS / RELOADS)
    refused = first[1] + last[1]
    took = time.monotonic() - began
    time.sleep(0.5)  # under load, after the last one
    memory, after = last[0] - warm[0], common.descriptors(proxy, 20)
    result = load.stop()
    t.figure("reloads taken", f"{reloads - refused} in {took:.0f} s", f"{reloads}", not refused)
    result.tell(t)
    pairs = {}
    for rules, status in result.notes:
        pairs.setdefault(rules, set()).add(status)
    mixed = sum(n for (rules, _), n in result.notes.items() if len(pairs[rules]) > 1)
    counts = sorted(result.notes.values())
    t.figure("requests under both rule sets", " and ".join(map(str, counts)), "two, both used", len(counts) == 2)
    t.figure("requests judged by two rule sets", mixed, "0", not mixed)
    t.memory("memory grown, median of ten reloads", f"{memory / 1024:+.0f} KiB", "+2 MiB at most", memory <= 2 << 20)
    grown = after["other"] - before["other"]
    t.figure("descriptors, connections apart", f"{grown:+d}", "+-2", abs(grown) <= 2)
    most = load.keep_alive + load.fresh * len(os.sched_getaffinity(0)) + 2  # a fresh one may come to any loop
    t.figure("connections to the origin", f"{before['origin']} before, {after['origin']} after",
             f"{most} at most, as many as clients of each loop", after["origin"] <= most)
