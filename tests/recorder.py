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


class Gate(Recorder):
    """
    The same as a SOCKS 5 proxy, for a browser that cannot be told where names lead: those under .test lead to the ports
    given ({443: port, ...}), any other is noted and refused.
    """

    def __init__(self, leads):
        self.leads = leads
        super().__init__()

    def note(self, conn):
        with conn:
            conn.settimeout(20)
            try:
                host, port = self.asked(conn)
                to = self.leads.get(port) if host.endswith(".test") else None
                if not to:
                    with self.lock:
                        self.hosts.append(host)
                    conn.sendall(b"\5\4\0\1" + bytes(6))
                    return
                with socket.create_connection(("127.0.0.1", to), 20) as site:
                    conn.sendall(b"\5\0\0\1" + bytes(6))
                    conn.settimeout(None)
                    site.settimeout(None)
                    back = threading.Thread(target=pour, args=(site, conn), daemon=True)
                    back.start()
                    pour(conn, site)
                    back.join()
            except OSError:
                pass

    def asked(self, conn):
        """RFC 1928: the name and the port that a connection is for."""
        exactly(conn, exactly(conn, 2)[1])
        conn.sendall(b"\5\0")
        kind = exactly(conn, 4)[3]
        if kind == 3:
            host = exactly(conn, exactly(conn, 1)[0]).decode("latin-1")
        else:
            host = socket.inet_ntop(*((socket.AF_INET, exactly(conn, 4)) if kind == 1 else (socket.AF_INET6, exactly(conn, 16))))
        return host, int.from_bytes(exactly(conn, 2), "big")


def exactly(conn, n):
    data = b""
    while len(data) < n:
        more = conn.recv(n - len(data))
        if not more:
            raise ConnectionError("closed")
        data += more
    return data


def pour(source, to):
    """All that comes of one goes to the other; and its end."""
    try:
        while data := source.recv(65536):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        for conn in (source, to):
            try:
                conn.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
