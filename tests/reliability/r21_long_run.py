"""R21: after a million requests of every sort nothing is left of them. TACET_REQUESTS sets how many (nightly: ten)."""
import os
import time

import common
import harness
import tools

ID = "R21"
TITLE = "1 M mixed requests: memory, descriptors, sanitizers"
QUICK = False

REQUESTS, SECONDS = int(os.environ.get("TACET_REQUESTS", "1000000")), 38
SANITIZED_REQUESTS, SANITIZED_SECONDS = 50_000, 60
SLICES = 20
# Plain, chunked, filtered, HEAD, 304, 404, 502, POST with a length and chunked, four pipelined, aborted by the visitor.
MIX = "g=200,c=100,h=160,d=40,m=40,n=40,x=30,p=60,q=40,l=40,a=4"
SANITIZED = os.path.join(harness.ROOT, "build", "san-address-undefined", "tacet")


class Visits:
    """One slice of the mix after another; what came of all."""

    def __init__(self, t, proxy):
        self.t, self.proxy, self.sent, self.bad, self.foreign, self.aborted, self.told = t, proxy, 0, 0, 0, 0, ""

    def go(self, requests):
        part = tools.Load(self.t, self.proxy.port, requests=requests, connections=32, per_connection=200, mix=MIX,
                          first_id=1 + self.sent % (1 << 23)).result()
        self.sent += part.sent
        self.bad, self.foreign, self.aborted = self.bad + part.bad, self.foreign + part.foreign, self.aborted + part.aborted
        if part.bad and not self.told:
            self.told = part.text()

    def settle(self, origin):
        """Waits until nothing is open; (resident bytes, open descriptors)."""
        def quiet():
            origin.close_idle()
            fds = common.descriptors(self.proxy)
            return fds if not fds["visitor"] and not fds["origin"] else None

        return self.proxy.memory(), harness.wait_until(quiet, "every connection to go")


def sanitized(t):
    """The same mix through the sanitized build; t.start() and its end fail on a report."""
    if t.sanitized:
        return
    if not os.access(SANITIZED, os.X_OK):
        t.skip("no sanitized build: make SAN=address,undefined", "sanitized run")
        return
    was, os.environ["TACET"] = os.environ["TACET"], SANITIZED
    try:
        origin = tools.Origin(t)
        proxy = t.start(common.conf(origin.url).replace("admin.sock", "san.sock"), "san.yaml")
    finally:
        os.environ["TACET"] = was
    return origin, proxy, Visits(t, proxy)


def run(t):
    origin = tools.Origin(t)
    proxy = t.start(common.conf(origin.url))
    visits, began = Visits(t, proxy), time.monotonic()
    requests = SANITIZED_REQUESTS if t.sanitized else REQUESTS
    seconds = SANITIZED_SECONDS if t.sanitized else SECONDS * max(1, REQUESTS // 1_000_000)
    warm = 0
    while not warm or (visits.sent < requests and time.monotonic() - began < seconds):
        visits.go(max(1000, requests // SLICES // 5))
        if not warm and (visits.sent >= requests // 10 or time.monotonic() - began > seconds / 10):
            warm, (memory, fds) = visits.sent, visits.settle(origin)
    after, fds_after = visits.settle(origin)
    took = time.monotonic() - began
    t.say("requests", f"{visits.sent} in {took:.0f} s, {visits.aborted} aborted", f"{requests}, or {seconds} s of them")
    t.figure("failed", f"{visits.bad}{': ' + visits.told if visits.told else ''}", "0", not visits.bad)
    grown = after - memory
    t.memory(f"memory from {warm} requests to the end", f"{grown / 1024:+.0f} KiB of {after >> 20} MiB", "+1 MiB at most",
             grown <= 1 << 20)
    t.figure("descriptors from there", f"{fds_after['other'] - fds['other']:+d}", "0", fds_after["other"] == fds["other"])
    t.stop(proxy)
    made = sanitized(t)
    if made:
        origin, proxy, visits = made
        began = time.monotonic()
        while visits.sent < SANITIZED_REQUESTS and time.monotonic() - began < 12:
            visits.go(SANITIZED_REQUESTS // 10)
        t.figure(f"sanitized: failed of {visits.sent}", visits.bad, f"0 of {SANITIZED_REQUESTS}, or 12 s of them", not visits.bad)
        t.stop(proxy)
