"""R09: origins by name: the proxy goes where the name goes, and does without DNS when there is none."""
import os
import signal
import socket
import struct
import time

import common
import harness

ID = "R09"
TITLE = "origin by name: moved, DNS silent, gone, denying, dead at start"
QUICK = False

NAME = "origin.example.test"
QUIET_S = 7   # of the 30 s of each failure, scaled to the time that a test has
NXDOMAIN = -1


class Dns(common.Child):
    """
    A DNS server of one name, with TTL 1. v4, v6: last bytes of its addresses 127.0.0.x and ::x, 0: none,
    NXDOMAIN: there is no such name.
    """

    def __init__(self, t):
        self.set, self.questions = common.shared(4), 0
        self.set[0], self.set[1] = 1, 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        t.defer(self.kill)

    def start(self):
        self.begin(self.main)
        assert self.pipe.poll(harness.DEADLINE) and self.pipe.recv() == "ready"

    def points_to(self, v4, v6=0):
        self.set[0], self.set[1] = v4, v6

    def asked(self):
        return self.set[2]

    def main(self, pipe):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("127.0.0.1", self.port))
        pipe.send("ready")
        while True:
            data, who = s.recvfrom(2048)
            self.set[2] += 1
            s.sendto(self.reply(data), who)

    def reply(self, data):
        at, labels = 12, []
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode("latin-1").lower())
            at += data[at] + 1
        kind, question = struct.unpack(">H", data[at + 1:at + 3])[0], data[12:at + 5]
        known = ".".join(labels) == NAME and self.set[0] != NXDOMAIN
        last = self.set[0] if kind == 1 else self.set[1] if kind == 28 else 0
        address = bytes([127, 0, 0, last & 255]) if kind == 1 else bytes(15) + bytes([last & 255])
        there = known and last > 0
        record = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 1, len(address)) + address if there else b""
        flags = 0x8580 | (0 if known else 3)
        return data[:2] + struct.pack(">HHHHH", flags, 1, int(there), 0, 0) + question + record


def named(name):
    answer = common.answer(b"<p>page", b"X-Served-By: %s\r\n" % name)

    def handle(conn, request):
        if request.path in (b"/ws", b"/sse"):
            common.standard(conn, request)
        else:
            conn.send(answer)
    return handle


def note_server(answer, load):
    load.events.append((time.monotonic(), answer.fields[b"x-served-by"]))
    return None


def failed_between(result, begin, end):
    return sum(begin <= at < end for at, _ in result.failed_at)


def served(events, who, begin, end):
    return [at for at, name in events if name == who and begin <= at < end]


def while_running(t, dns, text):
    """One load over all that happens to the name; judged by time afterwards."""
    proxy = t.start(text)
    load = common.Load(t, proxy.port, check=note_server)
    marks = [time.monotonic()]

    def phase(seconds):
        time.sleep(seconds)  # the load sees each state for so long
        marks.append(time.monotonic())

    phase(1.5)
    dns.points_to(2)
    phase(4)
    os.kill(dns.proc.pid, signal.SIGSTOP)
    phase(QUIET_S)
    os.kill(dns.proc.pid, signal.SIGCONT)
    dns.kill()
    phase(QUIET_S)
    dns.points_to(NXDOMAIN)
    dns.start()
    asked = dns.asked()
    phase(QUIET_S)
    denied = dns.asked() - asked
    dns.points_to(1)
    phase(4)
    result = load.stop()
    begin, moved, silent, gone, denying, back, end = marks
    left = max(served(result.events, b"one", moved, silent), default=moved) - moved
    came = min(served(result.events, b"two", moved, silent), default=moved + 99) - moved
    t.figure("the name moves", f"first there after {came:.1f} s, last here after {left:.1f} s", "3 s", came <= 3 and left <= 3)
    for what, a, b in (("DNS silent", silent, gone), ("DNS gone", gone, denying), ("no such name", denying, back)):
        there, failed = len(served(result.events, b"two", a, b)), failed_between(result, a, b)
        t.figure(f"{what} for {QUIET_S} s", f"{failed} failed, {there} served by the last address", "0 failed",
                 not failed and there > 100)
    t.figure("asked while there was no such name", f"{denied} times in {QUIET_S} s", "1 to 100 times", 1 <= denied <= 100)
    again = min((at - back for at in served(result.events, b"one", back, end)), default=None)
    t.say("there again, elsewhere; the old one still serves", f"after {again:.1f} s" if again else f"not yet after {end - back:.0f} s")
    result.tell(t)


def dead_at_start(t, dns, text, one, other):
    dns.kill()
    text = text.replace('hosts: ["*"]', "hosts: [www.example.test]").replace(
        "}}]\nrule_sets", '}}, {hosts: [other.example.test], origin: {url: "%s"}}]\nrule_sets' % other.url)
    began = time.monotonic()
    proxy = t.start(text, name="dead.yaml")
    took = time.monotonic() - began
    t.figure("ready, with DNS dead", f"{took:.2f} s", "1 s", took <= 1)
    t.figure("the other site", proxy.get("/p", host="other.example.test").status, "200",
             proxy.get("/p", host="other.example.test").status == 200)
    statuses = [proxy.get("/p").status for _ in range(3)]
    began = time.monotonic()
    statuses.append(proxy.get("/p").status)
    took = (time.monotonic() - began) * 1000
    t.figure("the site whose origin has no address", f"{statuses}, the last in {took:.0f} ms", "503 in 50 ms",
             statuses == [503] * 4 and took <= 50)
    took = back_at(dns, proxy, 1)
    t.figure("served after DNS is back", f"{took:.1f} s", "5 s", took <= 5)
    dns.kill()
    one.kill()
    began, lost = time.monotonic(), 0
    while time.monotonic() < began + 9:
        lost = proxy.get("/p").status
        time.sleep(0.1)
    took = back_at(dns, proxy, 2)
    t.figure("moved while DNS was dead for 9 s", f"{lost}, served {took:.1f} s after DNS is back", "5 s",
             lost in (502, 503, 504) and took <= 5)


def back_at(dns, proxy, last):
    """DNS is back, with this address: seconds until the site is served by every loop: 16 times in a row."""
    dns.points_to(last)
    dns.start()
    began, right = time.monotonic(), 0
    while right < 16 and time.monotonic() < began + 12:
        right = right + 1 if proxy.get("/p").status == 200 else 0
        time.sleep(0.02)
    return time.monotonic() - began


def only_ipv6(t, dns, text, port):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        t.skip("this machine has no ::1", "a name with an IPv6 address alone")
        return
    common.Origin(t, named(b"six"), port=port, address="::1")
    dns.points_to(0, 1)
    proxy = t.start(text, name="six.yaml")
    who = proxy.get("/p").get("X-Served-By")
    t.figure("a name with an IPv6 address alone", f"served by {who}", "served there", who == "six")


def run(t):
    dns = Dns(t)
    one = common.Origin(t, named(b"one"))
    two = common.Origin(t, named(b"two"), port=one.port, address="127.0.0.2")
    text = common.conf(f"http://{NAME}:{one.port}") + f'resolver: {{servers: ["127.0.0.1:{dns.port}"]}}\n'
    if not common.knows(t, text):
        t.skip("resolver.servers is not a key of this version")
        return
    dns.start()
    while_running(t, dns, text)
    dead_at_start(t, dns, text, one, two)
    only_ipv6(t, dns, text, one.port)
