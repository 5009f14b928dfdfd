"""The little of the WebDriver protocol (W3C) that a test needs, spoken to chromedriver."""

import base64
import http.client
import json
import os
import pathlib
import re
import select
import subprocess
import tempfile
import time

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's name for a reference to one
START_SECONDS_MAX = 60
CALL_SECONDS_MAX = 60

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage", "--force-color-profile=srgb", "--hide-scrollbars"]


class Browser:
    """A headless Chromium with a fresh profile, and more arguments; ends with its `with` block."""

    def __init__(self, chromium, chromedriver, *arguments):
        self.arguments = arguments
        self.chromium = chromium
        self.chromedriver = chromedriver
        self.session = None
        self.accepts_insecure = False  # certificates that nobody has signed

    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen([self.chromedriver, "--port=0"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            self.port = self._read_port()
            arguments = [*ARGUMENTS, *self.arguments, f"--user-data-dir={self.profile.name}"]
            made = self._send("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "acceptInsecureCerts": self.accepts_insecure,
                "goog:chromeOptions": {"args": arguments, "binary": self.chromium},
                "goog:loggingPrefs": {"browser": "ALL"}}}})
            self.session = f"/session/{made['sessionId']}"
            return self
        except BaseException:
            self.__exit__()
            raise

    def _read_port(self):
        # Without the buffer of the text file, in which select does not see lines.
        fd = self.process.stdout.fileno()
        text = ""
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end:
            if not select.select([fd], [], [], 1)[0]:
                continue
            piece = os.read(fd, 4096)
            text += piece.decode(errors="replace")
            if found := re.search(r"started successfully on port (\d+)\.", text):
                return int(found[1])
            if not piece:
                break
        raise AssertionError("chromedriver does not start: " + text)

    def __exit__(self, *_):
        try:
            if self.session:
                self._send("DELETE", self.session)
        finally:
            self.process.terminate()
            self.process.communicate()
            self.profile.cleanup()

    def _send(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CALL_SECONDS_MAX)
        text = json.dumps(body if body is not None else {}) if method == "POST" else None
        connection.request(method, path, text, {"Content-Type": "application/json"})
        response = connection.getresponse()
        value = json.loads(response.read())["value"]
        connection.close()
        if response.status != 200:
            raise AssertionError(f"{method} {path}: {value}")
        return value

    def _call(self, path, body=None, method="POST"):
        return self._send(method, self.session + path, body)

    def open(self, url):
        self._call("/url", {"url": url})

    def run(self, script, *arguments):
        """The result of a function with this body, run in the page."""
        return self._call("/execute/sync", {"script": script, "args": list(arguments)})

    def text(self, css):
        return self.run("return document.querySelector(arguments[0])?.textContent", css)

    def wait(self, script, *arguments, seconds=60):
        """Waits until `script` returns something true, and returns that."""
        end = time.monotonic() + seconds
        while not (value := self.run(script, *arguments)):
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {script} {arguments}")
            time.sleep(0.1)
        return value

    def type(self, css, text):
        """Types into an element, as a person does; "\ue007" is Enter."""
        element = self._call("/element", {"using": "css selector", "value": css})
        self._call(f"/element/{element[ELEMENT]}/value", {"text": text})

    def click(self, css):
        element = self._call("/element", {"using": "css selector", "value": css})
        self._call(f"/element/{element[ELEMENT]}/click")

    def press(self, key):
        """Presses a key wherever the focus is."""
        self._call("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def tab(self):
        return self._call("/window", method="GET")

    def new_tab(self):
        handle = self._call("/window/new", {"type": "tab"})["handle"]
        self.switch(handle)
        return handle

    def switch(self, handle):
        self._call("/window", {"handle": handle})

    def console(self):
        """The messages logged since the last call: (level, message)."""
        return [(entry["level"], entry["message"]) for entry in self._call("/se/log", {"type": "browser"})]

    def command(self, name, **parameters):
        """A command of Chromium's own protocol."""
        return self._call("/goog/cdp/execute", {"cmd": name, "params": parameters})

    def screenshot(self, path, width, height, scheme):
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=1, mobile=False)
        image = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        pathlib.Path(path).write_bytes(base64.b64decode(image["data"]))
        self.command("Emulation.clearDeviceMetricsOverride")
        self.command("Emulation.setEmulatedMedia", features=[])
