"""`tacet lists cname`: the site's own hosts that are another name for a collector, asked of a small DNS server on loopback."""
import json
import socket
import struct
import subprocess
import threading

import pytest

from harness import ROOT, tacet_path

CNAME, A = 5, 1
ZONE = {
    "metrics.shop.example": "shop.eulerian.net",
    "smetrics.shop.example": "lb.shop.example",
    "lb.shop.example": "shop.example.sc.omtrdc.net",
    "www.shop.example": "shop.cdn.example.net",
    "shop.cdn.example.net": "edge.cdn.example.net",
    "data.shop.example": "in.collector.test",
    "loop.shop.example": "pool.shop.example",
    "pool.shop.example": "loop.shop.example",
    "far.shop.example": "not-eulerian.net",
}


def name_bytes(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


class Dns:
    """Answers CNAME questions from ZONE; silent or nonsensical about some."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.sock.getsockname()[1]}"
        self.asked = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                query, peer = self.sock.recvfrom(4096)
            except OSError:
                return
            self.sock.sendto(self.reply(query), peer)

    def reply(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        question, (kind,) = query[12:at + 5], struct.unpack("!H", query[at + 1:at + 3])
        name = ".".join(labels)
        self.asked.append((name, kind))
        if name == "refused.shop.example":
            return query[:2] + struct.pack("!HHHHH", 0x8185, 1, 0, 0, 0) + question
        if name == "cut.shop.example":  # says that there is a record, and ends in it
            return query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + question + b"\xc0\x0c\0\5\0\1\0\0\0\1\0\x40\3abc"
        target = ZONE.get(name)
        if target is None:
            return query[:2] + struct.pack("!HHHHH", 0x8183, 1, 0, 0, 0) + question
        data = name_bytes(target)
        before = b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 60, 4) + b"\x7f\0\0\1" if name.startswith("lb.") else b""
        return (query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1 + bool(before), 0, 0) + question + before + b"\xc0\x0c"
                + struct.pack("!HHIH", CNAME, 1, 60, len(data)) + data)


@pytest.fixture
def dns():
    server = Dns()
    yield server
    server.sock.close()


def cname(dns, *args):
    return subprocess.run([tacet_path(), "lists", "cname", "--resolver", dns.address, "--use", "built-in", *map(str, args)],
                          capture_output=True, text=True, timeout=120, cwd=ROOT)


def test_who_collects(dns, tmp_path):
    (tmp_path / "more.txt").write_text("||collector.test^\n")
    ran = cname(dns, "--use", tmp_path / "more.txt", "--json", "metrics.shop.example", "SMETRICS.shop.example.", "www.shop.example",
                "data.shop.example", "plain.shop.example", "far.shop.example", "metrics.shop.example")
    hosts = {h["host"]: h for h in json.loads(ran.stdout)["hosts"]}
    assert ran.returncode == 1 and len(hosts) == 6, ran
    assert hosts["metrics.shop.example"] == {"host": "metrics.shop.example", "answered": True, "chain": ["shop.eulerian.net"],
                                             "collector": "shop.eulerian.net", "vendor": "Eulerian"}
    assert hosts["smetrics.shop.example"]["chain"] == ["lb.shop.example", "shop.example.sc.omtrdc.net"]
    assert hosts["smetrics.shop.example"]["vendor"] == "Adobe Analytics"
    assert hosts["data.shop.example"]["collector"] == "in.collector.test" and hosts["data.shop.example"]["vendor"] is None
    assert hosts["www.shop.example"]["chain"] == ["shop.cdn.example.net", "edge.cdn.example.net"]
    for name in ("www", "plain", "far"):
        assert hosts[name + ".shop.example"]["collector"] is None and hosts[name + ".shop.example"]["answered"]
    assert {kind for _, kind in dns.asked} == {CNAME}


def test_what_it_prints_is_a_list(dns, tmp_path):
    ran = cname(dns, "metrics.shop.example", "www.shop.example")
    assert ran.returncode == 1 and "metrics.shop.example -> shop.eulerian.net: Eulerian" in ran.stdout
    (tmp_path / "own.txt").write_text(ran.stdout)
    ran = subprocess.run([tacet_path(), "lists", "match", "--json", "--use", tmp_path / "own.txt", "--type", "ping", "--from", "www.shop.example",
                          "metrics.shop.example/x", "www.shop.example/x"], capture_output=True, text=True)
    assert [u["answers"][0]["verdict"] for u in json.loads(ran.stdout)["urls"]] == ["blocked", "passes"], ran


def test_nobody_collects(dns):
    ran = cname(dns, "www.shop.example", "plain.shop.example")
    assert ran.returncode == 0 and "||" not in ran.stdout and "plain.shop.example: no other name" in ran.stdout


def test_hosts_of_a_page(dns, tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<script src="https://metrics.shop.example/a.js"></script><img src=//SMETRICS.Shop.example:443/x>'
                    '<a href="https://other.example/">x</a><script>u="https:\\/\\/api.shop.example"</script> // comment http://shop.example.evil.test/')
    ran = cname(dns, "shop.example", "--page", page, "--json")
    assert [h["host"] for h in json.loads(ran.stdout)["hosts"]] == ["shop.example", "metrics.shop.example", "smetrics.shop.example",
                                                                    "api.shop.example"]
    assert not any("other" in name or "evil" in name for name, _ in dns.asked)
    assert cname(dns, "shop.example", "--page", tmp_path / "none.html").returncode == 1


def test_answers_that_are_none(dns):
    ran = cname(dns, "refused.shop.example", "cut.shop.example", "loop.shop.example", "--json")
    hosts = {h["host"].partition(".")[0]: h for h in json.loads(ran.stdout)["hosts"]}
    assert ran.returncode == 1
    assert not hosts["refused"]["answered"]
    assert hosts["cut"]["chain"] == [] and hosts["cut"]["collector"] is None
    assert len(hosts["loop"]["chain"]) == 8 and hosts["loop"]["collector"] is None


@pytest.mark.parametrize("args, word", [([], "which host"), (["shop"], "no host"), (["https://shop.example/"], "no host")])
def test_wrong_usage(dns, args, word):
    ran = cname(dns, *args)
    assert ran.returncode == 2 and word in ran.stderr
