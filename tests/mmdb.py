"""Writes a small MaxMind DB file (format 2.0, IPv4, records of 24 bits), with what a database knows and nobody may pass on."""
import ipaddress

STRING, DOUBLE, UINT16, UINT32, MAP, UINT64 = 2, 3, 5, 6, 7, 9
MARK = b"\xab\xcd\xefMaxMind.com"


def control(kind, size):
    low = size if size < 29 else 29
    head = bytes([(kind << 5 if kind <= 7 else 0) | low]) + (bytes([kind - 7]) if kind > 7 else b"")
    return head + (bytes([size - 29]) if low == 29 else b"")


def string(text):
    raw = text.encode()
    return control(STRING, len(raw)) + raw


def number(kind, size, value):
    return control(kind, size) + value.to_bytes(size, "big")


def mapping(pairs):
    return control(MAP, len(pairs)) + b"".join(string(k) + v for k, v in pairs.items())


class Mmdb:
    """add("192.0.2.0/24", {"country_code": "US", "city": "Austin"}), then write(path)."""

    def __init__(self):
        self.nodes, self.data = [[None, None]], b""

    def add(self, network, record):
        net = ipaddress.ip_network(network)
        bits = f"{int(net.network_address):032b}"[:net.prefixlen]
        at = 0
        for bit in map(int, bits[:-1]):
            if self.nodes[at][bit] is None:
                self.nodes.append([None, None])
                self.nodes[at][bit] = ("node", len(self.nodes) - 1)
            assert self.nodes[at][bit][0] == "node", f"{network} lies in a network that is there already"
            at = self.nodes[at][bit][1]
        self.nodes[at][int(bits[-1])] = ("data", len(self.data))
        self.data += mapping({k: string(v) for k, v in record.items()})

    def write(self, path):
        def value(r):
            n = len(self.nodes) if r is None else r[1] if r[0] == "node" else len(self.nodes) + 16 + r[1]
            return n.to_bytes(3, "big")

        about = {"binary_format_major_version": number(UINT16, 2, 2), "binary_format_minor_version": number(UINT16, 2, 0),
                 "build_epoch": number(UINT64, 8, 1780000000), "database_type": string("test"), "description": mapping({}),
                 "ip_version": number(UINT16, 2, 4), "languages": control(11, 0), "node_count": number(UINT32, 4, len(self.nodes)),
                 "record_size": number(UINT16, 2, 24)}
        with open(path, "wb") as f:
            f.write(b"".join(value(l) + value(r) for l, r in self.nodes) + bytes(16) + self.data + MARK + mapping(about))
