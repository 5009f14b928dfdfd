"""Servers and proxies of others that a test starts on 127.0.0.1."""

import pathlib
import subprocess
import tempfile
import unittest

import harness
from ports import listens

# To be followed by the servers; {folder} is that of the test.
NGINX = """daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{}}
http {{
access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
"""
# To be followed by the frontend.
HAPROXY = """defaults
  mode http
  timeout connect 10s
  timeout client 30s
  timeout server 30s
"""


class PeerPrograms(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.folder.chmod(0o755)

    def start(self, command, port, **options):
        """Returns when the program listens; it ends with the test."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(harness.wait_until(lambda: listens(port)), command)
