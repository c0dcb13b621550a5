"""R23: certificates come and go under handshakes: nobody notices, but for the serial number."""
import os
import shutil
import ssl
import subprocess
import sys
import time

import common
import harness
from certificates import Authority, openssl
from tls import TlsClient, context

ID = "R23"
TITLE = "50 exchanged certificates during 200 handshakes/s"
QUICK = False

SWAPS, CLIENTS, RATE = 50, 3, 200
DONE, FAILED, RESUMED, STOP, ASKED = range(5)  # numbers of one client

CONF = """
version: 1
listen: [{{address: "127.0.0.1:0", tls: {{cert: live.pem, key: live.key, ticket_keys: tickets}}}}]
admin: {{address: "127.0.0.1:0", socket: admin.sock}}
sites: [{{hosts: ["*"], origin: {{url: "{url}"}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: light}}]
"""


def place(t, cert, key):
    for source, name in ((cert, "live.pem"), (key, "live.key")):
        path = os.path.join(t.dir, name)
        shutil.copyfile(source, path + ".new")
        os.rename(path + ".new", path)


def serial_of(pem):
    return openssl("x509", "-noout", "-serial", input=pem).strip()


def served(port):
    with TlsClient(port, common.HOST, context()) as c:
        return serial_of(ssl.DER_cert_to_PEM_cert(c.certificate).encode())


class Handshakes(common.Child):
    """One process that shakes hands, asks once and leaves; every other time with the session of the time before."""

    def __init__(self, t, port, ca, rate):
        self.port, self.ca, self.gap = port, ca, 1 / rate
        self.numbers = common.shared(8)
        self.begin(self.main)
        t.defer(self.kill)

    def main(self, pipe):
        ctx, n, session, due = context(self.ca), self.numbers, None, time.monotonic()
        while not n[STOP]:
            n[ASKED] += session is not None
            try:
                with TlsClient(self.port, common.HOST, ctx, session=session, timeout=10) as c:
                    good = c.get("/p").status == 200
                    n[RESUMED] += session is not None and c.sock.session_reused
                    session = c.sock.session if session is None else None
                n[DONE if good else FAILED] += 1
            except (OSError, harness.Broken) as why:
                print("handshake:", repr(why), file=sys.stderr)
                n[FAILED] += 1
                session = None
            due = max(due + self.gap, time.monotonic() - 1)
            time.sleep(max(0, due - time.monotonic()))


def total(clients, what):
    return sum(c.numbers[what] for c in clients)


def swap_all(t, port, ca, times):
    """Seconds from each new pair to its first handshake."""
    took = []
    pairs = [ca.issue(common.HOST, days=90) for _ in range(4)]
    for i in range(times):
        cert, key = pairs[i % len(pairs)]
        with open(cert, "rb") as f:
            want = serial_of(f.read())
        began = time.monotonic()
        place(t, cert, key)
        while served(port) != want and time.monotonic() < began + 10:
            pass
        took.append(time.monotonic() - began)
    return took


def resumptions(t, proxy, port, ca):
    """Of sessions from before a reload of the configuration and new ticket keys, how many go on."""
    ctx, sessions = context(ca), []
    for _ in range(40):
        with TlsClient(port, common.HOST, ctx) as c:
            c.get("/p")
            sessions.append(c.sock.session)
    path = os.path.join(t.dir, "tickets")
    with open(path, "rb") as f:
        old = f.read()
    with open(path + ".new", "wb") as f:
        f.write(os.urandom(80) + old)
    os.rename(path + ".new", path)
    code, text = common.admin_call(proxy.socket)
    assert code == 0, text
    time.sleep(1)  # two looks at the files
    again = 0
    for session in sessions:
        with TlsClient(port, common.HOST, ctx, session=session) as c:
            again += c.sock.session_reused and c.get("/p").status == 200
    return again, len(sessions)


def refused(port, flag):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", flag, "-cipher", "ALL:@SECLEVEL=0"],
                          input=b"", capture_output=True, timeout=30)
    return done.returncode != 0 and b"protocol version" in done.stderr


def run(t):
    origin = common.Origin(t)
    ca = Authority(os.path.join(t.dir, "ca"))
    place(t, *ca.issue(common.HOST, days=90))
    with open(os.path.join(t.dir, "tickets"), "wb") as f:
        f.write(os.urandom(80))
    proxy = t.start(CONF.format(url=origin.url))
    port = proxy.addresses["https"][0][1]
    clients = [Handshakes(t, port, ca.pem, RATE / CLIENTS) for _ in range(CLIENTS)]
    began, memory = time.monotonic(), proxy.memory()
    took = swap_all(t, port, ca, 10 if t.sanitized else SWAPS)
    t.figure("new serial, slowest of the exchanges", f"{max(took):.2f} s of {len(took)}", f"<= {t.slack:.0f} s", max(took) <= t.slack)

    good, other = ca.issue(common.HOST, days=90), ca.issue(common.HOST, days=90)
    before = served(port)
    place(t, good[0], other[1])
    harness.wait_until(lambda: common.metric(proxy, "tacet_tls_certificate_reload_success") == 0, "the wrong pair to be noticed")
    t.figure("a pair that does not fit", "kept out" if served(port) == before else "served", "kept out", served(port) == before)
    place(t, *good)
    with open(good[0], "rb") as f:
        want = serial_of(f.read())
    harness.wait_until(lambda: served(port) == want, "the right pair")

    again, of = resumptions(t, proxy, port, ca.pem)
    t.figure("sessions that outlive a reload and new ticket keys", f"{again} of {of}", ">= 95 %", again >= 0.95 * of)
    seconds = time.monotonic() - began
    for c in clients:
        c.numbers[STOP] = 1
    time.sleep(0.5)
    done, failed, asked, resumed = (total(clients, what) for what in (DONE, FAILED, ASKED, RESUMED))
    t.figure("handshakes that failed", f"{failed} of {done + failed}", "0", failed == 0 and done > 0)
    t.say("handshakes a second", f"{done / seconds:.0f}", f"{RATE} asked for")
    t.figure("resumed under it", f"{resumed} of {asked}", ">= 95 %", resumed >= 0.95 * asked > 0)
    for flag in ("-tls1", "-tls1_1"):
        t.figure(f"TLS {flag[4:].replace('_', '.')}", "refused" if refused(port, flag) else "taken", "refused", refused(port, flag))
    t.memory("memory after all of it", f"{(proxy.memory() - memory) / 1048576:+.1f} MiB", "<= +8 MiB", proxy.memory() - memory <= 8 << 20)
