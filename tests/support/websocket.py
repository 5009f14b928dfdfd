"""A WebSocket client for tests (RFC 6455), which says what it is told to, also what it must not."""

import base64
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(AssertionError):
    """The server did not upgrade; `status` is what it answered."""

    def __init__(self, head):
        super().__init__(head)
        self.status = int(head.split()[1])


class Closed(Exception):
    """The server closed; `code` is None when it said nothing."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class WebSocket:
    def __init__(self, host, port, path, origin=None, timeout=20.0):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Connection: Upgrade", "Upgrade: websocket",
                 "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}"]
        if origin is not None:
            lines.append(f"Origin: {origin}")
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self.buffer:
            self._fill()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            self.close()
            raise Refused(head.decode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def _fill(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise Closed(None)
        self.buffer += data

    def _take(self, count):
        while len(self.buffer) < count:
            self._fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def send(self, data, opcode=None):
        """One message in one frame."""
        if isinstance(data, str):
            data, opcode = data.encode(), opcode or TEXT
        mask = os.urandom(4)
        size = len(data)
        head = bytes([0x80 | (opcode or BINARY)])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 1 << 16:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        pad = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        masked = (int.from_bytes(data, "big") ^ pad).to_bytes(size, "big")
        self.socket.sendall(head + mask + masked)

    def receive(self):
        """(opcode, data) of the next message. Closed when the server closes."""
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size == 126:
                size, = struct.unpack(">H", self._take(2))
            elif size == 127:
                size, = struct.unpack(">Q", self._take(8))
            data = self._take(size)
            opcode = first & 0x0F
            if opcode == CLOSE:
                raise Closed(int.from_bytes(data[:2], "big") if data else None)
            if opcode in (TEXT, BINARY):
                return opcode, data
