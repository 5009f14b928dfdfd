#!/usr/bin/env python3
"""Compiles the library for macOS, to objects: there is no macOS here to link or run them on.

The compiler is the clang of the Python package ziglang, which carries the headers of macOS. Skips,
and says so, where that package is not installed (./dev test installs it).

usage: macos_objects.py [--target aarch64-macos] [--jobs 2] [ROOM...]    (default: all rooms)
"""

import argparse
import concurrent.futures
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Found by the include path of the system elsewhere; here only these may be seen.
HEADER_LIBRARIES = ("boost", "tl", "openssl")
SYSTEM_HEADERS = pathlib.Path("/usr/include")
OF_OTHER_SYSTEMS = re.compile(r"_linux\.cc$|/(backend_epoll|backend_io_uring|uring|uring_receive|provided_blocks)\.cc$")


# Most of the time goes into headers, so this many sources of a room share one compilation.
BATCH = 8


def batches(rooms):
    """Lists of sources, each of one room."""
    by_room = {}
    for path in sorted((ROOT / "src").rglob("*.cc")):
        name = path.relative_to(ROOT / "src").as_posix()
        room = name.split("/")[0]
        if (not rooms or room in rooms) and not OF_OTHER_SYSTEMS.search("/" + name):
            by_room.setdefault(room, []).append(name)
    for names in by_room.values():
        for at in range(0, len(names), BATCH):
            yield names[at:at + BATCH]


def link_headers(library, into):
    """Some distributions keep a library's headers in two folders, one for each architecture."""
    into.mkdir()
    for folder in (SYSTEM_HEADERS / library, *SYSTEM_HEADERS.glob(f"*-linux-gnu/{library}")):
        for header in folder.iterdir():
            (into / header.name).symlink_to(header)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="aarch64-macos")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("rooms", nargs="*")
    args = parser.parse_args()
    if importlib.util.find_spec("ziglang") is None:
        print("HON_TEST_SKIPPED: no compiler for macOS: the Python package ziglang is missing")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        include = pathlib.Path(folder) / "include"
        include.mkdir()
        for library in HEADER_LIBRARIES:
            link_headers(library, include / library)
        environment = dict(os.environ)
        environment.setdefault("ZIG_GLOBAL_CACHE_DIR", os.path.join(folder, "cache"))

        def compile_batch(number, names):
            source = pathlib.Path(folder) / f"batch{number}.cc"
            source.write_text("".join(f'#include "{ROOT}/src/{name}"\n' for name in names))
            target = source.with_suffix(".o")
            command = [sys.executable, "-m", "ziglang", "c++", "-target", args.target, "-std=c++20",
                       "-O0", "-fno-sanitize=all", "-Wall", "-Wextra", "-Werror",
                       f"-I{ROOT}/include", f"-I{ROOT}/src", "-isystem", str(include),
                       "-c", str(source), "-o", str(target)]
            done = subprocess.run(command, capture_output=True, text=True, env=environment,
                                  check=False)
            good = done.returncode == 0 and target.exists() and target.stat().st_size > 0
            return names, good, done.stderr

        compiled, failed = 0, 0
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            for names, good, text in pool.map(compile_batch, *zip(*enumerate(batches(args.rooms)))):
                if good:
                    compiled += len(names)
                else:
                    failed += len(names)
                    print(f"{', '.join(names)}: not for {args.target}\n{text[:4000]}")
    print(f"{compiled} of {compiled + failed} sources compile for {args.target}")
    return 1 if failed or not compiled else 0


if __name__ == "__main__":
    sys.exit(main())
