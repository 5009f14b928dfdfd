"""Asks our server and Go's own the same requests and compares what comes back: statuses, fields
in their order, bodies, framing, and whether the connection goes on. A difference is a bug, or a line of
docs/DEVIATIONS.md whose id deviations.py names.

  run.py --bin BUILD/bin --backend epoll [--mutations N] [--seed S] [--only TEXT] [--verbose]
"""

import argparse
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import harness
from case import PROBE
from corpus import all_groups
from deviations import DEVIATIONS, TIMED, Difference
from tally import Tally

GO_MINOR_MIN = 26  # the contract is that of Go 1.26
ASKED_AT_ONCE = 8
MODIFIED = 1_700_000_000
MODIFIED_TEXT = b"Tue, 14 Nov 2023 22:13:20 GMT"
FILES = {
    "a.txt": b"0123456789", "empty": b"", "data": bytes(range(256)) * 8, "index.html": b"<html>index</html>",
    "indexed/index.html/x": b"x", "odd\udcff": b"odd", ".hidden": b"hidden", "c.json": b"{}", "page.HTML": b"<p>page", "no.such-ext": b"GIF89a...",
    "sub/b.html": b"<b>b</b>", "listed/one": b"1", "listed/two & <three>": b"2", "listed/dir/x": b"",
    "file.txt": b"0123456789abcdef" * 2000,
}


def make_files(folder):
    for name, data in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for path in [folder, *folder.rglob("*")]:
        os.utime(path, (MODIFIED, MODIFIED))


def build_go(folder, name="goserver"):
    """The reference server or client, or the end of this program when this Go is not the one of the contract."""
    go = harness.require_tool("go")
    version = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"go1\.(\d+)", version)
    if not found or int(found[1]) < GO_MINOR_MIN:
        harness.skip_all(f"needs Go 1.{GO_MINOR_MIN} for the reference, this is {version.strip()}")
    program = folder / name
    subprocess.run([go, "build", "-o", program, "."], cwd=HERE / name, check=True,
                   env=os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"})
    return program


class GoServer(harness.Server):
    def __init__(self, program, *flags):
        super().__init__(*flags, backend="go")
        self.command[0] = str(program)
        placement = self.command.index("--placement")  # Go has no such thing
        del self.command[placement:placement + 2]


def plain(text):
    """Without what differs from run to run."""
    return re.sub(r"(boundary=|--)[0-9a-f]{60}", r"\1BOUNDARY", text)


def describe(answer):
    fields = [(name, "DATE" if name == "Date" else plain(value)) for name, value in answer.fields]
    if answer.status == 503:  # TimeoutHandler's, the length of which is known before the answer goes out
        fields.sort()
    return (answer.status, answer.reason, fields, plain(answer.body.decode("latin-1")), answer.framing,
            sorted(answer.trailers))


def describe_switched(connection):
    """The bytes after a 101, up to the end."""
    with contextlib.suppress(OSError):
        while connection._fill():
            pass
    return (101, "switched", [], re.sub(r"Date: [^\r]*", "Date: DATE", connection.buffer.decode("latin-1")), "raw", [])


def without_connection(answers):
    return [(*answer[:2], [field for field in answer[2] if field[0] != "Connection"], *answer[3:])
            for answer in answers]


def ask(server, case, cut=None):
    """Everything that comes back for the case and the probe behind it, up to the end."""
    method = case.wire.split(b" ", 1)[0]
    found = []
    with server.connect(30) as connection:
        data = case.wire if case.patient else case.wire + PROBE
        connection.send(data[:cut])
        if cut is not None:
            connection.send(data[cut:])
        if not case.patient:
            connection.finish()
        try:
            while True:
                hints = []
                answer = connection.answer("HEAD" if method == b"HEAD" and not found else "GET", hints)
                if case.patient and not found:
                    connection.send(PROBE)
                    connection.finish()
                found += [describe(each) for each in (*hints, answer)]
                if answer.status == 101:
                    found.append(describe_switched(connection))
                    break
        except harness.Closed:
            pass
        except harness.WireError as error:
            found.append((0, "not HTTP", [], str(error), "none", []))
    return found


class Comparison:
    def __init__(self, ours, go, verbose):
        self.ours, self.go = ours, go
        self.tally = Tally(DEVIATIONS, verbose)
        self.asked = collections.Counter()

    def fail(self, group, case, cut, ours, go, why):
        self.tally.failures += 1
        print(f"--- {group}: {case.name}: {why} (cut {cut})\n  {case.wire[:400]!r}")
        for mine, theirs in zip(ours + ["(end)"] * len(go), go + ["(end)"] * len(ours)):
            if mine != theirs:
                print(f"  ours {str(mine)[:600]}\n  Go   {str(theirs)[:600]}")

    def ask_both(self, case):
        """Go's answers, ours, and ours to the request cut in two. Any thread."""
        return (ask(self.go, case), ask(self.ours, case),
                [(cut, ask(self.ours, case, cut)) for cut in case.cuts()])

    def compare(self, group, case, answers):
        go, whole, cut_answers = answers
        self.asked[group] += 1
        if whole == go:
            self.tally.same += 1
        elif not self.tally.explains(Difference(case.wire, whole, go), f"{group}: {case.name}"):
            self.fail(group, case, None, whole, go, "differs")
        # However it is cut, our answer is the same, but that it cannot announce a close which a body
        # that nobody read makes necessary only later.
        for cut, again in cut_answers:
            if without_connection(again) != without_connection(whole):
                self.fail(group, case, cut, again, whole, "differs from our own answer when cut")

    def finish(self, everything):
        for group, count in self.asked.items():
            print(f"  {group}: {count}")
        return 0 if self.tally.finish(f"{sum(self.asked.values())} requests", everything, TIMED) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--backend", default="epoll")
    parser.add_argument("--mutations", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="the cases whose group or name holds this text")
    parser.add_argument("--verbose", action="store_true")
    flags = parser.parse_args()
    harness.settings.bin, harness.settings.backend = flags.bin, flags.backend

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        program = build_go(folder)
        files = folder / "files"
        make_files(files)
        served = ("--files", files, "--file", files / "file.txt")
        cases = [(group, case) for group, cases in all_groups(MODIFIED_TEXT, flags.mutations, flags.seed)
                 for case in cases if flags.only in f"{group}: {case.name}"]
        with harness.Server(*served) as ours, GoServer(program, *served) as go:
            comparison = Comparison(ours, go, flags.verbose)
            # Most of the time is waiting for servers that wait for the end of a request.
            with concurrent.futures.ThreadPoolExecutor(ASKED_AT_ONCE) as threads:
                answers = threads.map(comparison.ask_both, [case for _, case in cases])
                for (group, case), answer in zip(cases, answers):
                    comparison.compare(group, case, answer)
            return comparison.finish(everything=not flags.only)


if __name__ == "__main__":
    sys.exit(main())
