"""A client of HTTP/2 for tests over real sockets: python3-h2 over a socket of its own, and raw frames."""

import functools
import importlib.util
import socket
import ssl
import struct
import sys
import time

import harness

if importlib.util.find_spec("h2") is None:
    sys.path.append("/usr/lib/python3/dist-packages")  # where Debian has it, for any Python
try:
    import hpack  # noqa: F401 (for test_faults.py)
    import h2.config
    import h2.connection
    import h2.errors
    import h2.events
    import h2.exceptions
    import h2.settings
except ImportError:
    harness.skip_all("python3-h2 is not installed (./dev setup installs it)")

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 1
MAX_CONCURRENT_STREAMS = 3  # of SETTINGS
END_HEADERS = 4


def frame(kind, flags, stream, payload=b""):
    """One frame (RFC 9113 section 4.1)."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def block(path=b"/", method=b"GET", fields=()):
    """A field block of literals that are never indexed, for raw requests."""
    lines = [(b":method", method), (b":scheme", b"http"), (b":authority", b"a"), (b":path", path), *fields]
    out = b""
    for name, value in lines:
        out += b"\x10" + integer(len(name), 7) + name + integer(len(value), 7) + value
    return out


def integer(value, bits):
    """RFC 7541 section 5.1, with no bit set before it."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([value])
    out = bytes([limit])
    value -= limit
    while value >= 128:
        out += bytes([value % 128 + 128])
        value //= 128
    return out + bytes([value])


@functools.cache
def tls_context():
    context = ssl.create_default_context(cafile=harness.wire_certificates().path("localhost.cert"))
    context.set_alpn_protocols(["h2"])
    return context


def dial(server, tls=False, timeout=10.0):
    raw = socket.create_connection((server.host, server.tls_port if tls else server.port), timeout=timeout)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not tls:
        return raw
    wrapped = tls_context().wrap_socket(raw, server_hostname="localhost")
    assert wrapped.selected_alpn_protocol() == "h2", wrapped.selected_alpn_protocol()
    return wrapped


class Stream:
    """What has come on one stream."""

    def __init__(self):
        self.informational = []
        self.fields = None
        self.body = bytearray()
        self.parts = []  # of the body, a DATA frame each
        self.trailers = []
        self.ended = False
        self.reset = None  # the code

    @property
    def status(self):
        return int(self.get(":status"))

    def get(self, name):
        return next((value for key, value in self.fields or () if key == name), None)

    def over(self):
        return self.ended or self.reset is not None

    def __repr__(self):
        return f"<{self.fields} {self.body[:100]!r} ended={self.ended} reset={self.reset}>"


