"""A new configuration under load: connections live on, a broken file changes nothing, draining ends well."""
import signal
import threading
import time

import pytest

from harness import Broken, Client, answer, get, head_bytes, sanitized, total, wait_until

CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
sites: [{{hosts: ["*"], origin: {{url: "{url}"}}}}]
rule_sets:
  opt-out:
    cookies: {{request: drop-listed, response: drop-listed}}
    scripts: {{remove: [analytics, advertising]}}
    status: "{status}"
  light: {{}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: opt-out}}]
"""
SAID_NO = {"Sec-GPC": "1"}


@pytest.fixture
def configured(start, fresh_origin, tmp_path):
    conf = tmp_path / "t.yaml"

    def write(status="One", text=None):
        conf.write_text(text if text is not None else CONF.format(url=fresh_origin.url, status=status))

    write()
    proxy = start("-c", conf, listen=False)
    fresh_origin.on("/p", answer("<!doctype html><body><p>x</body>"))
    return proxy, write, fresh_origin


def test_a_new_file_takes_effect_and_connections_stay(configured):
    proxy, write, _ = configured
    with proxy.client() as c:
        assert "One" in c.get("/p", SAID_NO).text
        write("Two")
        proxy.reload()
        wait_until(lambda: "Two" in c.get("/p", SAID_NO).text, "the new configuration")
        assert total(proxy.metrics(), "tacet_config_reload_success") == 1


def test_what_reloads_free_is_given_back(start, fresh_origin, tmp_path):
    """Each reload builds everything anew, beside the old, on one of several threads. None of that stays."""
    if sanitized():
        pytest.skip("a sanitizer keeps what is freed")
    rules, conf = tmp_path / "rules.txt", tmp_path / "t.yaml"
    rules.write_text("".join(f"||tracker-{i}.example^\n" for i in range(60000)))
    text = CONF.format(url=fresh_origin.url, status="Status @") + "lists: {use: [built-in, rules.txt]}\n"
    conf.write_text(text.replace("@", "0"))
    fresh_origin.on("/p", answer("<!doctype html><body><p>x</body>"))
    proxy = start("-c", conf, listen=False)
    assert "Status 0" in proxy.get("/p", SAID_NO).text
    before = proxy.memory()
    for n in range(1, 7):
        conf.write_text(text.replace("@", str(n)))
        proxy.reload()
        wait_until(lambda: f"Status {n}" in proxy.get("/p", SAID_NO).text, "the new configuration")
    wait_until(lambda: proxy.memory() < 1.4 * before, f"{before} bytes again, more or less")


def test_a_head_has_the_limit_of_its_time(configured):
    """A connection from before a reload takes the heads that one from after it takes."""
    proxy, write, origin = configured
    with proxy.client() as c:
        assert c.get("/p").status == 200
        write(text=CONF.format(url=origin.url, status="Two") + "limits: {header_size: 1MiB}\n")
        proxy.reload()
        wait_until(lambda: "Two" in c.get("/p", SAID_NO).text, "the new configuration")
        value = "v" * 600000  # more than the old limit and what is read at once
        c.send(b"GET /p HTTP/1.1\r\nHost: www.example.test\r\n")  # it comes in pieces, however they are read
        c.send(b"X-Large: " + value.encode())
        c.send(b"\r\n\r\n")
        assert c.answer().status == 200
    assert origin.last("/p").get("X-Large") == value


def test_a_broken_file_changes_nothing(configured):
    proxy, write, _ = configured
    with proxy.client() as c:
        write(text="version: 1\nsites: [\n")
        proxy.reload()
        wait_until(lambda: total(proxy.metrics(), "tacet_config_reload_success") == 0, "the refusal to be seen")
        assert "t.yaml:" in proxy.stderr() + "\n".join(proxy.lines)
        assert "One" in c.get("/p", SAID_NO).text
        write("Three")
        proxy.reload()
        wait_until(lambda: "Three" in c.get("/p", SAID_NO).text, "recovery")
        assert total(proxy.metrics(), "tacet_config_reload_success") == 1


def test_a_request_keeps_the_rules_it_began_with(configured):
    proxy, write, origin = configured
    go = threading.Event()

    def slow(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/html", "Transfer-Encoding": "chunked"}) + b"3\r\n<p>\r\n")
        go.wait(10)
        conn.sendall(b"7\r\n</body>\r\n0\r\n\r\n")

    origin.on("/slow", slow)
    with proxy.client() as c:
        c.ask("/slow", SAID_NO)
        while b"<p>" not in c.reader.buf:
            assert c.reader.more()
        write("Two")
        proxy.reload()
        wait_until(lambda: "Two" in proxy.get("/p", SAID_NO).text, "the new configuration")
        go.set()
        assert "One" in c.answer().text


def test_twenty_reloads_under_load_fail_nothing(configured):
    proxy, write, _ = configured
    stop, wrong, count = threading.Event(), [], [0]

    def visitor():
        c = Client(proxy.port)
        while not stop.is_set():
            try:
                res = c.get("/p", SAID_NO)
                text = res.text
                count[0] += 1
                if res.get("Connection", "") == "close":    # as announced: its 1,000 requests are used up
                    c.close()
                    c = Client(proxy.port)
                if ("One" in text) == ("Two" in text):
                    wrong.append(text)
            except (Broken, OSError) as why:
                wrong.append(repr(why))
                return
        c.close()

    threads = [threading.Thread(target=visitor) for _ in range(4)]
    for t in threads:
        t.start()
    for i in range(20):
        write("Two" if i % 2 == 0 else "One")
        proxy.reload()
        seen = count[0]
        wait_until(lambda: count[0] > seen + 10, "requests between reloads")
    stop.set()
    for t in threads:
        t.join()
    assert not wrong, wrong[:3]
    assert count[0] > 200


def test_drain(configured):
    """SIGTERM: not ready at once, what is under way ends well, exit status 0."""
    proxy, _, origin = configured
    go = threading.Event()

    def slow(conn, _request):
        go.wait(10)
        conn.sendall(answer("<p>finished"))

    origin.on("/slow", slow)
    idle = proxy.client()
    assert idle.get("/p").status == 200
    with proxy.client() as c:
        c.ask("/slow")
        wait_until(lambda: origin.asked("/slow"), "the request to be under way")
        watcher = Client(proxy.admin, host=f"127.0.0.1:{proxy.admin}")
        assert watcher.get("/readyz").status == 200
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: Client(proxy.admin, host=f"127.0.0.1:{proxy.admin}").get("/readyz").status == 503, "readiness to go")
        go.set()
        assert "finished" in c.answer().text
    watcher.close()
    idle.close()
    began = time.monotonic()
    assert proxy.wait() == 0
    assert time.monotonic() - began < 10


def test_an_idle_proxy_ends_at_once(start, fresh_origin):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    with proxy.client() as c:
        c.get("/")
        began = time.monotonic()
        proxy.signal(signal.SIGTERM)
        assert proxy.wait() == 0
        assert time.monotonic() - began < 3
        assert c.closed()


def test_a_second_sigterm_ends_it_now(start, fresh_origin):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    hold = threading.Event()
    fresh_origin.on("/hold", lambda conn, request: hold.wait(20))
    with proxy.client() as c:
        c.ask("/hold")
        wait_until(lambda: fresh_origin.asked("/hold"), "the request to be under way")
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: proxy.proc.poll() is not None or get(proxy.admin, "/readyz", host=f"127.0.0.1:{proxy.admin}").status == 503, "draining")
        proxy.signal(signal.SIGTERM)
        began = time.monotonic()
        proxy.wait()
        assert time.monotonic() - began < 2
    hold.set()
