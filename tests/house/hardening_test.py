"""Reads the ELF of released programs: position-independent, bound when they start, no stack that can be
executed, canaries and checked functions of the C library (cmake/hon_component.cmake, hon_harden)."""

import argparse
import re
import shutil
import subprocess
import sys


def show(flag, program):
    return subprocess.run(["readelf", "-W", flag, program], capture_output=True, text=True, check=True).stdout


def findings(program):
    if not re.search(r"Type:\s+DYN", show("-h", program)):
        yield "is not position-independent"
    segments = show("-l", program)
    if "GNU_RELRO" not in segments:
        yield "has no read-only relocations"
    stack = re.search(r"GNU_STACK\s.*", segments)
    if stack is None or re.search(r"\bRWE\b", stack[0]):
        yield "has a stack that can be executed"
    if any(re.search(r"LOAD\s.*\bRWE\b", line) for line in segments.splitlines()):
        yield "has memory that is both written and executed"
    if not re.search(r"BIND_NOW|\bNOW\b", show("-d", program)):
        yield "is bound as it goes"
    symbols = show("--dyn-syms", program)
    if "__stack_chk_fail" not in symbols:
        yield "has no canaries"
    if not re.search(r"__\w+_chk\b", symbols.replace("__stack_chk", "")):
        yield "has no checked functions"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", nargs="+")
    programs = parser.parse_args().programs
    if shutil.which("readelf") is None:
        print("HON_TEST_SKIPPED: readelf is not installed (./dev setup installs it)")
        return 77
    found = [f"{program} {what}" for program in programs for what in findings(program)]
    for finding in found:
        print(finding)
    print(f"{len(programs)} programs, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
