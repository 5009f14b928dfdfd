"""Checks that the code in docs/ is compiled: the code of PORTING.md is examples/porting, which
tests/porting runs, CONCURRENCY.md quotes an example, the code of the others is in doc_snippets.cc.
README.md begins with examples/readme.cc. Line breaks may differ."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SNIPPETS = "tests/house/doc_snippets.cc"
PORTING = {"go": "examples/porting/go/main.go", "cpp": "examples/porting/cc/main.cc"}
WITH_CODE = {"PORTING.md", "WEBSOCKET.md", "SSE.md", "FIBERS.md", "CONCURRENCY.md", "TLS.md", "HTTP2.md",
             "PROXY.md", "CLIENT.md", "DEPLOY.md"}
SOURCES = {"CONCURRENCY.md": "examples/locks.cc"}


def words(code):
    return " ".join(code.split())


def missing(code, source):
    """The parts of `code` that `source` lacks: its includes, and what is between them."""
    text = words((ROOT / source).read_text())
    parts = re.split(r"^(#include .*)$", code, flags=re.MULTILINE)
    return [part for part in parts if words(part) not in text]


def main():
    failed, found = 0, set()
    for document in sorted((ROOT / "docs").glob("*.md")):
        for kind, code in re.findall(r"^```(cpp|go)\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL):
            found.add(document.name)
            source = PORTING[kind] if document.name == "PORTING.md" else SOURCES.get(document.name, SNIPPETS)
            for part in missing(code, source):
                failed += 1
                print(f"docs/{document.name} has code that is not in {source}:\n{part}")
    first, *others = re.findall(r"^```cpp\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    for code, source in [(first, "examples/readme.cc"), *((code, SNIPPETS) for code in others)]:
        for part in missing(code, source):
            failed += 1
            print(f"README.md has code that is not in {source}:\n{part}")
    for name in sorted(WITH_CODE - found):
        failed += 1
        print(f"docs/{name} has no code any more")
    print(f"{len(found)} documents with code, {failed} problems")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
