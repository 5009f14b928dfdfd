"""The demo's page in a real browser: its figures are live, grey while the server is away, and current
after a restart; it can be used by keyboard, and logs no error. Leaves screenshots in --artefacts."""

import argparse
import contextlib
import pathlib
import shutil
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import harness  # noqa: E402
from webdriver import Browser  # noqa: E402

TAB = "\ue004"
ENTER = "\ue007"
STATES = ["state", "clock-state", "echo-state", "chat-state"]
ALL_CONNECTED = "return arguments[0].every(id => document.getElementById(id).dataset.state === 'good')"
# Chromium's log messages while no server listens; the page cannot prevent them.
WHILE_AWAY = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_INCOMPLETE_CHUNKED_ENCODING",
              "ERR_EMPTY_RESPONSE", "ERR_SOCKET_NOT_CONNECTED", "WebSocket connection")


def find_browser():
    for chromium in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(chromium) and shutil.which("chromedriver"):
            return shutil.which(chromium), shutil.which("chromedriver")
    harness.skip_all("no chromium and chromedriver here (./dev setup installs them)")
    return None


class Hon(harness.Server):
    """The demo; at a given port, it can be started where another one was."""

    def __init__(self, port=0):
        super().__init__(program="hon")
        self.command[self.command.index("--addr") + 1] = f"127.0.0.1:{port}"


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(Browser(*find_browser()))

    def setUp(self):
        self.servers = self.enterContext(contextlib.ExitStack())
        self.server = self.servers.enter_context(Hon())
        self.first = self.browser.tab()
        self.open()

    def open(self):
        self.browser.open(self.server.url + "/")
        self.browser.wait(ALL_CONNECTED, STATES)

    def ticks(self):
        return int(self.browser.text("#ticks"))

    def wait_for_ticks(self):
        seen = self.ticks()
        self.browser.wait("return Number(document.getElementById('ticks').textContent) > arguments[0]",
                          seen + 1)

    def errors(self):
        return [message for level, message in self.browser.console() if level in ("SEVERE", "WARNING")]

    def say(self, line):
        self.browser.type("#chat-text", line + ENTER)

    def wait_for_line(self, line):
        self.browser.wait("return [...document.querySelectorAll('#chat-log li')]"
                          ".some(li => li.textContent.endsWith(arguments[0]))", line)

    def test_page(self):
        """One story, since starting things is what takes the time."""
        self.see_it_live()
        self.send_requests()
        self.see_that_it_is_self_contained()
        self.use_the_keyboard()
        self.talk_between_tabs()
        self.assertEqual(self.errors(), [])
        self.take_pictures()
        self.turn_grey_while_nothing_comes()
        self.survive_a_restart()
        self.inject_nothing()

    def see_it_live(self):
        self.wait_for_ticks()
        # The figures: each chart has a line of several points, and says what it shows.
        self.browser.wait("return [...document.querySelectorAll('.tile .line')]"
                          ".filter(line => line.getAttribute('d').split('L').length > 2).length === 4")
        for label in self.browser.run("return [...document.querySelectorAll('.tile svg')]"
                                      ".map(svg => svg.getAttribute('aria-label'))"):
            self.assertRegex(label, r"over \d+ seconds from [\d.,]+ to [\d.,]+")
        self.assertIn(f"· {self.server.used_backend} ·", self.browser.text("#facts"))
        loops = self.browser.run("return document.querySelectorAll('#loops li').length")
        self.assertEqual(loops, self.server.loops)
        # The echo.
        self.browser.click("#echo-burst")
        self.browser.wait("return document.querySelectorAll('#echo-chart rect').length === 60")
        self.assertRegex(self.browser.text("#echo-median"), r"^[\d.]+ ms$")
        # The file.
        self.browser.click("#file-measure")
        self.browser.wait("return document.getElementById('file-result').textContent.includes('a second')")
        self.assertEqual(self.browser.run("return document.getElementById('file-progress').value"), 1)

    def counted_requests(self):
        return int(self.browser.text("#facts").split(" ")[0].replace(",", ""))

    def send_requests(self):
        """The button sends 10,000 requests, which the server counts, and can stop them."""
        before = self.counted_requests()
        self.browser.click("#load-start")
        self.assertEqual(self.browser.text("#load-start"), "Stop")
        self.browser.wait("return document.getElementById('load-progress').value > 0")
        self.browser.wait("return document.getElementById('load-start').textContent !== 'Stop'", seconds=600)
        self.assertRegex(self.browser.text("#load-result"), r"^10,000 requests answered in [\d.]+ s$")
        self.assertEqual(self.browser.run("return document.getElementById('load-progress').value"), 10_000)
        self.assertRegex(self.browser.text("#load-rate"), r"^[\d,]+$")
        self.browser.wait("return Number(document.getElementById('facts').textContent"
                          ".split(' ')[0].replaceAll(',', '')) >= arguments[0]", before + 10_000)
        self.assertLess(self.counted_requests(), before + 10_100)
        self.browser.click("#load-start")
        self.browser.click("#load-start")
        self.browser.wait("return document.getElementById('load-result').textContent.startsWith('Stopped')")
        self.assertEqual(self.errors(), [])

    def see_that_it_is_self_contained(self):
        loaded = self.browser.run("return performance.getEntriesByType('resource').map(e => e.name)")
        self.assertGreaterEqual(len(loaded), 3)
        for url in loaded:
            self.assertTrue(url.startswith(self.server.url + "/"), url)

    def use_the_keyboard(self):
        focused = "return document.activeElement.id || document.activeElement.className"
        self.open()  # so that nothing has the focus, nor had it
        reached = []
        for _ in range(9):
            self.browser.press(TAB)
            reached.append(self.browser.run(focused))
        self.assertEqual(reached, ["skip", "load-start", "chat-log", "chat-name", "chat-text",
                                   "chat-send", "echo-burst", "file-link", "file-measure"])
        unnamed = self.browser.run(
            "return [...document.querySelectorAll('input, button, progress, section, [role=meter], [role=img]')]"
            ".filter(e => !(e.labels?.length || e.ariaLabel || e.getAttribute('aria-labelledby') ||"
            " e.textContent.trim())).map(e => e.outerHTML)")
        self.assertEqual(unnamed, [])

    def talk_between_tabs(self):
        hint = "return document.getElementById('chat-hint').checkVisibility()"
        self.assertTrue(self.browser.run(hint))
        self.say("hello from the first tab")
        self.wait_for_line("hello from the first tab")
        self.assertFalse(self.browser.run(hint))
        second = self.browser.new_tab()
        self.browser.open(self.server.url + "/")
        self.browser.wait("return document.getElementById('chat-state').dataset.state === 'good'")
        self.wait_for_line("hello from the first tab")  # what was said before
        self.say("<img src=x onerror=alert(1)> & \"quotes\" \\ 🙂")
        self.browser.switch(self.first)
        self.wait_for_line("<img src=x onerror=alert(1)> & \"quotes\" \\ 🙂")
        self.assertEqual(self.browser.run("return document.querySelectorAll('#chat-log img').length"), 0)
        self.say("and back")
        self.browser.switch(second)
        self.wait_for_line("and back")
        self.browser.switch(self.first)

    def take_pictures(self):
        self.browser.click("#echo-burst")
        self.browser.click("#file-measure")
        self.browser.wait("return document.querySelectorAll('#echo-chart rect').length === 60 &&"
                          " document.getElementById('file-result').textContent.includes('a second')")
        for name, width, height, scheme in (("wide-light", 1280, 900, "light"),
                                            ("wide-dark", 1280, 900, "dark"),
                                            ("narrow-light", 390, 1900, "light"),
                                            ("narrow-dark", 390, 1900, "dark")):
            path = flags.artefacts / f"page-{name}-{harness.settings.backend}.png"
            self.browser.screenshot(path, width, height, scheme)
            self.assertGreater(path.stat().st_size, 10_000)

    def grey(self):
        """The links whose figures are drawn in grey."""
        return self.browser.run("return [...document.querySelectorAll('[data-of]')]"
                                ".filter(e => getComputedStyle(e).filter.includes('grayscale'))"
                                ".map(e => e.dataset.of)")

    def turn_grey_while_nothing_comes(self):
        """A server that stands still keeps its connections: only silence tells."""
        silent = ["state", "clock-state", "echo-state"]
        self.assertEqual(self.grey(), [])
        self.browser.command("Emulation.setDeviceMetricsOverride", width=390, height=844,
                             deviceScaleFactor=1, mobile=False)
        size = "const e = document.documentElement; return [e.scrollWidth, e.scrollHeight]"
        live = self.browser.run(size)
        self.assertEqual(live[0], 390)
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            self.browser.wait("return arguments[0].every(id => "
                              "document.getElementById(id).dataset.state === 'wait')", silent)
            self.assertLessEqual(set(silent), set(self.grey()))
            self.assertEqual(self.browser.run(size), live)
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        self.browser.wait(ALL_CONNECTED, STATES)
        self.assertEqual(self.grey(), [])
        self.wait_for_ticks()
        self.assertEqual(self.browser.run(size), live)
        self.browser.command("Emulation.clearDeviceMetricsOverride")
        self.assertEqual(self.errors(), [])

    def survive_a_restart(self):
        self.servers.close()
        self.browser.wait("return arguments[0].every(id => "
                          "document.getElementById(id).dataset.state === 'wait')", STATES)
        self.assertEqual(set(self.grey()), set(STATES))
        self.server = self.servers.enter_context(Hon(self.server.port))
        self.browser.wait(ALL_CONNECTED, STATES)
        self.assertEqual(self.grey(), [])
        self.wait_for_ticks()
        self.say("still here")
        self.wait_for_line("still here")
        self.assertEqual([m for m in self.errors() if not any(a in m for a in WHILE_AWAY)], [])
        self.wait_for_ticks()
        self.assertEqual(self.errors(), [])

    def inject_nothing(self):
        """The policy of the page stops a script that somebody got into it."""
        self.browser.run("const script = document.createElement('script');"
                         "script.textContent = 'window.injected = true'; document.body.append(script)")
        self.assertIsNone(self.browser.run("return window.injected ?? null"))
        self.assertTrue(any("Content Security Policy" in message for message in self.errors()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--artefacts", type=pathlib.Path, default=pathlib.Path("artefacts"))
    flags, rest = parser.parse_known_args()
    sys.argv = [sys.argv[0], *rest]
    harness.main()
