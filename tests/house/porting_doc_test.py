"""Checks that the code in docs/PORTING.md is that of examples/porting, which tests/porting runs."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = {"go": "examples/porting/go/main.go", "cpp": "examples/porting/cc/main.cc"}


def main():
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / "docs/PORTING.md").read_text(), re.MULTILINE | re.DOTALL)
    stale = [(kind, code) for kind, code in blocks if code not in (ROOT / SOURCES[kind]).read_text()]
    for kind, code in stale:
        print(f"docs/PORTING.md has code that is not in {SOURCES[kind]}:\n{code}")
    print(f"{len(blocks)} pieces of code, {len(stale)} stale")
    return 1 if stale or len(blocks) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
