"""R11: what a connection that does nothing costs, in clear, by TLS and with HTTP/2, and that it is given back."""
import os
import resource
import time

import common
import h2
import harness
from certificates import Authority
from tls import TlsClient, context

ID = "R11"
TITLE = "idle connections: 15 000 in clear, 5000 by TLS, 1000 of HTTP/2"
QUICK = False

CLIENTS = 4  # processes
NOISE = 512 << 10  # bytes by which the memory of an idle process moves
CONF = """
version: 1
listen:
  - {{address: "127.0.0.1:0"}}
  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}}}}}
admin: {{address: "127.0.0.1:0", socket: admin.sock}}
sites: [{{hosts: ["*"], origin: {{url: "{url}"}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: light}}]
limits: {{idle_timeout: 10 min, connections: 50000}}
"""


class Crowd(common.Child):
    """n connections that have asked once, until they are told to go."""

    def __init__(self, t, make, n):
        self.numbers = common.shared(2)  # there are so many; go
        self.make, self.n = make, n
        self.begin(self.main)
        t.defer(self.kill)

    def main(self, pipe):
        crowd = []
        for _ in range(self.n):
            c = self.make()
            assert c.get("/p").status == 200
            crowd.append(c)
            self.numbers[0] = len(crowd)
        while not self.numbers[1]:
            time.sleep(0.05)


def hold(t, make, n):
    crowds = [Crowd(t, make, n // CLIENTS) for _ in range(CLIENTS)]
    harness.wait_until(lambda: sum(c.numbers[0] for c in crowds) == n // CLIENTS * CLIENTS or not all(c.proc.is_alive() for c in crowds),
                       "the crowd to be there", 40)
    return crowds


def release(proxy, crowds, before):
    for c in crowds:
        c.numbers[1] = 1
    harness.wait_until(lambda: common.metric(proxy, "tacet_connections", state="open") <= before, "all to have gone")


def measure(t, proxy, name, make, n, kib):
    warm = hold(t, make, 400)
    release(proxy, warm, 0)
    common.admin_call(proxy.socket)  # a reload gives freed memory back to the system
    time.sleep(2.5)
    before = proxy.memory()
    crowds = hold(t, make, n)
    count = sum(c.numbers[0] for c in crowds)
    time.sleep(1)
    each, cpu, began = (proxy.memory() - before) / 1024 / count, proxy.cpu(), time.monotonic()
    time.sleep(3)
    busy = (proxy.cpu() - cpu) / (time.monotonic() - began)
    t.memory(f"{name}: memory of each of {count}", f"{each:.1f} KiB", f"<= {kib} KiB", each <= kib and count > n * 0.99)
    t.figure(f"{name}: processor while idle", f"{busy:.1%}", f"< {t.slack} %", busy < 0.01 * t.slack)
    release(proxy, crowds, 0)
    bar = 0.1 * each * 1024 * count + NOISE
    left = common.kept(t, proxy, before, bar)
    t.memory(f"{name}: kept after they have gone", f"{left / 1024 / count:.2f} KiB each", "<= 10 %", left <= bar)


def run(t):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    room = (hard - 600) // 2  # the proxy keeps a second descriptor back for each, for the origin
    origin, ca = common.Origin(t), Authority(os.path.join(t.dir, "ca"))
    cert, key = ca.issue(common.HOST)
    proxy = t.start(CONF.format(url=origin.url, cert=cert, key=key))
    plain, tls = proxy.port, proxy.addresses["https"][0][1]
    ctx, ctx2 = context(), context(alpn=("h2",))
    for name, make, n, kib in (("in clear", lambda: harness.Client(plain, common.HOST), 15000, 2),
                               ("TLS", lambda: TlsClient(tls, common.HOST, ctx), 5000, 20),
                               ("HTTP/2 by TLS", lambda: h2.H2(tls, common.HOST, tls=True, ctx=ctx2), 1000, 26)):
        if room < n:
            t.say(f"{name}: scaled down", f"{room} of {n}", f"the system allows {hard} descriptors")
            n = room
        if t.sanitized:
            n = min(n, 500)
        measure(t, proxy, name, make, n, kib)
