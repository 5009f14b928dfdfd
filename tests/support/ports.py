"""The ports of 127.0.0.1 for programs that a test starts."""

import contextlib
import os
import socket

# The kernel gives the ports of ip_local_port_range (from 32768 on by default) to sockets that are
# bound to port 0 or connect without a bind. None of the ports below is among them.
FIRST, COUNT = 10000, 10000

_locks = []  # of the ports of this process


def _lock(port):
    """Whether no other call has the port. A socket's name in the abstract namespace is the lock: the
    namespace is that of the ports, and the name is free again when this process has ended."""
    lock = socket.socket(socket.AF_UNIX)
    try:
        lock.bind(f"\0hon-test-port-{port}")
    except OSError:
        lock.close()
        return False
    _locks.append(lock)
    return True


def _can_be_bound(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    """A port that nobody listens on and that no other call returns, in any process, until this
    process ends: for a program that cannot choose and report a port itself."""
    start = os.getpid() * 16 + len(_locks)  # a first guess that other processes do not make
    for port in (FIRST + (start + i) % COUNT for i in range(COUNT)):
        if _lock(port) and _can_be_bound(port):
            return port
    raise OSError(f"no free port from {FIRST} to {FIRST + COUNT - 1}")


def listens(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    return False
