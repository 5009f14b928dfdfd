"""The demo's WebSockets: /ws gives back what it gets, /chat tells it to all, whatever it is."""

import contextlib
import json
import pathlib
import resource
import sys
import unittest

for room in ("e2e", "support"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / room))

import harness  # noqa: E402
from websocket import BINARY, TEXT, Closed, Refused, WebSocket  # noqa: E402

NAME_BYTES_MAX = 96
TEXT_BYTES_MAX = 2000
LINES_KEPT = 50
BYTES_KEPT = 64 * 1024
CHATTERS_MAX = 1000
BURST = 10


class ChatTest(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(harness.Server(program="hon"))
        self.open = self.enterContext(contextlib.ExitStack())

    def connect(self, path="/chat", **options):
        return self.open.enter_context(WebSocket(self.server.host, self.server.port, path, **options))

    def said(self, chatter):
        opcode, data = chatter.receive()
        self.assertEqual(opcode, TEXT)
        return json.loads(data)

    def test_echo(self):
        with self.connect("/ws") as echo:
            for message in ("hello", "", "ü🙂\0", "x" * 70_000):
                echo.send(message)
                self.assertEqual(echo.receive(), (TEXT, message.encode()))
            for message in (b"", bytes(range(256)) * 1000):
                echo.send(message)
                self.assertEqual(echo.receive(), (BINARY, message))

    def test_a_plain_request_is_refused(self):
        for path in ("/ws", "/chat"):
            answer = self.server.ask(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            self.assertEqual(answer.status, 400)

    def test_pages_of_other_sites_are_refused(self):
        for path in ("/ws", "/chat"):
            self.connect(path, origin=self.server.url)
            with self.assertRaises(Refused) as refused:
                self.connect(path, origin="https://evil.example")
            self.assertEqual(refused.exception.status, 403)

    def test_all_hear_what_one_says_and_newcomers_what_was_said(self):
        first, second = self.connect(), self.connect()
        first.send("ann\nhello")
        for chatter in (first, second):
            said = self.said(chatter)
            self.assertEqual((said["name"], said["text"]), ("ann", "hello"))
        second.send("bob\ntwo\nlines")
        self.assertEqual(self.said(first)["text"], "two\nlines")
        third = self.connect()
        self.assertEqual([self.said(third)["text"] for _ in range(2)], ["hello", "two\nlines"])

    def test_whatever_is_said_arrives_as_it_was_and_escaped(self):
        chatter = self.connect()
        everything = "".join(map(chr, range(1, 0x180))).replace("\n", "") + "<script>&\u2028\u2029\\\"🙂\ufeff"
        chatter.send(f"<b>\0\n{everything}")
        _, data = chatter.receive()
        self.assertNotRegex(data, rb"[\0-\x1f<>&\x7f]")
        said = json.loads(data)
        self.assertEqual((said["name"], said["text"]), ("<b>\0", everything))

    def test_what_is_no_line_is_refused(self):
        chatter = self.connect()
        for bad in ("", "\n", "name only", "\ntext only", "name\n", " \n ", "a\n \t\r\n"):
            chatter.send(bad)
            self.assertIn("note", self.said(chatter), bad)
        chatter.send(b"a\nb")
        self.assertIn("note", self.said(chatter))

    def test_limits_at_n_and_one_more(self):
        chatter = self.connect()
        chatter.send("n" * NAME_BYTES_MAX + "\n" + "t" * TEXT_BYTES_MAX)
        self.assertEqual(len(self.said(chatter)["text"]), TEXT_BYTES_MAX)
        chatter.send("n\n" + "t" * (TEXT_BYTES_MAX + 1))
        self.assertIn("note", self.said(chatter))
        chatter.send("n" * (NAME_BYTES_MAX + 1) + "\nt")
        self.assertIn("note", self.said(chatter))
        chatter.send("n" * NAME_BYTES_MAX + "\n" + "t" * (TEXT_BYTES_MAX + 1))
        with self.assertRaises(Closed) as closed:
            chatter.receive()
        self.assertEqual(closed.exception.code, 1009)

    def test_who_talks_too_fast_is_closed(self):
        chatter = self.connect()
        for i in range(BURST):
            chatter.send(f"n\n{i}")
        for i in range(BURST):
            self.assertEqual(self.said(chatter)["text"], str(i))
        with self.assertRaises(Closed) as closed:
            for i in range(1000):
                chatter.send("n\nmore")
                chatter.receive()
        self.assertEqual(closed.exception.code, 1008)

    def test_kept_lines_are_bounded_by_number_and_by_bytes(self):
        def say(lines, text):
            while lines > 0:
                with WebSocket(self.server.host, self.server.port, "/chat") as chatter:
                    for i in range(min(lines, BURST - 1)):
                        chatter.send(f"n\n{text}")
                    lines -= BURST - 1
                    # All of it has been said once this comes back: nobody who comes then hears it live.
                    end = f"{lines} left of {text[:5]}"
                    chatter.send(f"n\n{end}")
                    while self.said(chatter).get("text") != end:
                        pass
        say(60, "short")
        listener = self.connect()
        listener.send("n\nlast")
        kept = 0
        while self.said(listener)["text"] != "last":
            kept += 1
        self.assertEqual(kept, LINES_KEPT)
        say(60, "\x01" * TEXT_BYTES_MAX)  # six times as much when it is escaped
        listener = self.connect()
        listener.send("n\nlast")
        kept = 0
        while (line := listener.receive()[1]) and json.loads(line)["text"] != "last":
            kept += len(line)
        self.assertLessEqual(kept, BYTES_KEPT)
        self.assertGreater(kept, BYTES_KEPT // 2)

    def test_one_chatter_more_than_allowed_is_turned_away(self):
        wanted = CHATTERS_MAX + 100
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < 2 * wanted:
            self.skipTest("the descriptor limit is too low here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * wanted), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        server = self.enterContext(harness.Server(program="hon"))  # inherits the limit
        chatters = [self.open.enter_context(WebSocket(server.host, server.port, "/chat"))
                    for _ in range(CHATTERS_MAX)]
        chatters[-1].send("n\nfull")
        self.assertEqual(self.said(chatters[-1])["text"], "full")
        with self.assertRaises(Closed) as closed:
            with WebSocket(server.host, server.port, "/chat") as more:
                more.receive()
        self.assertEqual(closed.exception.code, 1013)
        self.assertEqual(self.said(chatters[0])["text"], "full")

    def test_a_shutdown_says_goodbye(self):
        sockets = [self.connect("/ws"), self.connect("/chat")]
        self.server.terminate()
        for each in sockets:
            with self.assertRaises(Closed) as closed:
                each.receive()
            self.assertEqual(closed.exception.code, 1001)
            each.close()


harness.main()
