"""What the tested programs are built with."""

import pathlib

import harness


def has_tls():
    """Not with HON_TLS=OFF."""
    return b"SSL_CTX_new" in pathlib.Path(harness.settings.bin, "hon_wire_server").read_bytes()


def require_tls():
    if not has_tls():
        raise harness.Skipped("built without TLS")
