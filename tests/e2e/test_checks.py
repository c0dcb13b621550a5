"""Active checks: who they take out and bring back, and for whom."""
import pytest

from harness import Origin, answer, get, total, wait_until

OK, BAD = answer("fine", type="text/plain"), answer("not now", type="text/plain", status="503 Service Unavailable")
CHECK = "check: {path: %s, interval: 100ms, healthy: 2, unhealthy: 2}"


def config(tmp_path, sites):
    """sites: {host: origin}"""
    conf = tmp_path / "t.yaml"
    listed = "".join(f"""
  - hosts: ["{host}"]
    origin: {{{origin}}}""" for host, origin in sites.items())
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
limits: {{threads: 2}}
sites:{listed}
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: light}}]
""")
    return conf


@pytest.fixture
def app():
    o = Origin()
    o.on("/", OK)
    yield o
    o.close()


def status(proxy, host):
    """By a connection of its own, so that both loops are asked now and then."""
    return get(proxy.port, "/", host=host).status


def test_out_and_back(start, app, tmp_path):
    app.on("/health", BAD)
    proxy = start("-c", config(tmp_path, {"*": f'url: "{app.url}", {CHECK % "/health"}'}))
    wait_until(lambda: status(proxy, "a.test") == 503, "it to be taken out")
    assert total(proxy.metrics(), "tacet_upstream_healthy") == 0
    app.on("/health", OK)
    wait_until(lambda: status(proxy, "a.test") == 200, "it to be back")
    assert total(proxy.metrics(), "tacet_upstream_healthy") == 1
    assert app.last("/health").get("Host") == app.url[7:]


def test_each_goes_by_its_own_check(start, app, tmp_path):
    """Two origins have the same server. One's check finds it well, the other's does not; a third does not ask."""
    app.on("/good", OK)
    app.on("/bad", BAD)
    proxy = start("-c", config(tmp_path, {"good.test": f'url: "{app.url}", {CHECK % "/good"}',
                                          "bad.test": f'url: "{app.url}", {CHECK % "/bad"}',
                                          "none.test": f'url: "{app.url}"'}))
    wait_until(lambda: status(proxy, "bad.test") == 503, "it to be out for the one")
    before = len(app.asked("/good"))
    while len(app.asked("/good")) < before + 8:  # each of them would have said otherwise
        assert [status(proxy, h) for h in ("good.test", "bad.test", "none.test")] == [200, 503, 200]
    assert total(proxy.metrics(), "tacet_upstream_healthy") == 0  # somebody's check does not like it


def test_the_same_check_twice_is_one(start, app, tmp_path):
    """Two sites that check a server alike ask it once an interval, and agree."""
    app.on("/health", OK)
    check = CHECK.replace("100ms", "1h") % "/health"
    proxy = start("-c", config(tmp_path, {h: f'url: "{app.url}", {check}' for h in ("a.test", "b.test", "c.test")}))
    wait_until(lambda: app.asked("/health"), "the check")
    assert [status(proxy, h) for h in ("a.test", "b.test", "c.test")] == [200] * 3
    assert len(app.asked("/health")) == 1


def test_a_reload_that_changes_the_check(start, app, tmp_path):
    """A server that is down does not come back because its check is another one now; without a check it does."""
    app.on("/health", BAD)
    app.on("/other", lambda conn, _request: False)  # no answer
    conf = config(tmp_path, {"*": f'url: "{app.url}", {CHECK % "/health"}'})
    proxy = start("-c", conf)
    wait_until(lambda: status(proxy, "a.test") == 503, "it to be taken out")
    config(tmp_path, {"*": f'url: "{app.url}", {CHECK % "/other"}'})
    proxy.reload()
    while not app.asked("/other"):
        assert status(proxy, "a.test") == 503
    assert status(proxy, "a.test") == 503
    config(tmp_path, {"*": f'url: "{app.url}"'})
    proxy.reload()
    wait_until(lambda: status(proxy, "a.test") == 200, "nobody to ask any more")
