"""What a proxy between client and server changes, in one place: the tests of the suite that ask for more
than the server can show from behind one. All others pass through it unchanged, with the flags of a
connection given to the proxy (harness.CONTENT_FLAGS)."""

import unittest

CLOSE = "the end of a client's output ends its request, also in front of a server that would still answer"
OWN_BODY = "the proxy answers for a body that it could not read: test_proxy.py asks for its statuses"
OWN_HEAD = "the proxy adds fields to a head, and the server behind it has the same limit"
PROTOCOL = "the server sees the request that the proxy has made: its protocol, its Host"
PIECES = "pieces of an answer may be joined"

UNLIKE = {
    "WireTest.test_bodies_that_stop_early": CLOSE,
    "WireTest.test_chunked_bodies_that_stop_early": CLOSE,
    "WireTest.test_a_head_that_stops_early": CLOSE,
    "WireTest.test_silence_when_nothing_was_asked": CLOSE,
    "WireTest.test_empty_lines_behind_a_body_are_no_request": CLOSE,
    "WireTest.test_compressed_streams_are_sent_at_each_flush": PIECES,
    "SizeTest.test_chunked_body_bytes": OWN_BODY,
    "DeadlineTest.test_a_body_that_does_not_come": OWN_BODY,
    "SizeTest.test_default_head_bytes": OWN_HEAD,
    "SizeTest.test_head_fields": OWN_HEAD,
    "Uploads.test_uploads_leave_nothing": CLOSE,
    "ShutdownTest.test_a_handler_that_computes_for_ever_does_not_keep_the_process": "the proxy computes nothing",
    "Http2.test_a_handler_sees_the_request": PROTOCOL,
    "Http2.test_curl": PROTOCOL,
    "Http2.test_idle_websockets_and_events_have_no_stack": "the proxy passes each on by a fiber",
    "Http2.test_a_shutdown_says_goodbye_to_websockets": "to a proxy a WebSocket is bytes: its stream ends",
}
# Also in front of a server that is asked with HTTP/2.
UNLIKE_H2C = {
    "Http2.test_http1_beside_it": PROTOCOL,
}
# Bad requests that are refused only at the end of the client's output.
ROWS = {"2^63": CLOSE}


class Loader(unittest.TestLoader):
    """Leaves out what a proxy changes, when one is there."""

    def __init__(self, wire):
        super().__init__()
        self.unlike = UNLIKE if wire == "proxy" else UNLIKE | UNLIKE_H2C if wire == "proxy-h2c" else {}

    def getTestCaseNames(self, case):
        return [name for name in super().getTestCaseNames(case) if f"{case.__name__}.{name}" not in self.unlike]
