"""Installs the build into an empty prefix and uses it from outside: by find_package, and by
pkg-config and the plain compiler. The README's example must build there, run and answer."""

import argparse
import http.client
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ADDRESS = '":8080"'

flags = None


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}:\n{done.stdout}{done.stderr}")
    return done.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        # Installed in one place and used from another: nothing may remember where it was built.
        run(flags.cmake, "--install", flags.build, "--prefix", cls.folder / "staged")
        cls.prefix = cls.folder / "prefix"
        (cls.folder / "staged").rename(cls.prefix)
        cls.port = free_port()
        cls.source = cls.folder / "consumer"
        shutil.copytree(HERE / "consumer", cls.source)
        example = (ROOT / "examples" / "readme.cc").read_text()
        assert example.count(ADDRESS) == 1
        (cls.source / "readme.cc").write_text(example.replace(ADDRESS, f'"127.0.0.1:{cls.port}"'))

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

    def test_find_package(self):
        build = self.folder / "build"
        run(flags.cmake, "-S", self.source, "-B", build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={flags.cxx}",
            f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Debug")
        run(flags.cmake, "--build", build)
        run(build / "one_component")
        self.answers(build / "readme")

    def test_pkg_config(self):
        environment = self.environment()
        self.assertEqual(run("pkg-config", "--modversion", "hon", env=environment).strip(), flags.version)
        options = run("pkg-config", "--cflags", "--libs", "hon", env=environment).split()
        program = self.folder / "readme_pc"
        run(flags.cxx, "-std=c++20", self.source / "readme.cc", "-o", program, *options)
        self.answers(program)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("build", "cmake", "cxx", "version"):
        parser.add_argument("--" + name, required=True)
    flags, rest = parser.parse_known_args()
    unittest.main(argv=["install_test", *rest])
