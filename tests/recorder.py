"""Stands in for the whole internet: accepts every connection and notes the host that was meant, then refuses."""
import socket
import threading


def sni(hello):
    """The server name in a TLS ClientHello, or None."""
    try:
        at = 43 + 1 + hello[43]                                  # header, version, random, session id
        at += 2 + int.from_bytes(hello[at:at + 2], "big")        # cipher suites
        at += 1 + hello[at]                                      # compression
        end = at + 2 + int.from_bytes(hello[at:at + 2], "big")
        at += 2
        while at < end:
            kind, size = int.from_bytes(hello[at:at + 2], "big"), int.from_bytes(hello[at + 2:at + 4], "big")
            if kind == 0:
                return hello[at + 9:at + 9 + int.from_bytes(hello[at + 7:at + 9], "big")].decode()
            at += 4 + size
    except IndexError:
        pass
    return None


def host_of(first):
    """The host that the first bytes of a connection are for."""
    if first[:1] == b"\x16":
        return sni(first)
    line = first.split(b"\r\n")[0].decode("latin-1").split(" ")
    if line[0] == "CONNECT":
        return line[1].rsplit(":", 1)[0]
    for field in first.split(b"\r\n")[1:]:
        if field.lower().startswith(b"host:"):
            return field[5:].strip().decode("latin-1").rsplit(":", 1)[0]
    return None


class Recorder:
    def __init__(self):
        self.hosts, self.lock = [], threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.note, args=(conn,), daemon=True).start()

    def note(self, conn):
        with conn:
            conn.settimeout(20)
            try:
                first = conn.recv(65536)
                while first[:1] == b"\x16" and len(first) < 5 + int.from_bytes(first[3:5], "big"):
                    first += conn.recv(65536) or b"\0" * 65536
                host = host_of(first) if first else None
                if host:
                    with self.lock:
                        self.hosts.append(host)
                if first and first[:1] != b"\x16":
                    conn.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            except OSError:
                pass

    def take(self):
        with self.lock:
            hosts, self.hosts = self.hosts, []
        return hosts

    def close(self):
        self.listener.close()
