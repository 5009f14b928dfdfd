"""Checks docs/THREAT_MODEL.md: every class of faults stands there once, and every test it names exists."""

import re
import sys

import contract_test

DOC = (contract_test.ROOT / "docs/THREAT_MODEL.md").read_text()
CLASSES = [*(f"E{i}" for i in range(1, 21)), *(f"T{i}" for i in range(1, 27)),
           *(f"C{i}" for i in range(1, 10))]
# The only classes that may go without a test.
ABSENT = {"T3", "T6", "T14", "T22", "T24", "T25", "T26"}


def findings():
    shown, _, rest = DOC.partition("\n## Not here\n")
    rows = re.findall(r"^\| ([ETC]\d+) \|.*\|$", shown, re.M)
    absent = re.findall(r"^\| ([ETC]\d+) \|", rest, re.M)
    yield from (f"{name}: missing" for name in CLASSES if name not in rows + absent)
    yield from (f"{name}: stands twice" for name in set(rows + absent) if (rows + absent).count(name) > 1)
    yield from (f"{name}: may not go without a test" for name in absent if name not in ABSENT)
    for line in shown.splitlines():
        if re.match(r"\| [ETC]\d+ \|", line) and not re.search(r"`[\w/.]+:[\w*,]+`", line.split(" | ")[-1]):
            yield f"{line[:20]}: names no test"
    yield from contract_test.wrong_references(shown, set())


def main():
    found = list(findings())
    for finding in found:
        print(finding)
    print(f"{len(CLASSES)} classes, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
