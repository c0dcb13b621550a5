"""Certificates of a throwaway authority, made by openssl when a test asks for them, and a scripted TLS server."""
import os
import socket
import ssl
import subprocess
import threading


def openssl(*args, **kw):
    ran = subprocess.run(["openssl", *map(str, args)], capture_output=True, timeout=60, **kw)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


class Authority:
    """A certificate authority in a directory: .pem is what clients have to trust."""

    def __init__(self, directory, name="Throwaway Test Authority"):
        self.directory = str(directory)
        os.makedirs(self.directory, exist_ok=True)
        self.pem, self.key, self.made = self.path("ca.pem"), self.path("ca.key"), 0
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key, "-out", self.pem,
                "-days", "2", "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def path(self, name):
        return os.path.join(self.directory, name)

    def issue(self, *names, days=1, start=None, end=None):
        """The files of a certificate for these names ("DNS:" unless said) and of its key. start, end: YYYYMMDDHHMMSSZ."""
        self.made += 1
        cert, key, csr, ext = (self.path(f"{self.made}.{kind}") for kind in ("pem", "key", "csr", "ext"))
        with open(ext, "w") as f:
            f.write("subjectAltName=" + ",".join(n if ":" in n else f"DNS:{n}" for n in names) + "\nextendedKeyUsage=serverAuth\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", csr, "-subj", "/CN=test")
        if start or end:
            index = self.path(f"{self.made}.index")
            open(index, "w").close()
            conf = self.path(f"{self.made}.conf")
            with open(conf, "w") as f:
                f.write(f"[ca]\ndefault_ca=it\n[it]\ndatabase={index}\nrand_serial=yes\npolicy=any\ndefault_md=sha256\nnew_certs_dir={self.directory}\n"
                        "[any]\ncommonName=optional\n")
            openssl("ca", "-batch", "-config", conf, "-cert", self.pem, "-keyfile", self.key, "-in", csr, "-out", cert, "-notext", "-extfile", ext,
                    "-startdate", start or "20200101000000Z", "-enddate", end or "20990101000000Z")
        else:
            openssl("x509", "-req", "-in", csr, "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial", "-out", cert, "-days", days, "-extfile", ext)
        return cert, key

    def client(self, name):
        """The files of a certificate by which somebody shows who he is, and of its key."""
        cert, key, csr = (self.path(f"{name}.{kind}") for kind in ("pem", "key", "csr"))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", csr, "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", csr, "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial", "-out", cert, "-days", "2")
        return cert, key

    def context(self, *names, **kw):
        """The TLS context of a server with such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(*names, **kw))
        return context


class TlsServer:
    """Gives each connection, once its handshake is over, to serve(sock); keeps what went wrong in handshakes."""

    def __init__(self, context, serve):
        self.context, self.serve = context, serve
        self.failed, self.names, self.threads = [], [], []
        context.sni_callback = lambda sock, name, ctx: self.names.append(name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.one, args=(sock,), daemon=True)
            thread.start()
            self.threads.append(thread)

    def one(self, sock):
        sock.settimeout(20)
        try:
            with self.context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False) as tls:
                self.serve(tls)
        except OSError as why:
            self.failed.append(why)

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        finally:
            self.listener.close()
        for thread in self.threads:
            thread.join(20)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def read_request(tls):
    """The head and the body of one request."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = tls.recv(65536)
        if not more:
            return data, b""
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = [int(line.split(b":")[1]) for line in head.split(b"\r\n")[1:] if line.lower().startswith(b"content-length:")]
    while length and len(body) < length[0]:
        body += tls.recv(65536)
    return head, body


def cut(tls):
    """Ends the connection as a lost one does: without TLS's own end."""
    tls.shutdown(socket.SHUT_RDWR)
