"""Python's websockets against /ws (read in a loop) and /ws-events (by events)."""

import asyncio
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import fetched
import harness
from harness import Server, settings

PATHS = ("/ws", "/ws-events")


class WebsocketsTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, str(fetched.python_packages(settings.bin)))
        import websockets  # fetched only now
        cls.websockets = websockets
        cls.server = cls.enterClassContext(Server())

    def connect(self, path, **options):
        options.setdefault("open_timeout", 20)
        options.setdefault("close_timeout", 20)
        return self.websockets.connect(f"ws://{self.server.host}:{self.server.port}{path}",
                                       max_size=None, **options)

    async def echo(self, client, messages):
        async def send():
            for message in messages:
                await client.send(message)
        sender = asyncio.create_task(send())
        for message in messages:
            self.assertEqual(await asyncio.wait_for(client.recv(), 30), message)
        await sender

    async def test_echo(self):
        sizes = (0, 1, 125, 126, 65535, 65536, 300_000)
        messages = ["ä" * (size // 2) for size in sizes] + [bytes([7]) * size for size in sizes]
        for path in PATHS:
            for compression in (None, "deflate"):
                async with self.connect(path, compression=compression) as client:
                    negotiated = "permessage-deflate" in client.response_headers.get(
                        "Sec-WebSocket-Extensions", "")
                    self.assertEqual(negotiated, compression is not None)
                    await self.echo(client, messages * 3)

    async def test_fragments_and_pings(self):
        for path in PATHS:
            async with self.connect(path) as client:
                async def pieces():
                    for i in range(50):
                        yield f"piece {i} "
                await client.send(pieces())
                self.assertEqual(await client.recv(), "".join(f"piece {i} " for i in range(50)))
                await asyncio.wait_for(await client.ping(b"hello"), 20)

    async def test_subprotocol(self):
        async with self.connect("/ws", subprotocols=["chat", "x"]) as client:
            self.assertEqual(client.subprotocol, "chat")

    async def test_close(self):
        for path in PATHS:
            client = await self.connect(path)
            await client.close(4321, "enough")
            self.assertEqual(client.close_code, 4321)

    async def test_too_big(self):
        client = await self.connect("/ws", compression=None)
        with self.assertRaises(self.websockets.ConnectionClosed):
            await client.send(b"x" * ((16 << 20) + 1))
            await client.recv()
        self.assertEqual(client.close_code, 1009)

    async def test_other_origin(self):
        with self.assertRaises(self.websockets.InvalidStatusCode) as caught:
            await self.connect("/ws", origin="http://elsewhere.example")
        self.assertEqual(caught.exception.status_code, 403)

    async def test_many_at_once(self):
        async def one(i):
            async with self.connect(PATHS[i % 2]) as client:
                await self.echo(client, [f"client {i} message {j}" for j in range(20)])
        await asyncio.gather(*(one(i) for i in range(60)))


if __name__ == "__main__":
    harness.main()
