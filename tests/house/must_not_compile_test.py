"""Checks that the compiler refuses the lines of a source that end in "// error", and no other.

usage: must_not_compile_test.py COMPILER SOURCE"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main(compiler, source):
    wanted = {number for number, line in enumerate(source.read_text().splitlines(), 1)
              if re.search(r"// error$", line)}
    done = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", "-Werror=unused-result", "-ferror-limit=0"
                           if "clang" in compiler else "-fmax-errors=0", "-I", ROOT / "include",
                           source], capture_output=True, text=True, check=False)
    # Inside a template the error is at the template's line, and the note below names ours.
    said = re.findall(rf"^{re.escape(str(source))}:(\d+):\d+:\s+(error|.*(?:required from|requested here))",
                      done.stderr, re.M)
    refused = {int(number) for number, _ in said}
    for number in sorted(wanted - refused):
        print(f"{source.name}:{number}: compiles, and must not")
    wrong = {int(number) for number, kind in said if kind == "error"} - wanted
    elsewhere = not said and done.returncode != 0
    for number in sorted(wrong):
        print(f"{source.name}:{number}: does not compile, and must")
    print(f"{len(wanted)} lines that must not compile, {len(wanted - refused) + len(wrong)} problems")
    if elsewhere or wrong or wanted - refused:
        print(done.stderr[:8000])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
