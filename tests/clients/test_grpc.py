"""A gRPC client, grpcio, against handlers that speak gRPC by themselves (grpc_server.cc): unary calls,
streams of both directions, statuses in trailers and in the head, deadlines."""

import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness

try:
    import grpc
except ImportError:
    grpc = None

TIMEOUT = 60  # for calls that take milliseconds


class GrpcTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        program = pathlib.Path(harness.settings.bin) / "hon_grpc_server"
        cls.server = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.end_server)
        cls.address = cls.server.stdout.readline().strip()
        cls.channel = cls.enterClassContext(grpc.insecure_channel(cls.address))

    @classmethod
    def end_server(cls):
        cls.server.stdin.close()
        status = cls.server.wait(TIMEOUT)
        cls.server.stdout.close()
        if status != 0:
            raise AssertionError(f"the server ended with {status}")

    def method(self, kind, name):
        # Without serializers, messages are bytes.
        return getattr(self.channel, kind)(f"/test.Echo/{name}")

    def test_unary(self):
        unary = self.method("unary_unary", "Unary")
        for size in (0, 1, 5, 1000, 16_379, 16_384, 100_000, 3_000_000):
            message = bytes(i % 251 for i in range(size))
            answer, call = unary.with_call(message, timeout=TIMEOUT)
            self.assertEqual(answer, message)
            self.assertEqual(call.code(), grpc.StatusCode.OK)

    def test_many_at_once_on_one_connection(self):
        unary = self.method("unary_unary", "Unary")
        calls = [unary.future(b"%d" % i, timeout=TIMEOUT, metadata=(("x-metadata", f"m{i}"),))
                 for i in range(500)]
        for i, call in enumerate(calls):
            self.assertEqual(call.result(), b"%d" % i)
            self.assertIn(("x-metadata", f"m{i}"), [tuple(pair) for pair in call.initial_metadata()])

    def test_server_streaming(self):
        call = self.method("unary_stream", "Count")(b"300", timeout=TIMEOUT)
        self.assertEqual(list(call), [b"message %d" % i for i in range(300)])
        self.assertEqual(call.code(), grpc.StatusCode.OK)
        self.assertIn(("x-count", "300"), [tuple(pair) for pair in call.trailing_metadata()])

    def test_client_streaming(self):
        messages = [b"x" * (i * 37 % 5000) for i in range(300)]
        answer = self.method("stream_unary", "Sum")(iter(messages), timeout=TIMEOUT)
        self.assertEqual(answer, b"%d" % sum(map(len, messages)))

    def test_both_directions(self):
        answers = []

        def ask():  # each message but the first follows the answer to the one before
            for i in range(50):
                while len(answers) < i:
                    time.sleep(0.001)
                yield b"message %d" % i

        for answer in self.method("stream_stream", "Chat")(ask(), timeout=TIMEOUT):
            answers.append(answer)
        self.assertEqual(answers, [b"message %d" % i for i in range(50)])

    def failure_of(self, name, timeout=TIMEOUT):
        with self.assertRaises(grpc.RpcError) as raised:
            self.method("unary_unary", name)(b"", timeout=timeout)
        return raised.exception

    def test_a_status_in_the_head(self):
        error = self.failure_of("Fail")
        self.assertEqual((error.code(), error.details()), (grpc.StatusCode.NOT_FOUND, "nothing here"))

    def test_an_unknown_method(self):  # a 404 without gRPC's fields
        self.assertEqual(self.failure_of("Nothing").code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_a_deadline_ends_the_context(self):
        cancelled = self.method("unary_unary", "Cancelled")
        before = int(cancelled(b"", timeout=TIMEOUT))
        self.assertEqual(self.failure_of("Wait", timeout=0.2).code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        until = time.monotonic() + TIMEOUT
        while int(cancelled(b"", timeout=TIMEOUT)) != before + 1:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)


if __name__ == "__main__":
    if grpc is None:
        harness.skip_all("Python's grpcio is not installed (./dev setup installs it)")
    harness.main()
