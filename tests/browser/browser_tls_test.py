"""The demo's page in a real browser over TLS 1.2 and 1.3, with HTTP/2: the page, its events and its
WebSockets."""

import base64
import hashlib
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import harness  # noqa: E402
from browser_test import ALL_CONNECTED, STATES, find_browser  # noqa: E402
from webdriver import Browser  # noqa: E402



def key_hash(cert):
    """Of the public key, as Chromium's list of trusted keys has it."""
    key = subprocess.run(["openssl", "x509", "-in", cert, "-pubkey", "-noout"], capture_output=True, check=True)
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key.stdout,
                         capture_output=True, check=True)
    return base64.b64encode(hashlib.sha256(der.stdout).digest()).decode()


class TlsPageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.programs = find_browser()
        cls.certificates = harness.Certificates()
        cls.cert, cls.key = cls.certificates.make("localhost", "DNS:localhost", "IP:127.0.0.1")

    def serve(self, program):
        return self.enterContext(harness.Server("--tls-addr", "127.0.0.1:0", "--cert", self.cert,
                                                "--key", self.key, program=program))

    def see_the_page(self, wire, version):
        browser = self.enterContext(Browser(
            *self.programs, "--ignore-certificate-errors-spki-list=" + key_hash(self.cert),
            "--ssl-version-max=" + wire))
        teller = self.serve("hon_wire_server")
        browser.open(f"https://localhost:{teller.tls_port}/tls")
        self.assertIn(f"version: {version}\n", browser.text("body"))
        server = self.serve("hon")
        url = f"https://localhost:{server.tls_port}/"
        browser.open(url)
        browser.wait(ALL_CONNECTED, STATES)
        # Events and the WebSocket bring what the server sends.
        seen = int(browser.text("#ticks"))
        browser.wait("return Number(document.getElementById('ticks').textContent) > arguments[0]", seen + 1)
        browser.click("#echo-burst")
        browser.wait("return document.querySelectorAll('#echo-chart rect').length === 60")
        browser.type("#chat-text", "over " + wire + "\ue007")
        browser.wait("return [...document.querySelectorAll('#chat-log li')]"
                     ".some(li => li.textContent.endsWith(arguments[0]))", "over " + wire)
        loaded = browser.run("return performance.getEntries().filter(e => e.nextHopProtocol !== undefined)"
                             ".map(e => [e.name, e.nextHopProtocol])")
        self.assertGreaterEqual(len(loaded), 3)
        for name, protocol in loaded:
            self.assertTrue(name.startswith(url), name)
            self.assertIn(protocol, ("h2", ""), name)  # "" while it is still loaded
        self.assertIn("h2", [protocol for _, protocol in loaded])
        # The browser itself may ask for an icon, which the page does not have.
        bad = [text for level, text in browser.console()
               if level in ("SEVERE", "WARNING") and "/favicon.ico" not in text]
        self.assertEqual(bad, [])
        self.assertNotIn("handshake error", server.errors())

    def test_over_tls_1_3(self):
        self.see_the_page("tls1.3", "TLS 1.3")

    def test_over_tls_1_2(self):
        self.see_the_page("tls1.2", "TLS 1.2")


if __name__ == "__main__":
    harness.main()
