"""R20: the clock of the machine is set: dates follow, and nothing that waits notices."""
import calendar
import email.utils
import glob
import os
import re
import socket
import time

import common
import harness

ID = "R20"
TITLE = "clock set by an hour, a day, over midnight and over a month, forth and back"
QUICK = True

HOUR, DAY = 3600, 86400
HEAD_S, SLOW_S = 3, 1
LATER = "released numbers have no buckets yet: stats belongs to a later version"


class Clock:
    """The wall clock of one process: libfaketime reads the file at every look at it."""

    def __init__(self, t, library):
        self.file, self.ahead = os.path.join(t.dir, "clock"), 0
        self.set(0)
        self.env = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": self.file, "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}

    def set(self, ahead):
        """Sets it, at once, to so many seconds ahead of the real one."""
        self.ahead = int(ahead)
        with open(self.file + ".new", "w") as f:
            f.write(f"{self.ahead:+d}")
        os.rename(self.file + ".new", self.file)

    def now(self):
        return time.time() + self.ahead

    def ahead_of(self, moment):
        """How far ahead it is when it says that moment now."""
        return moment - time.time()


def steps(clock):
    """(what, seconds ahead). Midnight and the first of a month are some seconds away from where they are set to."""
    now = time.gmtime()
    midnight = calendar.timegm((now.tm_year, now.tm_mon, now.tm_mday + 1, 0, 0, 0))
    month = calendar.timegm((now.tm_year + now.tm_mon // 12, now.tm_mon % 12 + 1, 1, 0, 0, 0))
    return (("+1 hour", HOUR), ("back", 0), ("-1 hour", -HOUR), ("forth", 0), ("+1 day", DAY), ("back", 0),
            ("-1 day", -DAY), ("forth", 0), ("past midnight", clock.ahead_of(midnight + 5)),
            ("back over midnight", clock.ahead_of(midnight - 60)), ("into the next month", clock.ahead_of(month + 5)),
            ("back over the month", clock.ahead_of(month - 60)), ("and right again", 0))


def date_off(proxy, clock):
    """Seconds between the Date of an answer, which may be a second old, and what the clock says."""
    def off():
        return clock.now() - calendar.timegm(email.utils.parsedate(proxy.get("/p").get("Date")))
    end = time.monotonic() + 3
    while time.monotonic() < end:
        if -1 <= off() <= 2:
            break
        time.sleep(0.05)
    return off()


def cookie_month(proxy):
    """The month in the choice cookie that a no made now gets."""
    res = proxy.get("/privacy-choices", {"Content-Type": "application/x-www-form-urlencoded",
                                         "Origin": f"http://{common.HOST}", "Sec-Fetch-Site": "same-origin"},
                    "POST", b"choice=out")
    found = [re.match(r"tacet_choice=v1\.[^.]*\.([^.]*)\.", c) for c in res.all("Set-Cookie")]
    return next((m[1] for m in found if m), f"none in {res.status}")


def half_head(proxy):
    """Seconds until the beginning of a head is given up: that must stay limits.header_timeout."""
    with proxy.client() as c:
        began = time.monotonic()
        c.send(b"GET /p HTTP/1.1\r\nHost")
        try:
            while c.sock.recv(4096):
                pass
        except OSError:
            pass
        return time.monotonic() - began


def faked(t):
    """The path of libfaketime, as LD_PRELOAD wants it; None: said why not."""
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not found:
        t.skip("libfaketime is not installed: run 'make setup'")
    elif t.sanitized:
        t.skip("libfaketime and the address sanitizer wait for each other at start")
    return found[0] if found and not t.sanitized else None


def run(t):
    library = faked(t)
    if not library:
        return
    clock = Clock(t, library)
    origin = common.Origin(t, common.slow(SLOW_S))
    text = common.conf(origin.url, limits=f", header_timeout: {HEAD_S}s")
    limited = text.replace("sites: [{", "sites: [{routes: [{name: few, match: /few, rate_limit: {requests: 5, per: 1 h}}, "
                           '{name: rest, match: "/*"}], ')
    limits = common.knows(t, limited)
    proxy = t.start(limited if limits else text, env=clock.env)
    load = common.Load(t, proxy.port, rate=300)
    idle = proxy.client()
    dates, months, slow, wrong = [], [], [], []
    assert idle.get("/p").status == 200
    spent = spend(proxy) if limits else None
    for what, ahead in steps(clock):
        with proxy.client() as c, proxy.client() as half:
            c.ask("/slow")
            half.send(b"GET /p HTTP/1.1\r\n")
            time.sleep(0.05)  # nothing shows that half a head has been read; it is as true of one that has not
            clock.set(ahead)
            dates.append((what, date_off(proxy, clock)))
            months.append((what, cookie_month(proxy), time.strftime("%Y-%m", time.gmtime(clock.now()))))
            half.send(f"Host: {common.HOST}\r\n\r\n".encode())
            if half.answer().status != 200:
                wrong.append(f"{what}: a head under way")
            if limits and limited_now(proxy) != spent:
                wrong.append(f"{what}: limits were {spent}, are {limited_now(proxy)}")
            slow.append(c.answer().status)
    stayed = idle.get("/p").status
    head = half_head(proxy)
    result = load.stop()
    off = max(abs(d) for _, d in dates)
    t.figure("Date after each of the steps", f"{off:.1f} s off at most, {len(dates)} steps", "2 s", off <= 2)
    bad = [m for m in months if m[1].replace("-", "") != m[2].replace("-", "")]
    t.figure("month of a choice made after it", str(bad[0]) if bad else f"right {len(months)} times", "right", not bad)
    t.figure("answers and heads under way at a step", f"{slow.count(200)} of {len(slow)} finish" + "".join(f"; {w}" for w in wrong[:1]),
             "all", slow == [200] * len(slow) and not [w for w in wrong if "head" in w])
    result.tell(t)
    t.figure("an idle connection after all of them", stayed, "200", stayed == 200)
    t.figure("time for a head, after all of them", f"{head:.1f} s", f"{HEAD_S} s to {HEAD_S + 2} s",
             HEAD_S - 0.1 <= head <= HEAD_S + 2)
    if limits and spent[0] == "200":
        t.skip("sites[].rate_limit is not in force in this version", "rate limits over the steps")
    elif limits:
        bad = [w for w in wrong if "limits" in w]
        t.figure("rate limits over the steps", bad[0] if bad else f"{spent}, at each step", "neither reset nor block", not bad
                 and spent == ("429", "200"))
    else:
        t.skip("sites[].rate_limit is not a key of this version", "rate limits over the steps")
    t.skip(LATER, "no bucket of the numbers lost or doubled")
    idle.close()


def visit(proxy, path, source):
    """The status that one visitor, known by its address in 127/8, gets."""
    with socket.socket() as s:
        s.settimeout(harness.DEADLINE)
        s.bind((source, 0))
        s.connect(("127.0.0.1", proxy.port))
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: {common.HOST}\r\nConnection: close\r\n\r\n".encode())
        return str(harness.Reader(s).response().status)


def limited_now(proxy):
    """What a visitor who has used up the limit gets, and one who has not."""
    limited_now.next += 1
    return visit(proxy, "/few", "127.0.9.9"), visit(proxy, "/few", f"127.0.10.{limited_now.next}")


limited_now.next = 0


def spend(proxy):
    for _ in range(6):
        visit(proxy, "/few", "127.0.9.9")
    return limited_now(proxy)
