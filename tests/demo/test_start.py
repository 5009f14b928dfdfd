"""The program's messages when it cannot start."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import harness  # noqa: E402

GET = b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n"


def start(*flags):
    """(exit code, stdout, stderr) of a program that should not start."""
    command = [str(pathlib.Path(harness.settings.bin) / "hon"), "--backend", harness.settings.backend,
               *map(str, flags)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout, done.stderr


class StartTest(unittest.TestCase):
    def test_a_file_that_cannot_be_served(self):
        with tempfile.TemporaryDirectory() as folder:
            fifo = pathlib.Path(folder) / "fifo"
            os.mkfifo(fifo)
            for path, why in (("/nope", "No such file or directory"), (folder, "Is a directory"),
                              (fifo, "not a regular file")):
                code, out, err = start("--addr", "127.0.0.1:0", "--file", path)
                self.assertNotEqual(code, 0)
                self.assertIn(f"--file: cannot serve {path}: {why}", out + err)
                self.assertNotIn("listening", out)
            file = pathlib.Path(folder) / "file"
            file.write_text("served")
            with harness.Server("--file", file, program="hon") as server:
                self.assertEqual(server.ask(GET).body, b"served")

    def test_a_second_process_on_the_same_port(self):
        for loops in (1, 2, 4):
            with harness.Server(program="hon", loops=loops) as server:
                for others in (1, 2):
                    for host in ("127.0.0.1", "0.0.0.0", ""):
                        address = f"{host}:{server.port}"
                        code, out, err = start("--addr", address, "--loops", others)
                        self.assertEqual(code, 1)
                        self.assertIn(f"listen {address}", err)
                        self.assertIn("Address already in use", err)
                        self.assertNotIn("listening", out)

    def test_a_second_process_on_the_same_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            address = f"unix:{folder}/socket"
            command = [str(pathlib.Path(harness.settings.bin) / "hon"), "--addr", address]
            first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            try:
                self.assertIn("listening on unix:", first.stdout.readline())
                code, _, err = start("--addr", address)
                self.assertEqual(code, 1)
                self.assertIn(f"listen {address}: bind: Address already in use", err)
            finally:
                first.terminate()
                first.wait(30)
                first.stdout.close()
            self.assertFalse(pathlib.Path(folder, "socket").exists())


harness.main()
