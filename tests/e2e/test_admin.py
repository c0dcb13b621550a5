"""The admin listener: numbers with closed labels, health, and nothing about a visitor."""
import contextlib
import os
import re

from harness import answer, get, total, wait_until

SECRETS = ["canarypath", "canaryquery", "canarycookie", "canaryagent", "canaryreferer", "canaryfield", "canaryhost", "192.0.2.99", "CANARYMETHOD"]


def admin(proxy, path, **kw):
    return get(proxy.admin, path, host=f"127.0.0.1:{proxy.admin}", **kw)


def test_health(start, fresh_origin):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    assert admin(proxy, "/healthz").status == 200
    assert admin(proxy, "/readyz").status == 200
    assert admin(proxy, "/nothing").status == 404
    assert admin(proxy, "/metrics", method="POST", body=b"").status == 405


def test_metrics_count(start, fresh_origin):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    fresh_origin.on("/p", answer("<p>x<script src=https://www.google-analytics.com/analytics.js></script>", {"Set-Cookie": "_ga=1"}))
    for _ in range(3):
        proxy.get("/p", {"Sec-GPC": "1", "Cookie": "_fbp=1"})
    proxy.get("/p")
    wait_until(lambda: total(proxy.metrics(), "tacet_http_requests_total") >= 4, "the last request to be counted")
    m = proxy.metrics()
    assert total(m, "tacet_http_requests_total") == 4
    assert total(m, "tacet_filter_actions_total") >= 9
    assert total(m, "tacet_build_info") == 1
    with proxy.client() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        c.answer()
    wait_until(lambda: total(proxy.metrics(), "tacet_http_refusals_total") == total(m, "tacet_http_refusals_total") + 1, "the refusal to be counted")


def test_labels_are_closed_and_carry_no_visitor(start, fresh_origin):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    proxy.get("/canarypath?canaryquery=1", {"Cookie": "canarycookie=1", "User-Agent": "canaryagent", "Referer": "https://canaryreferer/",
                                            "X-canaryfield": "1", "X-Forwarded-For": "192.0.2.99"}, method="CANARYMETHOD", host="canaryhost.test")
    names = {key for key in proxy.metrics()}
    text = admin(proxy, "/metrics").text
    for secret in SECRETS:
        assert secret.lower() not in text.lower(), secret
    for i in range(50):
        proxy.get(f"/other/{i}?a={i}", {"X-N": str(i)}, method="GET", host=f"h{i}.test")
    new = {key for key in proxy.metrics()} - names
    assert len(new) < 10, f"labels grow with what visitors send: {sorted(map(str, new))[:5]}"
    types = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)
    assert all(kind in ("counter", "gauge", "histogram") for _, kind in types)
    assert all(name.startswith(("tacet_", "process_")) for name, _ in types)
    assert all(name.endswith("_total") for name, kind in types if kind == "counter" and name.startswith("tacet_"))


def test_nothing_is_said_on_the_way(start, fresh_origin):
    """No line on either output comes from a request, not even from a refused one."""
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    before = list(proxy.lines)
    for raw in (b"GET /canarypath HTTP/1.1\r\nHost: canaryhost\r\n\r\n", b"CANARY\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: canaryhost\r\n\r\n"):
        with proxy.client() as c:
            c.send(raw)
            try:
                c.answer()
            except Exception:
                pass
    fresh_origin.close()
    proxy.get("/canarypath")
    said = "\n".join(proxy.lines[len(before):]) + proxy.stderr()
    for secret in SECRETS + ["127.0.0.1"]:
        assert secret.lower() not in said.lower(), said


def test_dashboard_asks_nobody_else(start, fresh_origin):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    res = admin(proxy, "/")
    assert res.status == 200 and res.get("Content-Type").startswith("text/html")
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", res.text)


def test_a_foreign_host_name_is_refused(start, fresh_origin):
    """DNS rebinding: a page elsewhere cannot read the numbers through the operator's browser."""
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    assert get(proxy.admin, "/metrics", host="evil.example").status in (403, 421)


def test_no_core_and_no_files(start, fresh_origin, tmp_path):
    proxy = start("--origin", fresh_origin.url, "--region", "us-tx")
    proxy.get("/")
    writable = []
    for fd in os.listdir(f"/proc/{proxy.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed since
            writable.append(os.readlink(f"/proc/{proxy.pid}/fd/{fd}"))
    files = [f for f in writable if f.startswith("/") and not f.startswith(("/dev/", "/proc/")) and "(deleted)" not in f
             and not f.endswith((".mmdb", ".txt", ".dafsa", ".dat"))]
    assert not files, files
    with open(f"/proc/{proxy.pid}/limits") as f:
        core = re.search(r"^Max core file size\s+(\S+)\s+(\S+)", f.read(), re.M)
    assert core[1] == "0", "a crash could write a visitor's request to a core file"


def test_elsewhere_only_the_probes_answer_without_a_token(start, fresh_origin, tmp_path):
    """As `check` says in its warning; with a token its holder sees the rest."""
    token, conf = tmp_path / "token", tmp_path / "t.yaml"
    token.write_text("0123456789abcdef0123\n")
    text = f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "0.0.0.0:0"}}
sites: [{{hosts: ["*"], origin: {{url: "{fresh_origin.url}"}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: light}}]
"""
    conf.write_text(text)
    proxy = start("-c", conf, listen=False)
    assert [admin(proxy, p).status for p in ("/healthz", "/readyz", "/metrics", "/")] == [200, 200, 401, 401]
    conf.write_text(text.replace('0.0.0.0:0"', f'0.0.0.0:0", token_file: {token}'))
    proxy = start("-c", conf, listen=False)
    assert admin(proxy, "/metrics").status == 401
    assert admin(proxy, "/metrics", fields={"Authorization": "Bearer 0123456789abcdef0123"}).status == 200
    assert admin(proxy, "/metrics", fields={"Authorization": "Bearer 0123456789abcdef012x"}).status == 401
