"""One request of the corpus, and the pieces that requests are written with."""

HOST = b"Host: example.com\r\n"
# Sent behind each request: its answer shows whether the connection goes on, and where.
PROBE = b"GET /echo-marker HTTP/1.1\r\nHost: probe\r\n\r\n"


class Case:
    """`patient`: nothing more is sent, and the connection not half closed, before the answer has
    come, since a client that seems to leave would be the subject otherwise.
    `whole`: not asked again in pieces, since it is long."""

    def __init__(self, name, wire, patient=False, whole=False):
        self.name = name
        self.wire = wire
        self.patient = patient
        self.whole = whole
        self.about_reading = False  # cut it in more places

    def cuts(self):
        """Where to cut the request in two when it is asked again."""
        if self.whole:
            return []
        middle = len(self.wire) // 2
        return sorted({1, middle, len(self.wire) - 1} - {0}) if self.about_reading else [middle] if middle else []


def request(method=b"GET", target=b"/", fields=b"", body=b"", version=b"1.1", host=HOST):
    return method + b" " + target + b" HTTP/" + version + b"\r\n" + host + fields + b"\r\n" + body


def field(name, value):
    return name + b": " + value + b"\r\n"


def sized(body):
    return field(b"Content-Length", b"%d" % len(body))


def chunked(*parts, trailers=b""):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n" + trailers + b"\r\n"


def post(target, body, fields=b""):
    return request(b"POST", target, fields + sized(body), body)


CHUNKED = field(b"Transfer-Encoding", b"chunked")
