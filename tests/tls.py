"""A visitor that speaks TLS: harness.Client over Python's ssl, and over bytes that a test moves itself."""
import socket
import ssl

from harness import DEADLINE, Client, Origin, Reader


def context(ca=None, alpn=("http/1.1",), minimum=None, maximum=None):
    """What a visitor trusts and offers; ca: a file, None: anything."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca:
        c.load_verify_locations(ca)
    else:
        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    if alpn:
        c.set_alpn_protocols(list(alpn))
    if minimum:
        c.minimum_version = minimum
    if maximum:
        c.maximum_version = maximum
    return c


class TlsClient(Client):
    """One connection of a visitor, by TLS. first: bytes in clear before the handshake."""

    def __init__(self, port, host="www.example.test", ctx=None, sni="", first=b"", session=None, timeout=DEADLINE, rcvbuf=None):
        super().__init__(port, host, rcvbuf, timeout)
        if first:
            self.sock.sendall(first)
        name = host if sni == "" else sni
        self.sock = (ctx or context()).wrap_socket(self.sock, server_hostname=name, session=session, suppress_ragged_eofs=False)
        self.reader = Reader(self.sock)

    @property
    def certificate(self):
        return self.sock.getpeercert(binary_form=True)


def tls_get(port, target="/", fields=(), host="www.example.test", **kw):
    with TlsClient(port, host, **kw) as c:
        return c.get(target, fields)


class HandTls:
    """A visitor whose ciphertext the test moves: cut, held back, one byte at a time."""

    def __init__(self, port, host="www.example.test", ctx=None):
        self.sock = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.inside, self.outside = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = (ctx or context()).wrap_bio(self.inside, self.outside, server_hostname=host)

    def flush(self, size=1 << 20):
        data = self.outside.read()
        for i in range(0, len(data), size):
            self.sock.sendall(data[i:i + size])

    def pull(self):
        """More bytes of the peer; False: it has ended."""
        data = self.sock.recv(65536)
        if data:
            self.inside.write(data)
        return bool(data)

    def shake(self, size=1 << 20):
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flush(size)
                if not self.pull():
                    raise ConnectionError("closed during the handshake") from None
        self.flush(size)

    def send(self, data, size=1 << 20):
        self.tls.write(data)
        self.flush(size)

    def recv(self, n=65536):
        """As a socket's: b"" is an end that was said, ConnectionError one that was not."""
        while True:
            try:
                return self.tls.read(n)
            except ssl.SSLWantReadError:
                if not self.pull():
                    raise ConnectionError("closed without close_notify") from None
            except ssl.SSLZeroReturnError:
                return b""

    def close(self):
        self.sock.close()


class TlsOrigin(Origin):
    """harness.Origin behind TLS; what went wrong in handshakes is in failed, the names asked for in names."""

    def __init__(self, ctx):
        self.ctx, self.failed, self.names, self.resumed, self.certificates = ctx, [], [], [], []
        ctx.sni_callback = lambda sock, name, c: self.names.append(name)
        super().__init__()
        self.url = f"https://127.0.0.1:{self.port}"

    def serve(self, conn, number):
        conn.settimeout(DEADLINE)
        try:
            conn = self.ctx.wrap_socket(conn, server_side=True, suppress_ragged_eofs=False)
        except OSError as why:
            self.failed.append(str(why))
            conn.close()
            return
        self.resumed.append(conn.session_reused)
        self.certificates.append(conn.getpeercert())
        with self.lock:
            self.open.add(conn)
        super().serve(conn, number)
