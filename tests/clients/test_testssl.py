"""testssl.sh, the scanner: no finding above "low" about protocols, suites, curves, the certificate and
the known attacks. Headers of HTTP, as HSTS, are the application's (docs/TLS.md)."""

import json
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness
from harness import Server

SECONDS_MAX = 1500
HARMLESS = ("OK", "INFO", "LOW", "DEBUG")
# About the scanner's own installation.
OWN = ("engine_problem", "scanTime")
CHECKS = ("--protocols", "--std", "--fs", "--server-preference", "--server-defaults", "--vulnerable")
LEAF = """
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1
crlDistributionPoints = URI:http://localhost/crl.pem
"""


def find_scanner():
    for name in ("testssl", "testssl.sh"):
        if shutil.which(name):
            return name
    return harness.require_tool("testssl")


class Scan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scanner = find_scanner()
        cls.certificates = harness.Certificates()
        cls.certificates.make("ca", ca=True, days=90)

    def pair(self, name, *key):
        """A certificate of the authority, as a public one would make it."""
        path = self.certificates.path
        pathlib.Path(path("leaf.ext")).write_text(LEAF)
        subprocess.run(["openssl", "req", "-newkey", *key, "-nodes", "-subj", "/CN=localhost", "-keyout",
                        path(name + ".key"), "-out", path(name + ".csr")], check=True, capture_output=True)
        subprocess.run(["openssl", "x509", "-req", "-days", "89", "-sha256", "-in", path(name + ".csr"), "-CA",
                        path("ca.cert"), "-CAkey", path("ca.key"), "-CAcreateserial", "-extfile",
                        path("leaf.ext"), "-out", path(name + ".cert")], check=True, capture_output=True)
        return path(name + ".cert"), path(name + ".key")

    def scan(self, cert, key):
        report = pathlib.Path(self.certificates.path("report.json"))
        report.unlink(missing_ok=True)
        with Server("--tls-addr", "127.0.0.1:0", "--cert", cert, "--key", key) as server:
            done = subprocess.run(
                [self.scanner, "--warnings", "off", "--color", "0", "--quiet", "--add-ca",
                 self.certificates.path("ca.cert"), "--jsonfile", str(report), *CHECKS,
                 f"localhost:{server.tls_port}"],
                capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=SECONDS_MAX)
        findings = json.loads(report.read_text())
        self.assertGreater(len(findings), 60, done.stdout[-2000:] + done.stderr[-2000:])
        bad = [f"{one['severity']} {one['id']}: {one['finding']}" for one in findings
               if one["severity"] not in HARMLESS and one["id"] not in OWN]
        self.assertEqual(bad, [], done.stdout[-4000:])
        seen = {one["id"]: one["finding"] for one in findings}
        self.assertEqual((seen["TLS1_2"], seen["SSLv3"], seen["TLS1"], seen["TLS1_1"]),
                         ("offered", "not offered", "not offered", "not offered"))
        self.assertTrue(seen["TLS1_3"].startswith("offered"), seen["TLS1_3"])

    def test_ecdsa(self):
        self.scan(*self.pair("ecdsa", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"))

    def test_rsa(self):
        self.scan(*self.pair("rsa", "rsa:2048"))


if __name__ == "__main__":
    harness.main()
