"""R12: too few descriptors: some are refused, nobody who was let in is, and nothing spins."""
import contextlib
import resource
import time

import common
import harness

ID = "R12"
TITLE = "256 descriptors, 400 clients"
QUICK = True

LIMIT, CLIENTS, HOLD_S = 256, 400, 4
ASK = f"GET /p HTTP/1.1\r\nHost: {common.HOST}\r\n\r\n".encode()


def crowd(port, n):
    """n connections, each with a request on it. None for one that was refused already."""
    clients = []
    for _ in range(n):
        try:
            c = harness.Client(port, timeout=3)
            c.send(ASK)
            clients.append(c)
        except OSError:
            clients.append(None)
    return clients


def outcomes(clients):
    """How many were served, told 503, or let go without a word; those that still wait."""
    count = {"served": 0, "503": 0, "closed": 0, "waiting": 0}
    for c in clients:
        try:
            status = c.answer().status if c else 0
            count["served" if status == 200 else str(status)] = count.get("served" if status == 200 else str(status), 0) + 1
        except TimeoutError:
            count["waiting"] += 1
        except (OSError, harness.Broken):
            count["closed"] += 1
    return count


def release(clients):
    for c in clients:
        if c:
            c.close()


def serving_again(proxy):
    """Seconds until ten new connections in a row are served; None after 10 s."""
    began, right = time.monotonic(), 0
    while time.monotonic() < began + 10:
        try:
            with harness.Client(proxy.port, timeout=1) as c:
                right = right + 1 if c.get("/p").status == 200 else 0
        except (OSError, harness.Broken):
            right = 0
        if right == 10:
            return time.monotonic() - began
        time.sleep(0.005)
    return None


def admin_answers(proxy):
    """What does not answer, of the admin socket and the admin listener."""
    wrong = []
    with contextlib.suppress(OSError, harness.Broken, ValueError):
        if common.admin_call(proxy.socket, seconds=5)[0] != 0:
            wrong.append("reload")
    for path in ("/metrics", "/readyz", "/healthz"):
        try:
            status = common.admin_get(proxy, path, 5).status
        except (OSError, harness.Broken) as why:
            status = repr(why)
        if status != 200:
            wrong.append(f"{path}: {status}")
    return wrong


def cpu_of(proxy, seconds):
    was, began = proxy.cpu(), time.monotonic()
    time.sleep(seconds)  # a measurement needs a while
    return (proxy.cpu() - was) / (time.monotonic() - began) * 100


def run(t):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CLIENTS + 200:
        t.skip(f"this machine allows {hard} descriptors only")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, CLIENTS + 200), hard))
    origin = common.Origin(t)
    proxy = t.start(common.conf(origin.url), limits=f"ulimit -n {LIMIT}")
    given = resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE)[1]
    load = common.Load(t, proxy.port, keep_alive=4, fresh=0, rate=40)
    clients = crowd(proxy.port, CLIENTS)
    count = outcomes(clients)
    t.figure(f"{CLIENTS} clients at {given} descriptors", ", ".join(f"{n} {what}" for what, n in count.items() if n),
             "50 served at least, none waits", given == LIMIT and count["served"] >= 50 and not count["waiting"])
    open_now = proxy.descriptors()
    cpu = cpu_of(proxy, HOLD_S)
    t.figure("processor while they stay", f"{cpu:.1f} % of a core, {open_now} descriptors", "20 %", cpu < 20)
    wrong = admin_answers(proxy)
    t.figure("admin socket, metrics, probes", ", ".join(wrong) or "answer", "answer", not wrong)
    release(clients)
    again = serving_again(proxy)
    t.figure("serving again after they left", f"{again:.2f} s" if again else "not in 10 s", "1 s", again is not None and again <= 1)
    run_dry(t, proxy)
    result = load.stop()
    result.tell(t)
    t.figure("still the same process", "alive" if proxy.proc.poll() is None else f"exit {proxy.proc.returncode}", "alive",
             proxy.proc.poll() is None)


def run_dry(t, proxy):
    """None left at all: the limit is lowered to what is open, as if files or other threads had taken the rest."""
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, (proxy.descriptors() + 3, LIMIT))
    clients = crowd(proxy.port, 50)
    cpu = cpu_of(proxy, 2)
    t.figure("processor when not one is left", f"{cpu:.1f} % of a core", "20 %", cpu < 20)
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    release(clients)
    again = serving_again(proxy)
    t.figure("serving again after there are some", f"{again:.2f} s" if again else "not in 10 s", "1 s",
             again is not None and again <= 1)
