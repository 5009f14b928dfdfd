"""Lets hon_wire_client and its twin on Go's net/http ask the same scripted servers, and compares what
each reports, and what each has sent. A difference is a bug, or a line of docs/DEVIATIONS.md whose id
client_deviations.py names.

  run_client.py --bin BUILD/bin --backend epoll [--only TEXT] [--verbose]
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import built
import client_corpus as corpus
import harness
import run
from client_deviations import DEVIATIONS, Difference
from tally import Tally

try:
    import script_server
except ImportError:
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import script_server
    except ImportError:
        harness.skip_all("python3-hpack is not installed (./dev setup installs it)")

RUN_SECONDS_MAX = 120
PATIENT_MS = "10000"  # for what a busy machine must do in time
# One process for each URL would take most of the time; one connection for each keeps them apart.
APART = ("--no-env-proxy", "--no-keep-alive", "--max-header-bytes", "1048576")


class Group:
    """One run of each client: `flags`, and the paths that it asks `server()` for, in order."""

    def __init__(self, name, server, paths, flags=(), cases=None, scheme="http", host="127.0.0.1", environment=None, shows=()):
        self.name, self.server, self.paths, self.flags = name, server, list(paths), list(flags)
        self.cases = list(cases) if cases is not None else [str(path) for path in self.paths]
        self.scheme, self.host, self.environment = scheme, host, environment or {}
        self.shows = shows  # further parts of the report that are compared


def numbered(name, cases, flags=()):
    cases = list(cases)
    return Group(name, lambda: script_server.Server(script_server.numbered([data for _, data in cases])),
                 [f"/{i}" for i in range(len(cases))], [*APART, *flags], [case for case, _ in cases])


def http1_groups():
    for method in ("GET", "HEAD"):
        for part in ("status_lines", "fields", "framing", "chunk_coding", "interim", "cuts"):
            if method == "GET" or part in ("framing", "interim"):
                yield numbered(f"{part} {method}", getattr(corpus, part)(), ("--no-decompress", "--method", method))
    yield numbered("codings", corpus.codings())


def site():
    return script_server.Server(script_server.site)


def site_groups():
    own = ("--no-env-proxy",)
    for method, body in (("GET", ()), ("HEAD", ()), ("POST", ("--body", "text")), ("PUT", ("--body", "text")), ("DELETE", ()),
                         ("PATCH", ("--body", "text")), ("OPTIONS", ())):
        yield Group(f"redirects {method}", site, corpus.redirects(), [*own, "--method", method, *body], shows=("redirects",))
    yield Group("redirects with fields", site, corpus.redirects(),
                [*own, "--header", "Authorization: Basic eDp5", "--header", "Cookie: a=b", "--header", "X-Own: 1", "--header", "Referer: http://x/"],
                shows=("redirects",))
    yield Group("no redirects", site, corpus.redirects(), [*own, "--no-redirects"], shows=("redirects",))
    yield Group("two redirects", site, corpus.redirects(), [*own, "--max-redirects", "2"], shows=("redirects",))
    yield Group("cookies", site, corpus.cookies(), [*own, "--cookies"])
    yield Group("cookies of a named host", site, corpus.cookies(), [*own, "--cookies", "--header", "Host: www.example.com"])
    yield Group("one connection", site, ["/echo"] * 5, own, shows=("reused",))
    yield Group("no connection is kept", site, ["/echo"] * 3, [*own, "--no-keep-alive"], shows=("reused",))


def request_groups():
    paths = ("/", "", "/a?b=c", "/a%2Fb", "/a b", "/ä", "/a?", "/a?x=y%20z", "/#f", "//a", "/a/../b", "/./a", "/a;b", "/?a;b", "/%zz", "/a%00", "*")
    own = ("--no-env-proxy",)
    for number, flags in enumerate((
            (), ("--body", ""), ("--body", "text"), ("--body-length", "100000"), ("--body", "text", "--chunked"), ("--body-length", "0"),
            ("--body", "text", "--chunked", "--trailer", "X-T: 1"), ("--body", "text", "--trailer", "X-T: 1"), ("--method", "POST"), ("--method", "PUT"),
            ("--method", "DELETE", "--body", "text"), ("--method", "GET", "--body", "text"), ("--method", "GET", "--body", "text", "--chunked"),
            ("--method", "OPTIONS"), ("--method", "FOO"), ("--method", "post"), ("--method", "A B"), ("--method", "TRACE"), ("--no-keep-alive",),
            ("--no-decompress",), ("--header", "User-Agent: own"), ("--header", "Accept-Encoding: br"), ("--header", "Range: bytes=0-1"),
            ("--header", "Host: other"), ("--header", "Host: bad host"), ("--header", "X-A: 1", "--header", "x-a: 2"), ("--header", "X A: 1"),
            ("--header", "X-A: a\x01b"), ("--header", "X-A: ä"), ("--header", "Content-Length: 99", "--body", "text"), ("--header", "Transfer-Encoding: gzip", "--body", "text"),
            ("--header", "Connection: close"), ("--header", "Connection: X-A", "--header", "X-A: 1"), ("--header", "TE: trailers"), ("--header", "Trailer: X-T"),
            ("--header", "Authorization: x"), ("--header", "Cookie: a=b"), ("--header", "Expect: 100-continue"), ("--header", "X-A:"))):
        yield Group(f"requests {' '.join(flags)}".replace("\x01", "^A"), site, paths if number == 0 else paths[:3], [*own, *flags])
    users = Group("requests with a user", site, ["/"], own)
    users.host = "user:pa%20ss@127.0.0.1"
    yield users


def proxy_groups():
    """Through a scripted proxy: what it is asked, and what comes of its answers."""
    connects = (b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 502 Bad\r\nContent-Length: 3\r\n\r\nbad",
                b"HTTP/1.1 200 OK", b"nonsense\r\n\r\n", b"", b"HTTP/1.1 302 x\r\nLocation: /\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n")
    for answer in connects:
        def serve(peer, answer=answer):
            peer.request()
            peer.send(answer)
            peer.end()
        yield Group(f"CONNECT {answer[:30]!r}", lambda serve=serve: script_server.Server(serve), ["/x"], ["--proxy", "http://127.0.0.1:PORT"],
                    scheme="https", host="origin.test!")
    for flags in ((), ("--header", "Proxy-Authorization: x"), ("--body", "text"), ("--no-keep-alive",)):
        yield Group(f"absolute {' '.join(flags)}", site, ["/x", "/x?y", ""], ["--proxy", "http://127.0.0.1:PORT", *flags], host="origin.test!")
    yield Group("a proxy with a password", site, ["/x"], ["--proxy", "http://us%20er:pw@127.0.0.1:PORT"], host="origin.test!")
    for no_proxy, host in (("", "origin.test!"), ("*", "127.0.0.1"), ("origin.test", "origin.test!"), (".test", "origin.test!"), ("test", "origin.test!"), ("other.test", "origin.test!"),
                           ("", "127.0.0.1"), ("", "localhost"), ("192.0.2.0/24", "192.0.2.7!"), ("192.0.2.0/24", "192.0.3.7!"), ("origin.test:81", "origin.test!"), ("origin.test:80", "origin.test!")):
        # Nobody answers below 192.0.2.0 (RFC 5737), and for origin.test perhaps no server of names.
        limit = PATIENT_MS if host in ("127.0.0.1", "localhost") else "1000"
        yield Group(f"NO_PROXY={no_proxy} {host}", site, ["/x"], ["--dial-timeout", limit], host=host,
                    environment={"HTTP_PROXY": "http://127.0.0.1:PORT", "NO_PROXY": no_proxy})
    yield Group("https_proxy is not for http", site, ["/x"], environment={"HTTPS_PROXY": "http://127.0.0.1:1"})
    yield Group("a proxy that is not there", site, ["/x"], ["--proxy", "http://127.0.0.1:1"], host="origin.test!")


def tls_groups(certificates):
    good = certificates.make("localhost", "DNS:localhost", "IP:127.0.0.1", ca=True)
    other = certificates.make("other.test", ca=True)
    client = certificates.sign("client", "localhost")

    def server(pair=good, low=ssl.TLSVersion.TLSv1_2, high=ssl.TLSVersion.TLSv1_3, alpn=("http/1.1",), ask=ssl.CERT_NONE):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        context.minimum_version, context.maximum_version = low, high
        if alpn:
            context.set_alpn_protocols(list(alpn))
        context.verify_mode = ask
        if ask != ssl.CERT_NONE:
            context.load_verify_locations(good[0])
        return lambda: script_server.Server(script_server.site, context)

    trust = ("--no-env-proxy", "--ca", good[0])
    old = ssl.TLSVersion.TLSv1_2
    for name, make, flags in (
            ("trusted", server(), trust), ("not trusted", server(), ("--no-env-proxy",)), ("insecure", server(), ("--no-env-proxy", "--insecure")),
            ("another's certificate", server(other), trust), ("another's name", server(other), ("--no-env-proxy", "--ca", other[0])),
            ("the name is given", server(other), ("--no-env-proxy", "--ca", other[0], "--server-name", "other.test")),
            ("a wrong name is given", server(), (*trust, "--server-name", "other.test")), ("TLS 1.2", server(high=old), trust), ("TLS 1.3", server(low=ssl.TLSVersion.TLSv1_3), trust),
            ("without ALPN", server(alpn=()), trust), ("HTTP/1 alone", server(), (*trust, "--http1")), ("HTTP/2 alone", server(alpn=()), (*trust, "--http2")),
            ("a certificate is required", server(ask=ssl.CERT_REQUIRED), (*trust, "--cert", client[0], "--key", client[1])),
            ("a certificate is optional", server(ask=ssl.CERT_OPTIONAL), trust),
            ("required over TLS 1.2, and none", server(ask=ssl.CERT_REQUIRED, high=old), trust), ("a server without TLS", site, trust)):
        yield Group(f"TLS: {name}", make, ["/echo", "/echo"], flags, scheme="https", shows=("error_kind",))

    def closes(peer):
        peer.end()

    yield Group("TLS: the server closes", lambda: script_server.Server(closes), ["/"], trust, scheme="https")
    yield Group("TLS: garbage", lambda: script_server.Server(lambda peer: peer.send(b"garbage" * 10)), ["/"], trust, scheme="https")
    yield Group("http to a server with TLS", server(), ["/"], trust)


def http2_groups():
    cases = list(corpus.http2())
    yield Group("h2", lambda: script_server.Server(script_server.http2([script for _, script in cases])),
                [f"/{i}" for i in range(len(cases))], ["--no-env-proxy", "--h2c", "--timeout", "5000"], [name for name, _ in cases])


def time_groups():
    def silent(peer):
        peer.request()
        peer.fill()

    def stops(peer):
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart")
        peer.fill()

    # The head of "stops" comes before its time is over, on a busy machine too.
    for name, serve, head, whole in (("silent", silent, "150", "400"), ("stops", stops, PATIENT_MS, "4000")):
        for flags in (("--timeout", whole), ("--header-timeout", head, "--timeout", whole)):
            yield Group(f"{name} {flags[0]}", lambda serve=serve: script_server.Server(serve), ["/"], ["--no-env-proxy", *flags], shows=("error_kind",))
    yield Group("nobody listens", site, ["/"], ["--no-env-proxy"], host="127.0.0.1:1!", shows=("error_kind",))


def ask(command, group):
    """(what the client reports for each path, what its server was sent)."""
    server = group.server()
    port = str(server.port)
    try:
        at = group.host[:-1] if group.host.endswith("!") else f"{group.host}:{port}"
        urls = [f"{group.scheme}://{at}{path}".replace("PORT", port) for path in group.paths]
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment |= {name: value.replace("PORT", port) for name, value in group.environment.items()}
        done = subprocess.run([*command, *[flag.replace("PORT", port) for flag in group.flags], *urls], capture_output=True,
                              env=environment, timeout=RUN_SECONDS_MAX, check=False)
        if done.returncode not in (0, 1):
            raise AssertionError(f"{group.name}: {command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
        lines = script_server.without_port(done.stdout.decode(), port).splitlines()
        return [json.loads(line) for line in lines], server.requests
    finally:
        server.close()


def describe(report, group):
    """What must be the same, of one line."""
    shown = {name: report[name] for name in ("status", "proto", "header", "trailer", "body_length", "informational", "url", *group.shows)}
    shown["header"] = {name: values for name, values in shown["header"].items() if name != "Date"}
    shown["trailer"] = {name: values for name, values in shown["trailer"].items() if values != [""]}  # announced
    shown["failed"] = report["error"] is not None
    if not shown["failed"]:
        shown["body"] = report["body_sha256"]
        shown.pop("error_kind", None)
    return shown


class Comparison:
    def __init__(self, verbose):
        self.tally = Tally(DEVIATIONS, verbose)
        self.asked = 0

    def one(self, group, case, ours, go, errors):
        self.asked += 1
        if ours == go:
            self.tally.same += 1
            return
        difference = Difference(group.name, case, ours, go)
        if self.tally.explains(difference, f"{group.name}: {case}"):
            return
        self.tally.failures += 1
        if difference.of_requests:
            ours, go = [one for one in ours if one not in go], [one for one in go if one not in ours]
        print(f"--- {group.name}: {case}\n  ours {ours!s:.900}\n  Go   {go!s:.900}\n  errors {errors!s:.700}")

    def compare(self, group, ours, go):
        for case, mine, theirs in zip(group.cases, ours[0], go[0], strict=True):
            self.one(group, case, describe(mine, group), describe(theirs, group), (mine["error"], theirs["error"]))
        self.one(group, "the requests", ours[1], go[1], None)

    def finish(self, everything):
        return 0 if self.tally.finish(f"{self.asked} comparisons", everything) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--backend", default="epoll")
    parser.add_argument("--only", default="", help="the groups whose name holds this text")
    parser.add_argument("--verbose", action="store_true")
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        go = [str(run.build_go(pathlib.Path(temporary), "goclient"))]
        ours = [str(pathlib.Path(flags.bin) / "hon_wire_client"), "--backend", flags.backend]
        certificates = harness.Certificates()
        groups = [*http1_groups(), *site_groups(), *request_groups(), *proxy_groups(), *tls_groups(certificates), *http2_groups(), *time_groups()]
        harness.settings.bin = flags.bin
        with_tls = built.has_tls()
        if not with_tls:
            groups = [group for group in groups if "TLS" not in group.name and group.scheme != "https"]
        groups = [group for group in groups if flags.only in group.name]
        comparison = Comparison(flags.verbose)
        threads = stack.enter_context(concurrent.futures.ThreadPoolExecutor(4))
        for group, mine, theirs in zip(groups, threads.map(lambda group: ask(ours, group), groups),
                                       threads.map(lambda group: ask(go, group), groups)):
            comparison.compare(group, mine, theirs)
        return comparison.finish(everything=with_tls and not flags.only)


if __name__ == "__main__":
    sys.exit(main())
