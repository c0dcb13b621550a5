"""Debian's pebble, a small ACME server, as the authority of a test: it looks for names at addresses and ports of ours."""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import urllib.request

from certificates import Authority
from harness import wait_until


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Dns:
    """Answers every question for an address with 127.0.0.1, and every other one with nothing."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                question, peer = self.sock.recvfrom(4096)
            except OSError:
                return
            at = 12
            while question[at]:
                at += question[at] + 1
            asked = question[12:at + 5]
            is_a = asked[-4:-2] == b"\0\1"
            head = question[:2] + b"\x81\x80" + b"\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0"
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if is_a else b""
            self.sock.sendto(head + asked + answer, peer)

    def close(self):
        self.sock.close()


class Pebble:
    """A third of all nonces are refused. http, tls: the ports where names are looked for."""

    def __init__(self, directory, http, tls, valid_s=7776000, nonce_reject=30, blocked=(), **env):
        self.directory = str(directory)
        self.ca = Authority(os.path.join(self.directory, "ca"), "Authority of the directory")
        self.port, self.management, self.dns = free_port(), free_port(), Dns()
        cert, key = self.ca.issue("localhost", "IP:127.0.0.1")
        config = os.path.join(self.directory, "pebble.json")
        with open(config, "w") as f:
            json.dump({"pebble": {"listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{self.management}",
                                  "certificate": cert, "privateKey": key, "httpPort": http, "tlsPort": tls, "ocspResponderURL": "",
                                  "externalAccountBindingRequired": False, "certificateValidityPeriod": valid_s,
                                  "domainBlocklist": list(blocked)}}, f)
        self.log = open(os.path.join(self.directory, "pebble.log"), "wb+")
        self.proc = subprocess.Popen([shutil.which("pebble"), "-config", config, "-dnsserver", f"127.0.0.1:{self.dns.port}"], stdout=self.log,
                                     stderr=self.log, env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_VA_ALWAYS_VALID": "0",
                                                           "PEBBLE_WFE_NONCEREJECT": str(nonce_reject), **env})
        wait_until(self.answers, "pebble answers")

    @property
    def url(self):
        return f"https://localhost:{self.port}/dir"

    def context(self):
        return ssl.create_default_context(cafile=self.ca.pem)

    def answers(self):
        assert self.proc.poll() is None, self.said()
        try:
            return urllib.request.urlopen(self.url, timeout=10, context=self.context()).status == 200
        except OSError:
            return False

    def said(self):
        with open(self.log.name, errors="replace") as f:
            return f.read()

    def root(self):
        """The file of the root that signs for names."""
        path = os.path.join(self.directory, "root.pem")
        data = urllib.request.urlopen(f"https://localhost:{self.management}/roots/0", timeout=10, context=self.context()).read()
        with open(path, "wb") as f:
            f.write(data)
        return path

    def orders(self):
        """How many were made."""
        return self.said().count("Added order")

    def accounts(self):
        return self.said().count("Created account") or self.said().count("There are now")

    def close(self):
        self.proc.send_signal(signal.SIGTERM)
        self.proc.wait(20)
        self.log.close()
        self.dns.close()
