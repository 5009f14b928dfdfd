"""The HTTP/2 side of harness.Wire: a test writes its requests as over HTTP/1.1 and reads the answers by the
same calls, so that one body of tests runs over both. A request that HTTP/2 cannot say skips its test."""

import collections
import re
import socket
import struct

import h2client
import harness
from h2client import Client
from harness import OfHttp1

NO_ERROR, PROTOCOL_ERROR = 0, 1
TRAILER_BYTES_MAX = 4096  # of HTTP/1
DROPPED = {b"close", b"keep-alive"}  # values of Connection that ask for nothing else
OF_THE_CONNECTION = {b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"http2-settings"}


class StreamReset(harness.WireError):
    """The server has reset the stream before its end."""


class Head:
    """The head of a request of HTTP/1.1, as HTTP/2 says it (RFC 9113 section 8.3.1). What HTTP/2 can say, but
    forbids, is kept."""

    def __init__(self, head):
        first, *lines = head.split(b"\r\n")
        match = re.fullmatch(rb"([^ ]+) (?:https?://([^/]*))?([^ ]+) HTTP/1\.1", first)
        if not match:
            raise OfHttp1("a request line")
        self.method, self.authority, self.path = match.groups()
        self.fields, self.lengths, self.chunked = [], [], False
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon:
                raise OfHttp1("a line without a colon")
            self._add(name.lower(), value.strip(b" \t"))
        if self.authority is None:
            raise OfHttp1("no Host: :authority may be missing")
        if self.chunked and self.lengths:
            raise OfHttp1("two framings of a body")

    def _add(self, name, value):
        if name == b"host":
            if self.authority == value:
                raise OfHttp1("Host twice: it may equal :authority")
            if self.authority is None:
                self.authority = value
                return
        elif name == b"transfer-encoding":
            if self.chunked or value.lower() != b"chunked":
                raise OfHttp1("transfer codings")
            self.chunked = True
            return
        elif name == b"connection" and value.lower() in DROPPED:
            return
        elif name in OF_THE_CONNECTION or name == b"connection":
            raise OfHttp1("fields of the connection")
        elif name == b"content-length":
            self.lengths.append(value)
        self.fields.append((name, value))

    def length(self):
        """Of the body; None where no number says it."""
        if not self.lengths:
            return 0
        return int(self.lengths[0]) if re.fullmatch(rb"\d+", self.lengths[0]) else None


class Upload:
    """A body that is on its way."""

    def __init__(self, stream, left, chunked):
        self.stream = stream
        self.left = left  # of the body, or of the chunk
        self.chunked = chunked
        self.in_trailers = False


