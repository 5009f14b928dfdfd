"""A server that answers wrongly earns no time: its answers are checked before it is loaded."""
import http.client
import socket

from .process import ServerError
from .servers import ECHO_BYTES


def check(server, process, workspace, needs):
    """Raises ServerError unless each needed endpoint answers rightly, twice on one connection."""
    wanted = [] if server.only else [('GET', '/', None, server.text)]
    if 'echo' in needs:
        body = bytes(i * 31 % 256 for i in range(ECHO_BYTES))
        wanted.append(('POST', '/echo', body, body))
    if 'file' in needs:
        wanted.append(('GET', '/file', None, workspace.file.read_bytes()))
    connection = http.client.HTTPConnection('127.0.0.1', process.port, timeout=10)
    try:
        connection.connect()
        first = connection.sock
        for _ in range(2):
            for method, path, body, answer in wanted:
                _ask(connection, method, path, body, answer)
                if connection.sock is not first:
                    raise ServerError('%s %s: closed a keep-alive connection' % (method, path))
    except (OSError, http.client.HTTPException) as problem:
        raise ServerError('no proper answer: %r' % problem) from problem
    finally:
        connection.close()


def _ask(connection, method, path, body, answer):
    connection.request(method, path, body=body)
    response = connection.getresponse()
    got = response.read()
    if response.status != 200:
        raise ServerError('%s %s: status %d instead of 200' % (method, path, response.status))
    if got != answer:
        raise ServerError('%s %s: %d bytes %r instead of %d bytes %r' % (
            method, path, len(got), got[:40], len(answer), answer[:40]))


def check_pipelining(server, process, count):
    """Raises ServerError unless `count` requests in one write get `count` answers."""
    request = b'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
    wanted = count
    got = b''
    try:
        with socket.create_connection(('127.0.0.1', process.port), 5) as peer:
            peer.settimeout(5)
            peer.sendall(request * count)
            while got.count(server.text) < wanted:
                part = peer.recv(65536)
                if not part:
                    break
                got += part
    except OSError:
        pass  # too few answers, then
    if got.count(b'HTTP/1.1 200') != count or got.count(server.text) != wanted:
        raise ServerError('%d of %d pipelined requests answered' % (got.count(server.text), count))
