"""Installs the build into an empty prefix and uses it from outside: by find_package, and by
pkg-config and the plain compiler. The README's example must build there, run and answer."""

import argparse
import contextlib
import http.client
import itertools
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/support"))

from ports import free_port  # noqa: E402

ADDRESS = '":8080"'
SERVER_BYTES_MAX = 3_000_000  # the README's, linked statically
SHARED_SYMBOLS_MAX = 2700

flags = None


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}:\n{done.stdout}{done.stderr}")
    return done.stdout


def request(line, *fields, body=""):
    return "\r\n".join([f"{line} HTTP/1.1", "Host: a", *fields, "", body]).encode()


class InstallTest(unittest.TestCase):
    kept_view = "ON"

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        # Installed in one place and used from another: nothing may remember where it was built.
        cls.install(cls.folder / "staged")
        cls.prefix = cls.folder / "prefix"
        (cls.folder / "staged").rename(cls.prefix)
        cls.port = free_port()
        cls.source = cls.folder / "consumer"
        shutil.copytree(HERE / "consumer", cls.source)
        example = (ROOT / "examples" / "readme.cc").read_text()
        assert example.count(ADDRESS) == 1
        (cls.source / "readme.cc").write_text(example.replace(ADDRESS, f'"127.0.0.1:{cls.port}"'))

    @classmethod
    def install(cls, prefix):
        run(flags.cmake, "--install", flags.build, "--prefix", prefix)

    def answers(self, program):
        """Whether the README's example greets."""
        with subprocess.Popen([program], stdin=subprocess.DEVNULL, env=self.environment()) as server:
            try:
                for _ in range(200):
                    try:
                        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                        connection.request("GET", "/hello/world")
                        response = connection.getresponse()
                        self.assertEqual((response.status, response.read()), (200, b"Hello, world"))
                        return
                    except ConnectionRefusedError:
                        self.assertIsNone(server.poll(), "the example ended")
                        time.sleep(0.05)
                self.fail("the example does not listen")
            finally:
                server.kill()

    def pkg_config(self):
        found = list(self.prefix.glob("lib*/**/hon.pc"))
        self.assertEqual(len(found), 1)
        return found[0].parent

    def environment(self):
        libraries = self.pkg_config().parent
        return os.environ | {"PKG_CONFIG_PATH": str(self.pkg_config()), "LD_LIBRARY_PATH": str(libraries)}

    def test_what_is_installed(self):
        for header in (ROOT / "include").rglob("*.h"):
            self.assertTrue((self.prefix / header.relative_to(ROOT)).is_file(), header)
        for path in self.prefix.rglob("*"):
            if path.suffix in (".cmake", ".pc"):
                for place in (ROOT, flags.build, self.folder):
                    self.assertNotIn(str(place), path.read_text(), path)
        papers = self.prefix / "share/doc/hon"
        for name in ("LICENSE", "README.md", "CHANGELOG.md", "docs/DEPLOY.md", "examples/CMakeLists.txt"):
            self.assertTrue((papers / name).is_file(), name)
        text = re.sub(r"^```.*?^```$", "", (papers / "README.md").read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"(?<!\[)\]\((?!https?:)([^)#]+)", text):
            if not target.startswith(("bench/", "docs/benchmarks")):  # of the source tree
                self.assertTrue((papers / target).exists(), target)
        # The peers of the benchmark are no part of the package.
        self.assertEqual([path for path in self.prefix.rglob("peers/**/*")
                          if path.is_file() and path.suffix != ".conf"], [])

    def test_what_is_installed_has_no_debug_symbols(self):
        if "HON_INSTALL_STRIPPED:BOOL=ON" not in (pathlib.Path(flags.build) / "CMakeCache.txt").read_text():
            self.skipTest("a build whose package keeps them")
        for path in [*self.prefix.glob("lib*/**/libhon*"), *self.prefix.glob("bin/*"),
                     *self.prefix.glob("libexec/hon/*")]:
            self.assertNotIn(".debug_info", run("readelf", "-SW", path), path)
        program = self.folder / "readme_small"
        options = run("pkg-config", "--cflags", "--libs", "hon", env=self.environment()).split()
        run(flags.cxx, "-std=c++20", "-O2", self.source / "readme.cc", "-o", program, *options)
        self.assertLess(program.stat().st_size, SERVER_BYTES_MAX)

    def test_a_component_that_is_missing_is_named(self):
        source = self.folder / "missing"
        source.mkdir()
        (source / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(missing LANGUAGES CXX)\n"
            "find_package(hon CONFIG REQUIRED COMPONENTS url htpp)\n")
        done = subprocess.run([flags.cmake, "-S", source, "-B", source / "build", "-G", "Ninja",
                               f"-DCMAKE_PREFIX_PATH={self.prefix}",
                               f"-DCMAKE_CXX_COMPILER={flags.cxx}"], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        said = " ".join(done.stderr.split())
        self.assertIn("hon has no component htpp; it has: hon, base, io,", said)
        self.assertIn("server", said)

    def consumer(self):
        """Where tests/install/consumer is built over the package; once."""
        build = self.folder / "build"
        if not build.exists():
            run(flags.cmake, "-S", self.source, "-B", build, "-G", "Ninja",
                f"-DCMAKE_CXX_COMPILER={flags.cxx}", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                "-DCMAKE_BUILD_TYPE=Debug", f"-DKEPT_VIEW={self.kept_view}")
            run(flags.cmake, "--build", build)
        return build

    def test_find_package(self):
        run(self.consumer() / "one_component")
        self.answers(self.consumer() / "readme")

    def test_embedded_folder(self):
        build = self.consumer()
        # The program does not need the folder; the next build sees what has become of it.
        (self.source / "site").rename(self.source / "away")
        run(build / "embedded", "first")
        (self.source / "away").rename(self.source / "site")
        (self.source / "site/css/site.css").write_text("b {}")
        (self.source / "site/new.txt").write_text("new")
        run(flags.cmake, "--build", build, "--target", "embedded")
        run(build / "embedded", "second")

    def checked_programs(self):
        """kept_view, sanitized by the compiler that built the library and by the other one."""
        programs = [self.consumer() / "kept_view"]
        other = shutil.which("clang++") or shutil.which("clang++-14") or shutil.which("clang++-19")
        if other and "clang" not in pathlib.Path(flags.cxx).name:
            programs.append(self.folder / "kept_view_clang")
            if not programs[1].exists():
                options = run("pkg-config", "--cflags", "--libs", "hon", env=self.environment()).split()
                run(other, "-std=c++20", "-g", "-fsanitize=address", self.source / "kept_view.cc",
                    "-o", programs[1], *options)
        else:
            print("HON_TEST_SKIPPED: no second compiler for a sanitized program", file=sys.stderr)
        return programs

    @contextlib.contextmanager
    def checked(self, program, backend):
        """kept_view while it runs: (ask, report). `ask` sends requests over one connection and gives
        the answers' bytes; `report` ends the server and gives what it wrote to stderr."""
        port = free_port()
        log = self.folder / f"kept_view.{port}"
        with open(log, "w") as stderr:
            server = subprocess.Popen([program, f"127.0.0.1:{port}", backend],
                                      stdin=subprocess.DEVNULL, stderr=stderr, env=self.environment())

        def connect():
            for _ in range(400):
                try:
                    return socket.create_connection(("127.0.0.1", port), timeout=20)
                except ConnectionRefusedError:
                    self.assertIsNone(server.poll(), log.read_text())
                    time.sleep(0.05)
            raise AssertionError("kept_view does not listen")

        def ask(*requests):
            answers = b""
            with connect() as peer, contextlib.suppress(OSError):  # a report cuts the connection
                for one in requests:
                    peer.sendall(one)
                    answers += peer.recv(65536)
                peer.shutdown(socket.SHUT_WR)
                while more := peer.recv(65536):
                    answers += more
            return answers

        def report():
            # A report ends the process by itself, once it is written.
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(2)
            server.kill()
            server.wait()
            return log.read_text()

        try:
            yield ask, report
        finally:
            server.kill()
            server.wait()

    def test_a_kept_view_is_found_in_a_sanitized_program(self):
        field = request("GET /field", "X-Field: " + "a value longer than a granule of shadow memory " * 2)
        path = request("GET /path/an%20escaped%20segment%20that%20is%20copied%20into%20an%20arena")
        late, late_request = request("GET /late"), request("GET /late_request")
        cases = [  # the block of a pipelined request is still in use
            ("pipelined", [field + late], "use-after-poison"),
            ("next request", [field, late], "use-after-poison|heap-use-after-free"),
            ("path value", [path, late], "use-after-poison|heap-use-after-free"),
            ("request", [request("GET /request"), late_request], "use-after-poison|heap-use-after-free"),
        ]
        for program, backend in itertools.product(self.checked_programs(), ("epoll", "io_uring")):
            for name, requests, kind in cases:
                with self.subTest(name, program=program.name, backend=backend), \
                        self.checked(program, backend) as (ask, report):
                    ask(*requests)
                    self.assertRegex(report(), f"AddressSanitizer: ({kind})")

    def test_a_sanitized_program_without_a_fault_runs(self):
        echo = request("POST /echo/a%20b", "Content-Length: 4", body="body")
        for program, backend in itertools.product(self.checked_programs(), ("epoll", "io_uring")):
            with self.subTest(program.name, backend=backend), self.checked(program, backend) as (ask, report):
                for _ in range(10):
                    self.assertIn(b" 500 ", ask(request("GET /throw")))
                    self.assertEqual(ask(*[echo] * 40, echo + echo).count(b"a bbody"), 42)
                self.assertNotIn("AddressSanitizer", said := report(), said)
                self.assertNotIn("ASan", said)

    def test_pkg_config(self):
        environment = self.environment()
        self.assertEqual(run("pkg-config", "--modversion", "hon", env=environment).strip(), flags.version)
        options = run("pkg-config", "--cflags", "--libs", "hon", env=environment).split()
        program = self.folder / "readme_pc"
        run(flags.cxx, "-std=c++20", self.source / "readme.cc", "-o", program, *options)
        self.answers(program)

    def test_an_older_standard_is_told_in_one_line(self):
        options = run("pkg-config", "--cflags", "hon", env=self.environment()).split()
        source = self.folder / "older.cc"
        source.write_text("#include <hon/hon.h>\n")
        done = subprocess.run([flags.cxx, "-std=c++17", "-fsyntax-only", source, *options],
                              capture_output=True, text=True, check=False)
        errors = [line for line in done.stderr.splitlines() if "error:" in line]
        self.assertEqual(len(errors), 1, done.stderr)
        self.assertIn("hon needs C++20", errors[0])


class SharedTest(InstallTest):
    """libhon.so, of a build of its own, used in the same ways."""

    kept_view = "OFF"
    # Of the static package alone.
    test_a_kept_view_is_found_in_a_sanitized_program = None
    test_a_sanitized_program_without_a_fault_runs = None
    test_a_component_that_is_missing_is_named = None
    test_what_is_installed_has_no_debug_symbols = None

    @classmethod
    def install(cls, prefix):
        build = cls.folder / "shared"
        launcher = [f"-DCMAKE_CXX_COMPILER_LAUNCHER={flags.launcher}"] if flags.launcher else []
        run(flags.cmake, "-S", ROOT, "-B", build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={flags.cxx}",
            "-DBUILD_SHARED_LIBS=ON", "-DHON_BUILD_APPS=OFF", "-DCMAKE_BUILD_TYPE=None",
            "-DCMAKE_CXX_FLAGS=-O0", "-DCMAKE_UNITY_BUILD=ON", *launcher)
        run(flags.cmake, "--build", build, "-j", "2")
        run(flags.cmake, "--install", build, "--prefix", prefix)

    def test_what_is_visible(self):
        library, = self.prefix.glob("lib*/**/libhon.so")
        listed = run("nm", "-DC", "--defined-only", library).splitlines()
        symbols = [line.split(" ", 2)[2] for line in listed]
        self.assertTrue(any(name.startswith("hon::http::ServeMux::HandleFunc(") or
                            name.startswith("hon::http::ServeMux::Handle(") for name in symbols))
        inside = [name for name in symbols if re.search(
            r"HttpConn|LoopEngineImpl|RoutingTree|HeadDigest|ProvidedBlocks", name)]
        self.assertEqual(inside, [])
        self.assertLess(len(symbols), SHARED_SYMBOLS_MAX)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("build", "cmake", "cxx", "version"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--launcher")
    flags, rest = parser.parse_known_args()
    unittest.main(verbosity=2, argv=["install_test", *rest])
