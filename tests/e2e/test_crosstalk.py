"""No visitor ever gets a byte of another's answer: many at once, over pools of connections that break in every way."""
import asyncio
import random
import re

CLIENTS, ROUNDS = 24, 12


def body_of(name):
    """A body that only this request can have, of a length of its own."""
    rng = random.Random(name)
    return (f"id={name};" * rng.randint(1, 3000)).encode()


async def skip_body(reader, head):
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if length:
        await reader.readexactly(int(length[1]))
    if b"chunked" in head.lower():
        size = -1
        while size:
            size = int(await reader.readline(), 16)
            await reader.readexactly(size + 2)


async def send_body(writer, rng, type, body):
    """False: the connection does not outlive the answer."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n" % type
    how = rng.choice(["length", "dripped", "chunked", "close"])
    if rng.random() < 0.05:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n")
    if how == "chunked":
        writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
        while body:
            n = rng.randint(1, 5000)
            writer.write(b"%x\r\n%s\r\n" % (len(body[:n]), body[:n]))
            body = body[n:]
            if rng.random() < 0.01:
                writer.transport.abort()
                return False
        writer.write(b"0\r\n\r\n")
    elif how == "close":
        writer.write(head + b"\r\n" + body)
        await writer.drain()
        return False
    else:
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body))
        if rng.random() < 0.04:
            writer.write(body[:len(body) // 2])
            await writer.drain()
            writer.transport.abort()
            return False
        for i in range(60 if how == "dripped" else 0):
            writer.write(body[i:i + 1])
            await asyncio.sleep(0)
        writer.write(body[60:] if how == "dripped" else body)
    await writer.drain()
    return rng.random() > 0.02


def faulty_origin(rng):
    async def serve(reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await skip_body(reader, head)
                if rng.random() < 0.04:
                    break
                type = rng.choice([b"text/plain", b"text/html; charset=utf-8"])
                if not await send_body(writer, rng, type, body_of(re.match(rb"\w+ /(\w+)", head)[1].decode())):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        writer.close()
    return serve


async def read_answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if length:
        return int(head[9:12]), await reader.readexactly(int(length[1]))
    body, size = b"", -1
    while size:
        size = int(await reader.readline(), 16)
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    return int(head[9:12]), body


def request(rng, name):
    gpc = b"Sec-GPC: 1\r\n" if rng.random() < 0.5 else b""
    what = rng.random()
    if what < 0.2:
        return b"POST /%s HTTP/1.1\r\nHost: a\r\n%sContent-Length: 10\r\n\r\n0123456789" % (name, gpc)
    if what < 0.3:
        return b"POST /%s HTTP/1.1\r\nHost: a\r\n%sTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" % (name, gpc)
    return b"GET /%s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (name, gpc)


async def visit(port, number, rng, seen):
    count = 0
    for _ in range(ROUNDS):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(rng.randint(1, 10)):
                names = [f"v{number}n{count + i}" for i in range(rng.choice([1, 1, 4]))]
                count += len(names)
                writer.write(b"".join(request(rng, n.encode()) for n in names))
                if rng.random() < 0.03:
                    writer.transport.abort()
                    break
                for name in names:
                    status, body = await asyncio.wait_for(read_answer(reader), 30)
                    whole = body_of(name)
                    if status != 200:
                        seen["refused"] += 1
                    elif body == whole or (body.startswith(whole) and b'role="status"' in body[len(whole):]):
                        seen["right"] += 1
                    else:
                        seen["foreign"].append((name, body[:60]))
            writer.close()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            seen["cut"] += 1


def test_no_cross_talk(start):
    seen = {"right": 0, "refused": 0, "cut": 0, "foreign": []}

    async def run():
        server = await asyncio.start_server(faulty_origin(random.Random(1)), "127.0.0.1", 0, limit=1 << 20)
        url = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        proxy = await asyncio.to_thread(start, "--origin", url, "--region", "us-tx")
        await asyncio.gather(*(visit(proxy.port, n, random.Random(n), seen) for n in range(CLIENTS)))
        server.close()

    asyncio.run(run())
    print(seen["right"], "right,", seen["refused"], "refused,", seen["cut"], "cut")
    assert not seen["foreign"], seen["foreign"][:3]
    assert seen["right"] > 500 and seen["cut"] > 5 and seen["refused"] > 5
