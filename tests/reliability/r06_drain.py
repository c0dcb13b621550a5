"""R06: SIGTERM: readiness goes first, what has begun ends well, and the end comes in time."""
import signal
import threading
import time

import common
import harness

ID = "R06"
TITLE = "SIGTERM: not ready, then served for the delay, then the rest, then gone"
QUICK = True

DELAY_S, TIMEOUT_S, SLOW_S = 2, 10, 5
NO_DELAY = "limits.drain_delay is not a key of this version"
NO_TIMEOUT = "limits.drain_timeout is not a key of this version: the drain is 30 s at most"


def readiness(proxy):
    """The status of /readyz; 0 when nobody answers."""
    try:
        return common.admin_get(proxy, "/readyz", 2).status
    except (OSError, harness.Broken):
        return 0


def slow_request(proxy, answers):
    """One request that takes SLOW_S at the origin, on a thread; its status, or why there is none, is appended."""
    def ask():
        try:
            answers.append(proxy.get("/slow").status)
        except (OSError, harness.Broken) as why:
            answers.append(repr(why))
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread


def ended(proxy, seconds):
    """Seconds until it has ended; None if it has not in time."""
    began = time.monotonic()
    try:
        proxy.wait(seconds)
    except Exception:
        return None
    return time.monotonic() - began


def graceful(t, origin, limits, delay):
    """Ends under load: the load is over within the delay, the slow answers later."""
    proxy = t.start(common.conf(origin.url, limits=limits), name="graceful.yaml")
    load = common.Load(t, proxy.port, websocket=False, sse=False, rate=600)
    answers, before = [], origin.numbers[common.REQUESTS]
    threads = [slow_request(proxy, answers) for _ in range(4)]
    harness.wait_until(lambda: origin.numbers[common.USER] == 4, "the slow requests to be under way")
    was = readiness(proxy)
    if not delay:
        result = load.stop()
    began = time.monotonic()
    proxy.signal(signal.SIGTERM)
    harness.wait_until(lambda: readiness(proxy) == 503, "readiness to go")
    late = time.monotonic() - began
    t.figure("/readyz after SIGTERM", f"{was}, 503 after {late * 1000:.0f} ms",
             f"200, 503 in {100 * t.slack} ms", was == 200 and late <= 0.1 * t.slack)
    if delay:
        time.sleep(max(0, began + delay * 0.6 - time.monotonic()))
        threads += [slow_request(proxy, answers) for _ in range(2)]
        harness.wait_until(lambda: origin.numbers[common.USER] == 6, "the late requests to be under way")
        result = load.stop()
        t.figure("old and new connections in the delay", result.failed_text(), f"0 failed in {delay * 0.6:.1f} s of {delay} s",
                 not result.failures)
    else:
        t.skip(NO_DELAY, "old and new connections in the delay")
    assert result.ok > 0 and origin.numbers[common.REQUESTS] > before
    for thread in threads:
        thread.join(SLOW_S + TIMEOUT_S)
    t.figure(f"answers that take {SLOW_S} s", f"{answers.count(200)} of {len(threads)}", "all finish",
             answers == [200] * len(threads))
    gone = ended(proxy, TIMEOUT_S + 5)
    took = time.monotonic() - began
    t.figure("the end, once idle", f"exit {proxy.proc.returncode} after {took:.1f} s",
             f"exit 0 within {delay} + {TIMEOUT_S} s", gone is not None and proxy.proc.returncode == 0
             and took <= delay + TIMEOUT_S)


def cut_short(t, origin, delay_key):
    """What never ends is cut when the time is over."""
    limits = ", drain_timeout: 2s" + (", drain_delay: 1s" if delay_key else "")
    proxy = t.start(common.conf(origin.url, limits=limits), name="short.yaml")
    load = common.Load(t, proxy.port, keep_alive=2, fresh=0, rate=50)
    began = time.monotonic()
    proxy.signal(signal.SIGTERM)
    gone = ended(proxy, 20)
    took = time.monotonic() - began
    most = 2 + (1 if delay_key else 0)
    t.figure("WebSocket and event stream that do not end", f"exit {proxy.proc.returncode} after {took:.1f} s",
             f"exit 0 within {most} s + {0.5 * t.slack} s",
             gone is not None and proxy.proc.returncode == 0 and took <= most + 0.5 * t.slack)
    load.kill()


def twice(t, origin, limits):
    proxy = t.start(common.conf(origin.url, limits=limits), name="twice.yaml")
    load = common.Load(t, proxy.port, keep_alive=2, fresh=0, rate=50)
    proxy.signal(signal.SIGTERM)
    harness.wait_until(lambda: readiness(proxy) == 503, "readiness to go")
    still = proxy.proc.poll() is None
    proxy.signal(signal.SIGTERM)
    took = ended(proxy, 20)
    t.figure("second SIGTERM", f"exit {proxy.proc.returncode} after {took or 20:.2f} s", "within 1 s",
             still and took is not None and took <= 1)
    load.kill()


def run(t):
    def handle(conn, request):
        if request.path == b"/slow":
            conn.origin.numbers[common.USER] += 1
        common.slow(SLOW_S)(conn, request)

    origin = common.Origin(t, handle)
    delay_key = common.knows(t, common.conf(origin.url, limits=f", drain_delay: {DELAY_S}s"))
    timeout_key = common.knows(t, common.conf(origin.url, limits=f", drain_timeout: {TIMEOUT_S}s"))
    limits = (f", drain_delay: {DELAY_S}s" if delay_key else "") + (f", drain_timeout: {TIMEOUT_S}s" if timeout_key else "")
    graceful(t, origin, limits, DELAY_S if delay_key else 0)
    if timeout_key:
        cut_short(t, origin, delay_key)
    else:
        t.skip(NO_TIMEOUT, "WebSocket and event stream that do not end")
    twice(t, origin, limits)