class Client:
    """One connection. Checks the server's frames as strictly as python3-h2 does."""

    def __init__(self, server, tls=False, timeout=10.0, settings=None):
        self.socket = dial(server, tls, timeout)
        self.scheme = "https" if tls else "http"
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=True, header_encoding="latin-1", validate_outbound_headers=False,
            normalize_outbound_headers=False))
        self.h2.initiate_connection()
        if settings:
            self.h2.update_settings(settings)
        self.streams = {}
        self.received = b""  # less than one frame
        self.goaways = []  # (last stream, code)
        self.closed = False
        self.remote_settings = {}
        self.credits = True  # windows are opened as DATA comes
        self.flush()
        while not self.remote_settings:
            assert self.pump(), "no SETTINGS"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            try:
                self.socket.sendall(data)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                pass

    def send(self, data):
        """Raw bytes behind those of the library."""
        self.flush()
        self.socket.sendall(data)

    def open(self, path="/", method="GET", fields=(), end=True):
        """Begins a request; its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.streams[stream] = Stream()
        self.h2.send_headers(stream, [(":method", method), (":scheme", self.scheme), (":authority", "a"),
                                      (":path", path), *fields], end_stream=end)
        self.flush()
        return stream

    def write(self, stream, data, end=False):
        """Sends it all, as the windows open."""
        while True:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(data))
            if room or not data:
                self.h2.send_data(stream, data[:room], end_stream=end and room == len(data))
                self.flush()
                data = data[room:]
            if not data or self.streams[stream].over():
                return
            if not self.h2.local_flow_control_window(stream) and not self.pump():
                raise AssertionError("the connection ended in the middle of a body")

    def pump(self):
        """Takes what comes next. False at the end of the connection."""
        data = harness.receive(self.socket)
        if not data:
            self.closed = True
            return False
        self.received += data
        while len(self.received) >= 9:
            size = 9 + int.from_bytes(self.received[:3], "big")
            if len(self.received) < size:
                break
            one, self.received = self.received[:size], self.received[size:]
            if one[3] == GOAWAY:  # the library takes nothing behind it, as if it were the end
                self.goaways.append(struct.unpack(">II", one[9:17]))
                continue
            for event in self.h2.receive_data(one):
                self._take(event)
        self.flush()
        return True

    def _take(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self.remote_settings |= {int(key): change.new_value for key, change in event.changed_settings.items()}
        elif isinstance(event, h2.events.InformationalResponseReceived):
            stream.informational.append(dict(event.headers))
        elif isinstance(event, h2.events.ResponseReceived):
            assert stream.fields is None, "a second head"
            stream.fields = event.headers
        elif isinstance(event, h2.events.DataReceived):
            stream.body += event.data
            stream.parts.append(event.data)
            if self.credits and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            stream.trailers = event.headers
        elif isinstance(event, h2.events.StreamEnded):
            stream.ended = True
        elif isinstance(event, h2.events.StreamReset):
            if stream:
                stream.reset = int(event.error_code)

    def wait(self, *streams, seconds=10.0):
        """Until these streams are over; the first of them."""
        end = time.monotonic() + seconds
        while not all(self.streams[one].over() for one in streams):
            if time.monotonic() > end:
                raise AssertionError(f"no end of {[self.streams[one] for one in streams]}")
            if not self.pump():
                break
        return self.streams[streams[0]]

    def ask(self, path="/", method="GET", fields=(), body=None):
        """One answer."""
        stream = self.open(path, method, fields, end=body is None)
        if body is not None:
            self.write(stream, body, end=True)
        return self.wait(stream)


class Raw:
    """One connection on which a test writes frames itself, and reads those of the server."""

    def __init__(self, server, tls=False, start=True, timeout=10.0):
        self.socket = dial(server, tls, timeout)
        self.buffer = b""
        if start:
            self.send(PREFACE + frame(SETTINGS, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """False when the server has gone."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            return False
        return True

    def read(self):
        """(type, flags, stream, payload), or None at the end of the connection."""
        while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
            data = harness.receive(self.socket)
            if not data:
                return None
            self.buffer += data
        size = int.from_bytes(self.buffer[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
        payload = self.buffer[9:9 + size]
        self.buffer = self.buffer[9 + size:]
        return kind, flags, stream, payload

    def goaway(self):
        """The code of the GOAWAY that comes; None when the connection ends without one."""
        while one := self.read():
            if one[0] == GOAWAY:
                return int.from_bytes(one[3][4:8], "big")
        return None


class WebSocketStream:
    """A WebSocket on a stream of a Client (RFC 8441): whole frames, without extensions."""

    def __init__(self, client, path="/ws", fields=()):
        self.client = client
        self.stream = client.open(path, "CONNECT", [(":protocol", "websocket"), ("sec-websocket-version", "13"),
                                                    *fields], end=False)
        while client.streams[self.stream].fields is None and not client.streams[self.stream].over():
            assert client.pump()
        self.answer = client.streams[self.stream]
        self.taken = 0
        self.reserved = 0  # bits of the last frame

    def send(self, payload, opcode=1):
        mask = b"\x01\x02\x03\x04"
        size = len(payload)
        head = bytes([0x80 | opcode]) + (bytes([0x80 | size]) if size < 126 else
                                         b"\xfe" + struct.pack(">H", size) if size < 65536 else
                                         b"\xff" + struct.pack(">Q", size))
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.client.write(self.stream, head + mask + body)

    def receive(self):
        """(opcode, payload), or None at the end of the stream."""
        head = self._exactly(2)
        if head is None:
            return None
        self.reserved = head[0] >> 4 & 7
        size = head[1] & 127
        if size == 126:
            size = struct.unpack(">H", self._exactly(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._exactly(8))[0]
        return head[0] & 15, self._exactly(size)

    def _exactly(self, size):
        while len(self.answer.body) - self.taken < size:
            if self.answer.over() or not self.client.pump():
                return None
        part = self.answer.body[self.taken:self.taken + size]
        self.taken += size
        return part
