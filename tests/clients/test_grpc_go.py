"""grpc-go's client against handlers that speak gRPC by themselves (grpc_server.cc); the tests themselves are
in grpc_go/grpc_test.go."""

import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import harness

GO = harness.require_tool("go")
TIMEOUT = 600  # for a build with nothing in the caches


def go(*arguments, **more):
    return subprocess.run([GO, *arguments], cwd=HERE / "grpc_go", capture_output=True, text=True, check=False,
                          timeout=TIMEOUT, env=os.environ | {"GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", **more})


class GrpcGoTest(unittest.TestCase):
    def test_grpc_go(self):
        program = pathlib.Path(harness.settings.bin) / "hon_grpc_server"
        with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            address = server.stdout.readline().strip()
            done = go("test", "-count=1", "-timeout=300s", ".", HON_ADDRESS=address)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(server.returncode, 0)


if __name__ == "__main__":
    fetched = go("mod", "download")
    if fetched.returncode != 0:
        harness.skip_all(f"grpc-go cannot be fetched here: {fetched.stderr.strip()[-200:]}")
    harness.main()
