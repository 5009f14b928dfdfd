"""The guarantees of ./dev apart from building: unknown flags are refused at once, nothing is written
into the source tree, missing packages are named in a command to paste, and clangd is supported."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRONG = [("test", "--al"), ("test", "--all", "x"), ("build", "relase"), ("build", "debug", "asan"), ("run", "--prot", "1"),
         ("run", "-prot=1"), ("bench", "--fll"), ("micro", "--filtr", "x"), ("fuzz", "soon"), ("fuzz", "1", "head_fuzz"), ("lint", "x"),
         ("format", "x"), ("setup", "x"), ("check", "htpp"), ("check", "http", "url"), ("tset",)]


class DevTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="a blank ")))

    def dev(self, *arguments, tree=ROOT, path=None):
        environment = os.environ | {"HON_BUILD_DIR": str(self.folder / "out")}
        if path is not None:
            environment["PATH"] = str(path)
        return subprocess.run([shutil.which("bash"), tree / "dev", *arguments], capture_output=True, text=True,
                              env=environment, stdin=subprocess.DEVNULL, timeout=120)

    def without(self, *missing):
        """A folder of links to the programs of this system but those."""
        programs = self.folder / "bin"
        programs.mkdir()
        for folder in reversed(os.environ["PATH"].split(":")):
            for program in pathlib.Path(folder).glob("*"):
                if program.name not in missing:
                    (programs / program.name).unlink(missing_ok=True)
                    (programs / program.name).symlink_to(program)
        return programs

    def test_a_wrong_flag_is_refused_before_anything_is_built(self):
        for arguments in WRONG:
            with self.subTest(arguments):
                done = self.dev(*arguments)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertNotIn("building", done.stderr)
                self.assertTrue(done.stderr.strip())
                self.assertFalse(list(self.folder.glob("out/*/build.ninja")))

    def test_what_is_missing_is_a_line_to_paste(self):
        programs = self.without("ninja", "sudo", "id")
        (programs / "id").write_text("#!/bin/sh\necho 1000\n")  # not root
        (programs / "id").chmod(0o755)
        if not (programs / "apt-get").exists():
            self.skipTest("no apt-get here")
        done = self.dev("build", path=programs)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"(?m)^ +apt-get update && apt-get install -y --no-install-recommends .*\bninja-build\b")

    def test_sources_are_found_without_git_in_a_folder_with_a_blank(self):
        if shutil.which("clang-format-14") is None:
            self.skipTest("no clang-format-14 here")
        tree = self.folder / "source tree"
        shutil.copytree(ROOT / "tools", tree / "tools")
        (tree / "src/base").mkdir(parents=True)
        shutil.copy(ROOT / "dev", tree)
        source = tree / "src/base/ugly name.cc"
        source.write_text("int   x   =  1 ;\n")
        # Nothing is missing: this is not about installing.
        (tree / "tools/dev.d/packages").write_text("")
        done = self.dev("format", tree=tree, path=self.without("git"))
        self.assertEqual((done.returncode, source.read_text()), (0, "int x = 1;\n"), done.stderr)
        self.assertEqual(sorted(path.name for path in tree.iterdir()), ["dev", "src", "tools"])

    def test_clangd_gets_plain_commands(self):
        source = ROOT / "src/base/quote.cc"
        debug = self.folder / "debug"
        debug.mkdir()
        (debug / "compile_commands.json").write_text(json.dumps([
            {"directory": str(debug), "file": str(source), "command":
             f"env CCACHE_SLOPPINESS=pch_defines /usr/bin/ccache /usr/bin/c++ -DA=\\\"b\\\" -I'{ROOT}/include' "
             f"-I'{ROOT}/src' -std=c++20 -Winvalid-pch -fpch-preprocess -include /none/cmake_pch.hxx -o x.o -c '{source}'"},
            {"directory": str(debug), "file": "/none/cmake_pch.hxx.cxx", "command": "c++ -x c++-header"}]))
        subprocess.run([ROOT / "tools/dev.d/compile_commands", self.folder], check=True)
        entry, = json.loads((self.folder / "compile_commands.json").read_text())
        self.assertEqual(entry["arguments"][:2], ["/usr/bin/c++", '-DA="b"'])
        subprocess.run([*entry["arguments"], "-fsyntax-only"], cwd=entry["directory"], check=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