class Wire(Client):
    """One connection, with the calls of harness.Wire."""

    FIELDS_SLACK = 1  # :protocol, which few requests have

    def __init__(self, server, tls, timeout):
        self.pending = b""     # of a head, or of the framing of a chunk
        self.upload = None
        self.asked = collections.deque()
        self.begun = False     # the head of asked[0] was read
        self.place = 0         # in its body
        self.interim = 0       # 1xx of it that were read
        self.part = 0
        self.whole = set()     # the streams of requests that were sent to their end
        self.written = None    # a list: what encode() gathers
        super().__init__(server, tls, timeout)
        encode = self.h2.encoder.encode  # whose Huffman code takes seconds for what is large
        self.h2.encoder.encode = lambda fields: encode(fields, sum(len(value) for _, value in fields) < 4096)

    # ---- requests ----

    def head_bytes(self, head):
        """What WithMaxHeaderBytes counts of this head (RFC 9113 section 6.5.2)."""
        return sum(len(name) + len(value) + 32 for name, value in self._lines(Head(head.removesuffix(b"\r\n\r\n"))))

    def _lines(self, head):
        return [(b":method", head.method), (b":scheme", self.scheme.encode()), (b":authority", head.authority),
                (b":path", head.path), *head.fields]

    @staticmethod
    def expresses(request):
        """Whether HTTP/2 can say this request."""
        try:
            Head(request.partition(b"\r\n\r\n")[0])
        except OfHttp1:
            return False
        return True

    def send(self, data):
        """Sends what these bytes of HTTP/1.1 say, or as much as a server that has stopped listening takes."""
        self.pending += data
        while self.pending:
            if self.upload is None:
                head, end, rest = self.pending.partition(b"\r\n\r\n")
                if not end:
                    return
                self.pending = rest
                self._begin(Head(head))
            elif not (self._chunk() if self.upload.chunked else self._some()):
                return

    def encode(self, data):
        """The bytes on the wire for requests with small bodies."""
        self.written = []
        self.send(data)
        out, self.written = b"".join(self.written), None
        return out

    def flush(self):
        if self.written is None:
            super().flush()
        else:
            self.written.append(self.h2.data_to_send())

    def send_raw(self, data):
        """Bytes of encode(), or a part of them."""
        self.socket.sendall(data)

    def send_some(self, data):
        """As much of the body that is on its way as the windows allow now."""
        stream = self.upload.stream
        place = 0
        while room := min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size,
                          len(data) - place):
            self.h2.send_data(stream, data[place:place + room])
            place += room
        self.flush()

    def flood(self, request, count):
        """So many of these requests, or as many as may be open at once."""
        for _ in range(min(count, self.remote_settings[h2client.MAX_CONCURRENT_STREAMS])):
            self.send(request)

    def is_cut(self):
        """Whether the server has ended the streams of all requests, with no window given back."""
        self.credits = False
        while self.asked:
            if not self._until(lambda stream: False).over():
                return False
            self._next()
        return True

    def send_bytewise(self, data):
        for byte in self.encode(data):
            self.socket.sendall(bytes([byte]))

    def _begin(self, head):
        stream = self.h2.get_next_available_stream_id()
        self.streams[stream] = h2client.Stream()
        self.asked.append(stream)
        length = head.length()
        whole = not head.chunked and not length
        self.h2.send_headers(stream, self._lines(head), end_stream=whole)
        self.flush()
        if whole:
            self.whole.add(self.streams[stream])
        if length is None:
            self.pending = b""  # where its body ends is unknown
        elif not whole:
            self.upload = Upload(stream, length, head.chunked)

    def _data(self, data, end=False):
        if (data or end) and not self.streams[self.upload.stream].over():
            self.write(self.upload.stream, data, end)
            if end and not self.streams[self.upload.stream].over():
                self.whole.add(self.streams[self.upload.stream])

    def _some(self):
        part, self.pending = self.pending[:self.upload.left], self.pending[self.upload.left:]
        self.upload.left -= len(part)
        self._data(part, end=self.upload.left == 0)
        if self.upload.left == 0:
            self.upload = None
        return True

    def _chunk(self):
        """The next piece of a chunked body; False when more of it must come first."""
        upload = self.upload
        if upload.in_trailers:
            return self._trailers()
        if upload.left:  # with the CRLF behind it
            part, self.pending = self.pending[:upload.left], self.pending[upload.left:]
            self._data(part[:max(upload.left - 2, 0)])
            upload.left -= len(part)
            return True
        line, end, rest = self.pending.partition(b"\r\n")
        if not end:
            return False
        size = re.fullmatch(rb"([0-9A-Fa-f]{1,16})(;[^\r\n]{0,100})?", line)
        if not size:
            raise OfHttp1("the framing of chunks")
        self.pending = rest
        upload.in_trailers = int(size[1], 16) == 0
        upload.left = int(size[1], 16) + 2 if not upload.in_trailers else 0
        return True

    def _trailers(self):
        section, size = b"", 2
        if not self.pending.startswith(b"\r\n"):
            section, end, _ = self.pending.partition(b"\r\n\r\n")
            size = len(section) + len(end)
            if not end:
                return False
        if size > TRAILER_BYTES_MAX:
            raise OfHttp1("trailers have the limits of other field sections")
        self.pending = self.pending[size:]
        fields = [line.partition(b":") for line in section.split(b"\r\n")] if section else []
        if not all(colon for _, colon, _ in fields):
            raise OfHttp1("a line without a colon")
        if fields:
            self.h2.send_headers(self.upload.stream, [(name.lower(), value.strip()) for name, _, value in fields],
                                 end_stream=True)
            self.flush()
            self.whole.add(self.streams[self.upload.stream])
        else:
            self._data(b"", end=True)
        self.upload = None
        return True

    def finish(self):
        """Ends the request that is on its way; answers can still come."""
        self._no_half_head()
        if self.upload is not None:
            if self.upload.chunked:
                raise OfHttp1("a chunked body without its end")
            self._data(b"", end=True)
            self.upload = None

    def _no_half_head(self):
        if self.pending and self.upload is None:
            self.pending = b""
            raise OfHttp1("half a head")

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # ---- answers, in the order of the requests ----

    def _until(self, true):
        """Takes what comes until `true(stream)` of the first that was asked, or the end; the stream."""
        stream = self.streams[self.asked[0]]
        while not true(stream) and not stream.over() and self.pump():
            pass
        return stream

    def _next(self):
        self.asked.popleft()
        self.begun, self.place, self.interim, self.part = False, 0, 0, 0

    def head(self):
        """(version, status, reason, fields) of the next answer; harness.Closed when there is none."""
        self._no_half_head()
        if self.begun:
            self._until(lambda stream: False)
            self._next()
        if not self.asked:
            raise harness.Closed
        stream = self._until(lambda stream: stream.fields is not None or len(stream.informational) > self.interim)
        if len(stream.informational) > self.interim:
            found = list(stream.informational[self.interim].items())
            self.interim += 1
        elif stream.fields is not None:
            found = stream.fields
            self.begun = True
        elif stream.reset == PROTOCOL_ERROR:  # stands for a 400 (RFC 9113 section 8.1.1)
            self.begun = True
            return "2", 400, "reset", []
        elif stream.reset is not None:
            self._next()
            raise StreamReset(f"reset by {stream.reset} without an answer")
        else:
            raise harness.Closed
        fields = [("-".join(part.capitalize() for part in name.split("-")), value) for name, value in found
                  if name != ":status"]
        return "2", int(dict(found)[":status"]), "", fields

    def exactly(self, count):
        """So many bytes of the body of the answer whose head was read."""
        stream = self._until(lambda stream: len(stream.body) >= self.place + count)
        if len(stream.body) < self.place + count:
            raise harness.WireError(f"ended {self.place + count - len(stream.body)} bytes early")
        self.place += count
        return bytes(stream.body[self.place - count:self.place])

    def rest(self):
        """All that still comes of it, whole or not."""
        stream = self._until(lambda stream: False)
        part, self.place = stream.body[self.place:], len(stream.body)
        return bytes(part)

    def chunk(self):
        """The next frame's data; empty behind the last."""
        stream = self._until(lambda stream: len(stream.parts) > self.part)
        self.part += 1
        return stream.parts[self.part - 1] if self.part <= len(stream.parts) else b""

    def answer(self, method="GET", informational=None):
        """The next final answer; 1xx before it are appended to `informational`."""
        while True:
            version, status, reason, fields = self.head()
            if status >= 200:
                break
            if informational is not None:
                informational.append(harness.Answer(version, status, reason, fields, b"", "none", []))
        body = self.rest()
        stream = self.streams[self.asked[0]]
        self._next()
        if not stream.ended and reason != "reset":
            raise StreamReset(f"reset by {stream.reset} behind {len(body)} bytes")
        if method == "HEAD" and body:
            raise harness.WireError("a body of HEAD")
        framing = "length" if any(name == "Content-Length" for name, _ in fields) else "stream"
        answer = harness.Answer(version, status, reason, fields, body, framing, list(stream.trailers))
        answer.stream = stream
        return answer

    def answers(self, method="GET"):
        """Every answer to what was asked."""
        self._no_half_head()
        found = []
        while self.asked:
            found.append(self.answer(method))
        return found

    def ends_behind(self, answer, seconds=5.0):
        """Whether nothing more of the request is taken behind this answer: a reset without an error (RFC
        9113 section 8.1). What was sent whole has no more."""
        if answer.stream in self.whole:
            return True
        self.socket.settimeout(seconds)
        try:
            while answer.stream.reset is None and not self.closed:
                self.pump()
        except TimeoutError:
            return False
        return answer.stream.reset in (None, NO_ERROR) or answer.reason == "reset"

    def closes(self, seconds=5.0):
        """Whether the server ends the connection, without an answer before, within this time."""
        self.socket.settimeout(seconds)
        try:
            while not self.closed:
                self.pump()
        except TimeoutError:
            return False
        return not any(self.streams[stream].fields for stream in self.asked)
