"""Checks that <hon/hon.h> and docs/HEADERS.md agree with each other and with include/hon: what the first
table names is included, and what is left is in a folder that the second table names."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    first, _, second = (ROOT / "docs/HEADERS.md").read_text().partition("\n## For programs")
    named = re.findall(r"`(hon/\w+/\w+\.h)`", first.partition("\n| to |")[2])
    included = re.findall(r'^#include "(.*)"$', (ROOT / "include/hon/hon.h").read_text(), re.M)
    folders = set(re.findall(r"^\| `(hon/\w+)/`", second, re.M))
    here = {str(path.relative_to(ROOT / "include")) for path in (ROOT / "include/hon").glob("*/*.h")}
    left = {header.rpartition("/")[0] for header in here - set(named)}
    findings = [f"docs/HEADERS.md names {header}, which is not there" for header in set(named) - here]
    findings += [f"docs/HEADERS.md names {header} twice" for header in here if named.count(header) > 1]
    findings += [f"<hon/hon.h> lacks {header}" for header in set(named) - set(included)
                 if not header.startswith("hon/httptest/")]
    findings += [f"docs/HEADERS.md does not say what {header} is for" for header in set(included) - set(named)]
    findings += [f"docs/HEADERS.md does not say what is left in {folder}/" for folder in left - folders]
    findings += [f"docs/HEADERS.md: nothing is left in {folder}/" for folder in folders - left]
    for finding in sorted(findings):
        print(finding)
    print(f"{len(here)} headers, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
