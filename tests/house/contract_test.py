"""Checks docs/CONTRACT.md and docs/DEVIATIONS.md: every line of the contract stands there once, every
deviation names what demands it, and every test that is named exists."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/differential"))
import corpus
import client_deviations
import deviations

DOC = (ROOT / "docs/CONTRACT.md").read_text()
DEVIATIONS = (ROOT / "docs/DEVIATIONS.md").read_text()


def numbered(letter, last):
    return [f"{letter}{i}" for i in range(1, last + 1)]


LINES = [*numbered("A", 59), *numbered("W", 108), "W63a", "W63b", *numbered("M", 27), *numbered("F", 22),
         *numbered("L", 27), "G4", "G8", "G9", "G14", "G15", "G16", "G20", "G21", "G23", "G24",
         *numbered("J", 7), "T59", "T60", "T61", *numbered("R", 15),
         *"""C2 C3 T40 C4 T49 T50 C5 T53 C14 T24 C16 C18 C23 T1 T2 T5 T6 T7 T8 T10 T11 T12 T14 T16 T19 T21 T22
T25 T26 T27 T28 T30 T31 T33 T34 T35 T36 T37 T38 T39 T41 T42 T43 T44 T46 T47 T48 T51 T52 T54 T55 T56
T58 T62 T63 C26 C28 C29 C30 T29 T32 HC1 HC2 HC3 HC5 HC6 HC7 HC9 HC12 HC13 HC10 HC11 HC14 HC15 HC16 HC17 HC18 HC19 HC20
HC21 HC22 HC23""".split()]
# The only lines that may go without a test.
ABSENT = {"A9", "A20", "A55", "A59", "W108", "L22", "L23", "L24"}
SCENARIOS = """ServerValidatesHostHeader ServerValidatesHeaders ServerValidatesMethod TolerateCRLFBeforeRequestLine
InvalidChunkedBodies UnsupportedTransferEncodingsReturn501 ServerExpect ServerRead*100Continue HandlerBodyClose
ServerUnreadRequestBodyLittle ServerUnreadRequestBodyLarge RequestBodyReadErrorClosesConnection
InvalidTrailerClosesConnection RequestBodyLimit HTTP10KeepAlive* HandlersCanSetConnectionClose*
KeepAliveFinalChunkWithEOF CodesPreventingContentTypeAndBody ContentEncodingNoSniffing DisableContentLength
HeaderToWire EarlyHints WriteHeaderSwitchingProtocols ServerHijackGets* HijackAfterCloseNotifier
CloseNotifierPipelined HandlerPanic* TimeoutHandler* StripPrefix* Redirect* QuerySemicolon MaxBytesHandler
ServerTimeouts ServerIdleTimeout ServerReadHeaderTimeoutIsCleared WriteDeadlineExtendedOnNewRequest ServerShutdown*
ServerConnState ServerSetKeepAlivesEnabledClosesConns TLSServerRejectHTTPRequests H12_* Trailers*
ServerUndeclaredTrailers InterruptWithPanic ServeContent ScanETag FileServer* ServeContentHeadersWithError range_test
pattern_test routing_tree_test sniff_test cookie_test csrf_test readrequest_test reverseproxy_test
ReadToEndReusesConn MaxConnsPerHost* RemovesDeadIdleConnections ServerClosingUnexpectedly RetryRequestsOnError
Expect100Continue* Gzip* RangeAndGzip SOCKS5Proxy TransportProxy ProxyWithInfiniteHeader ProxyHTTPSConnectLeak
PersistConnLeak* TransportResponseHeaderTimeout CancelRequest* Ignore1xxResponses Limits1xxResponses
Treat101Terminal TransportTLSHandshakeTimeout NoReuseAfterEarlyResponse TransportResponseHeaderLength
TransportEventTrace TransportIdleConnTimeout RequestSanitization RejectsSignInContentLength ProxyFromEnvironment
TransportServerProtocols ClientRedirects PostRedirects DeleteRedirects Redirect308NoGetBody CopyHeadersOnRedirect
StripHeaders* ShouldCopyHeaderOnRedirect CopyHostOnRedirect AltersCookiesOnRedirect Referer ClientTimeout*
DoCanceledVsTimeout StripPasswordFromError BasicAuth* RedirectGetBody requestwrite_test jar_test""".split()
TEST = {".cc": r"^(?:TEST|TEST_F|TEST_P)\(\w+,\s*{}\)", ".py": r"^\s*def {}\(", ".go": r"^func {}\("}


def rows(part):
    """(first cell, last cell) of every row of a table."""
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| ") and cells[0] not in ("line", "Go's test", "---"):
            yield cells[0], cells[-1]


def named_lines(cell):
    for name in cell.split(", "):
        first, _, last = name.partition(" – ")
        if last:
            yield from (f"{first[0]}{i}" for i in range(int(first[1:]), int(last[1:]) + 1))
        else:
            yield name


def wrong_references(text, groups):
    for reference in re.findall(r"`([\w/]+(?:\.\w+)?:[\w*,]+)`", text.replace("\n", " ")):
        file, names = reference.split(":")
        if file == "go":
            if names not in groups:
                yield f"{reference}: tests/differential has no such group"
            continue
        path = ROOT / "tests" / file
        if not path.is_file():
            yield f"{reference}: there is no tests/{file}"
            continue
        source = path.read_text()
        for name in names.split(","):
            pattern = TEST[path.suffix].format(r"\w+" if name == "*" else re.escape(name))
            if not re.search(pattern, source, re.MULTILINE):
                yield f"{reference}: tests/{file} has no test {name}"


def deviation_findings(groups):
    """Lines marked with a dot are demanded by the comparison with Go, all others by a test that they name."""
    found = re.findall(r"^\| (D-\d{3})( ·)? \| (.*)$", DEVIATIONS, re.MULTILINE)
    ids = [name for name, _, _ in found]
    yield from (f"{name}: stands twice in docs/DEVIATIONS.md" for name in sorted(set(ids)) if ids.count(name) > 1)
    compared = {name for name, _ in deviations.DEVIATIONS}
    of_clients = {name for name, _ in client_deviations.DEVIATIONS}
    for name, dot, cells in found:
        if dot and name not in compared | of_clients:
            yield f"{name}: marked, and neither comparison of tests/differential knows it"
        if not dot and name in compared:
            yield f"{name}: not marked, and tests/differential/deviations.py knows it"
        if not dot and not re.search(r"`[\w/]+\.\w+:[\w*,]+` \|$", cells):
            yield f"{name}: names no test"
    yield from (f"{name}: not in docs/DEVIATIONS.md" for name in sorted(compared - set(ids)))
    yield from wrong_references("\n".join(cells.rpartition(" | ")[2] for _, dot, cells in found if not dot), groups)


def findings():
    body, _, rest = DOC.partition("\n## Not here\n")
    shown = [line for cell, _ in rows(body) for line in named_lines(cell)]
    absent = [line for cell, _ in rows(rest) for line in named_lines(cell)]
    everything = shown + absent
    yield from (f"{line}: missing" for line in LINES + SCENARIOS if line not in everything)
    yield from (f"{line}: stands twice" for line in set(everything) if everything.count(line) > 1)
    yield from (f"{line}: may not go without a test" for line in absent if line in LINES and line not in ABSENT)
    groups = {name for name, _ in corpus.all_groups(b"", 0, 1)}
    for cell, last in rows(body):
        if not re.search(r"`[\w/.]+:", last):
            yield f"{cell}: names no test"
    yield from wrong_references(body, groups)
    known = set(re.findall(r"D-\d{3}", DEVIATIONS))
    yield from (f"{name}: not in docs/DEVIATIONS.md" for name in sorted(set(re.findall(r"D-\d{3}", DOC)) - known))
    yield from deviation_findings(groups)


def main():
    found = list(findings())
    for finding in found:
        print(finding)
    print(f"{len(LINES)} lines, {len(SCENARIOS)} scenarios, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
