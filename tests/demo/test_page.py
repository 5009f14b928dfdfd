"""The demo's answers to plain clients and to browsers, over real sockets."""

import json
import pathlib
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import harness  # noqa: E402

WELCOME = b"Welcome! Try /sse endpoint."
PAGE_FILES = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}


def get(path, *fields):
    lines = [f"GET {path} HTTP/1.1", "Host: a", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


class Events:
    """The events of a stream that has just been asked for."""

    def __init__(self, wire):
        self.wire = wire
        _, self.status, _, self.fields = wire.head()
        self.text = ""

    def next(self):
        """The fields of the next event; comments are left out."""
        while True:
            while "\n\n" not in self.text:
                self.text += self.wire.chunk().decode()
            event, _, self.text = self.text.partition("\n\n")
            fields = dict(line.split(": ", 1) for line in event.split("\n") if not line.startswith(":"))
            if fields:
                return fields


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(harness.Server(program="hon"))

    def test_who_gets_what(self):
        html, plain = True, False
        for accept, wants in [
                (None, plain), ("*/*", plain), ("text/plain", plain), ("text/*", plain), ("", plain),
                ("application/json", plain), ("text/html;q=0", plain), ("text/html;q=x", plain),
                ("text/plain, text/html;q=0.9", plain), ("text/htmlx", plain), ("x/text/html", plain),
                ("text/html;q=2", plain), (";,;,,=", plain),
                ("text/html", html), ("TEXT/HTML", html), ("text/html;level=1", html),
                ("text/html;q=0.1", html), ("text/html ; Q=1.0 , */*", html),
                ("text/plain;q=0.5,text/html;q=0.5", html),
                ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", html)]:
            with self.subTest(accept):
                answer = self.server.ask(get("/", *([f"Accept: {accept}"] if accept is not None else [])))
                self.assertEqual((answer.status, answer.get("Vary")), (200, "Accept"))
                if wants:
                    self.assertEqual(answer.get("Content-Type"), "text/html; charset=utf-8")
                    self.assertTrue(answer.body.startswith(b"<!doctype html>"))
                else:
                    self.assertEqual(answer.get("Content-Type"), "text/plain; charset=utf-8")
                    self.assertEqual(answer.body, WELCOME)

    def test_several_accept_fields_are_one(self):
        answer = self.server.ask(get("/", "Accept: application/json", "Accept: text/html"))
        self.assertTrue(answer.body.startswith(b"<!doctype html>"))

    def test_other_paths_greet_too(self):
        self.assertEqual(self.server.ask(get("/anything", "Accept: text/html")).body, WELCOME)

    def test_head(self):
        answer = self.server.ask(get("/", "Accept: text/html").replace(b"GET", b"HEAD"), "HEAD")
        self.assertEqual(answer.status, 200)
        self.assertGreater(int(answer.get("Content-Length")), 1000)

    def test_the_page_is_self_contained(self):
        page = self.server.ask(get("/", "Accept: text/html"))
        policy = page.get("Content-Security-Policy")
        self.assertIn("default-src 'none'", policy)
        for hole in ("unsafe", "data:", "http:", "https:", "*"):
            self.assertNotIn(hole, policy)
        texts = [page.body.decode()]
        for name, kind in PAGE_FILES.items():
            answer = self.server.ask(get(f"/page/{name}"))
            self.assertEqual(answer.status, 200, name)
            self.assertTrue(answer.get("Content-Type").startswith(kind), name)
            self.assertEqual(answer.get("X-Content-Type-Options"), "nosniff")
            texts.append(answer.body.decode())
        for text in texts:
            for url in re.findall(r"https?://[^\s\"'`)]+", text):
                self.assertEqual(url, "http://www.w3.org/2000/svg")  # a name, not a place
        self.assertNotRegex(texts[0], r"<style|style=|\son\w+=|<script(?![^>]*src=)")
        for used in re.findall(r"(?:src|href)=\"([^\"#]+)\"", texts[0]):
            self.assertIn(used.removeprefix("page/"), [*PAGE_FILES, "file"])
        self.assertEqual(self.server.ask(get("/page/none")).status, 404)
        self.assertEqual(self.server.ask(get("/page/..%2fmain.cc")).status, 404)

    def test_what_has_not_changed_is_not_sent_again(self):
        for path in ("/", "/page/page.js"):
            tag = self.server.ask(get(path, "Accept: text/html")).get("ETag")
            again = self.server.ask(get(path, "Accept: text/html", f"If-None-Match: {tag}"))
            self.assertEqual((again.status, again.body), (304, b""))

    def test_the_clock_ticks(self):
        with self.server.connect() as wire:
            wire.send(get("/sse"))
            events = Events(wire)
            self.assertEqual(dict(events.fields)["Content-Type"], "text/event-stream")
            seen = [events.next()["data"] for _ in range(3)]
        times = [time.strptime(text, "%Y-%m-%dT%H:%M:%SZ") for text in seen]
        self.assertEqual(sorted(set(times)), times)

    def test_the_figures_stream(self):
        with self.server.connect() as wire:
            wire.send(get("/figures"))
            events = Events(wire)
            first = events.next()
            figures = json.loads(first["data"])
            self.assertEqual(set(figures), {"ms", "started", "requests", "connections", "loops", "cpu_ms",
                                            "memory", "http2", "backend", "version"})
            self.assertEqual(figures["backend"], self.server.used_backend)
            self.assertEqual(len(figures["loops"]), self.server.loops)
            self.assertGreater(figures["memory"], 1 << 20)
            while (second := json.loads(events.next()["data"]))["requests"] == 0:
                pass  # kept from before this test
            self.assertGreaterEqual(second["connections"], 1)
        # A reconnecting client continues after its last event; a new one starts with all kept events.
        with self.server.connect() as wire:
            wire.send(get("/figures", f"Last-Event-ID: {first['id']}"))
            self.assertNotEqual(Events(wire).next()["id"], first["id"])
        with self.server.connect() as wire:
            wire.send(get("/figures"))
            self.assertEqual(Events(wire).next()["id"], first["id"])

    def test_requests_and_connections_are_counted(self):
        def latest():
            with self.server.connect() as wire:
                wire.send(get("/figures", "Last-Event-ID: "))
                events = Events(wire)
                newest = {"ms": 0}
                while newest["ms"] / 1000 < began:
                    newest = json.loads(events.next()["data"])
                return newest
        began = time.time()
        before = latest()
        with self.server.connect() as wire:
            for _ in range(100):
                wire.send(get("/"))
                wire.answer()
            began = time.time()
            after = latest()
        self.assertGreaterEqual(after["requests"] - before["requests"], 100)
        self.assertLess(after["requests"] - before["requests"], 200)
        self.assertGreaterEqual(after["connections"], 2)
        self.assertEqual(sum(after["loops"]), after["connections"])

    def test_the_file(self):
        whole = self.server.ask(get("/file"))
        self.assertEqual(whole.body[:4], b"\x7fELF")
        part = self.server.ask(get("/file", "Range: bytes=1-3"))
        self.assertEqual((part.status, part.body), (206, b"ELF"))

    def test_streams_end_with_the_server(self):
        with harness.Server(program="hon") as server:
            wires = [server.connect() for _ in range(2)]
            for wire, path in zip(wires, ("/sse", "/figures")):
                wire.send(get(path))
                Events(wire).next()
            self.assertEqual(server.stop(), 0)
            for wire in wires:
                wire.close()
            self.assertNotIn("still ran", server.errors())


harness.main()
