"""Every rule of tools/tidy finds what it is there for, and a clean tree passes."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TIDY = pathlib.Path(__file__).resolve().parents[2] / "tools" / "tidy"

ARCHITECTURE = """# Architecture
| room | what lives there | may include |
| --- | --- | --- |
| `base` | errors | – |
| `netpoll` | loops | base |
| `http` | the contract | base |
| `engine` | both | http, netpoll |
| `sse` | events | http |
"""

CLEAN = {
    "docs/ARCHITECTURE.md": ARCHITECTURE,
    "README.md": "# hon\n```cpp\nint main() {}\n```\n",
    "examples/readme.cc": "int main() {}\n",
    "include/hon/base/error.h": "#pragma once\nint Error();\n",
    "include/hon/http/header.h": '#pragma once\n#include "hon/base/error.h"\n',
    "src/base/CMakeLists.txt": "hon_component(base\n  SOURCES error.cc)\n",
    "src/base/error.cc": '#include "hon/base/error.h"\n// This error is 1. Items of a list: it is one of those that may stay.\n'
                         'int Error() { HON_ASSERT(a != b && c <= d.Len()); return 1; }  // items stay\n',
    "src/http/CMakeLists.txt": "hon_component(http DEPENDS base)\n",
    "src/netpoll/CMakeLists.txt": "hon_component(netpoll\n  SOURCES backend_epoll.cc\n  DEPENDS base)\n",
    "src/netpoll/backend_epoll.cc": "#ifdef __linux__\n#include <sys/socket.h>\n#endif\n",
    "src/engine/CMakeLists.txt": "hon_component(engine DEPENDS http netpoll)\n",
    "src/sse/CMakeLists.txt": "hon_component(sse\n  SOURCES event.cc\n  DEPENDS http)\n",
    "src/sse/event.cc": 'const char* kBreaks = "\\r\\n";  // "HTTP/1.1 200 OK\\r\\n" in a comment\n',
    "tests/base/CMakeLists.txt": "hon_test(base_test SOURCES error_test.cc)\n",
    "tests/base/error_test.cc": "// strcpy(in, a comment)\nint x = Error();\n",
}

# A change to the clean tree, and the finding of tidy.
CASES = [
    ("upward include", {"include/hon/http/header.h": '#pragma once\n#include "hon/engine/engine.h"\n'},
     "http must not include hon/engine/engine.h"),
    ("across the wall", {"include/hon/http/header.h": '#pragma once\n#include "hon/netpoll/loop.h"\n'},
     "http must not include hon/netpoll/loop.h"),
    ("across the wall, privately", {"src/base/error.cc": '#include "hon/base/error.h"\n#include "http/mux.h"\n'},
     "base must not include http/mux.h"),
    ("a public header includes a private one",
     {"include/hon/engine/engine.h": '#pragma once\n#include "engine/phase.h"\n'}, "a public header includes"),
    ("upward link", {"src/http/CMakeLists.txt": "hon_component(http DEPENDS base netpoll)\n"},
     "http must not link netpoll"),
    ("a room without a row", {"include/hon/cache/cache.h": "#pragma once\n"}, "a room that the table"),
    ("sockets in a pure room", {"include/hon/http/header.h": "#pragma once\n#include <sys/socket.h>\n"},
     "<sys/socket.h> in http"),
    ("threads in a pure room", {"include/hon/http/header.h": "#pragma once\n#include <thread>\n"},
     "<thread> in http"),
    ("a heavy header", {"include/hon/http/header.h": "#pragma once\n#include <iostream>\n"}, "<iostream>"),
    ("no pragma once", {"include/hon/http/header.h": "int Header();\n"}, "no #pragma once"),
    ("using namespace", {"include/hon/http/header.h": "#pragma once\nusing namespace std;\n"}, "using namespace"),
    ("platform", {"src/base/error.cc": '#include "hon/base/error.h"\n#ifdef __linux__\n#endif\n'}, "a platform #if"),
    ("sprintf", {"src/base/error.cc": '#include "hon/base/error.h"\nint x = sprintf(0, "");\n'}, "sprintf(: use"),
    ("a status line", {"src/sse/event.cc": 'const char* kHead = "HTTP/1.1 200 OK";\n'}, "text of the wire"),
    ("a last chunk", {"src/sse/event.cc": 'const char* kEnd = "0\\r\\n\\r\\n";\n'}, "text of the wire"),
    ("atoi", {"src/base/error.cc": '#include "hon/base/error.h"\nint x = atoi("1");\n'}, "std::from_chars"),
    ("gmtime", {"src/base/error.cc": '#include "hon/base/error.h"\nauto* x = gmtime(0);\n'}, "gmtime_r"),
    ("rand", {"src/base/error.cc": '#include "hon/base/error.h"\nint x = rand();\n'}, "getrandom"),
    ("cout", {"src/base/error.cc": '#include "hon/base/error.h"\nauto& x = std::cout;\n'}, "log hook"),
    ("a change in an assertion",
     {"src/base/error.cc": '#include "hon/base/error.h"\nvoid F() {\n  HON_ASSERT(\n      !in.Skip(1));\n}\n'},
     "error.cc:3: .Skip( in an assertion"),
    ("an increment in an assertion",
     {"src/base/error.cc": '#include "hon/base/error.h"\nvoid F() { HON_DEBUG_ASSERT(++n <= 3); }\n'},
     "++ in an assertion"),
    ("a row below what stands on it",
     {"docs/ARCHITECTURE.md": ARCHITECTURE + "| `cache` | kept answers | disk |\n| `disk` | files | base |\n"},
     "cache stands on disk, whose row is not above"),
    ("a function that nothing uses", {
        "include/hon/base/error.h": "#pragma once\nint Error();\nint Unused(int value);\n",
        "src/base/error.cc": '#include "hon/base/error.h"\nint Error() { return 1; }  // Unused(1)\n'},
     "include/hon/base/error.h:3: nothing uses or tests Unused"),
    ("a method that nothing calls", {
        "include/hon/http/header.h": "#pragma once\nclass Header {\n public:\n  int Count() const;\n};\n",
        "src/http/header.cc": '#include "hon/http/header.h"\nint Header::Count() const { return 1; }\n',
        "src/http/CMakeLists.txt": "hon_component(http SOURCES header.cc DEPENDS base)\n"},
     "nothing uses or tests Count"),
    ("a name twice in one piece", {
        "src/base/error.cc": '#include "hon/base/error.h"\nnamespace hon {\nnamespace {\nclass Walk {};\n}\n}\n',
        "src/base/walk.cc": "namespace hon {\nnamespace {\nint F() { return 1; }\nstruct Walk final {\n};\n}\n}\n",
        "src/base/CMakeLists.txt": "hon_component(base\n  SOURCES error.cc walk.cc)\n"},
     "hon::Walk is in src/base/walk.cc too"),
    ("a function twice in one piece", {
        "src/base/error.cc": '#include "hon/base/error.h"\nnamespace {\nbool Is(char c) { return c; }\n}\n',
        "src/base/walk.cc": "namespace {\nbool Is(int c) { return c; }\nconstexpr bool Is(char at) { return at; }\n}\n",
        "src/base/CMakeLists.txt": "hon_component(base\n  SOURCES error.cc walk.cc)\n"},
     "Is(char) is in src/base/walk.cc too"),
    ("a name twice in the tests of a room", {
        "tests/base/error_test.cc": "namespace {\nclass Peer {};\nint x = Error();\n}\n",
        "tests/base/result_test.cc": "namespace {\nstruct Peer final {};\n}\n",
        "tests/base/CMakeLists.txt": "hon_test(base_test SOURCES error_test.cc result_test.cc)\n"},
     "Peer is in tests/base/result_test.cc too"),
    ("std::thread", {"src/engine/run.cc": "std::thread t;\n",
                     "src/engine/CMakeLists.txt": "hon_component(engine SOURCES run.cc DEPENDS http netpoll)\n"},
     "hon::Thread, which fails"),
    ("an array without a canary",
     {"src/base/error.cc": '#include "hon/base/error.h"\nHON_NO_CANARY int F(int a) {\n  if (a) {\n  }\n  char b[4];\n}\n'},
     "error.cc:5: 'char b[4]' in a function without a canary"),
    ("a string without a canary",
     {"src/base/error.cc": '#include "hon/base/error.h"\nHON_NO_CANARY\nint F() {\n  const std::string s = G();\n}\n'},
     "'const std::string s = G()' in a function without a canary"),
    ("own header first", {"src/base/error.cc": '#include <string>\n#include "hon/base/error.h"\n'},
     "before its own header"),
    ("dead source", {"src/base/CMakeLists.txt": "hon_component(base)\n"}, "no CMakeLists.txt builds it"),
    ("a test named after nothing",
     {f"tests/base/{name}_test.cc": "\n" for name in "abc"}
     | {"tests/base/CMakeLists.txt": "error_test.cc a_test.cc b_test.cc c_test.cc\n"},
     "named after nothing"),
    ("a name that says nothing", {"src/base/" + "string_util" + ".h": "#pragma once\n"}, "says nothing"),
    ("long file", {"src/base/error.cc": '#include "hon/base/error.h"\n' + "int a;\n" * 600}, "601 lines"),
    ("long architecture", {"docs/ARCHITECTURE.md": ARCHITECTURE + "\n" * 400}, "at most 400"),
    ("unfinished", {"src/base/error.cc": '#include "hon/base/error.h"\n// TO' + "DO: more\n"}, "unfinished work"),
    ("machine path", {"examples/readme.cc": "// /ro" + "ot/x\n"}, "a path of one machine"),
    ("readme", {"examples/readme.cc": "int main() { return 1; }\n"}, "its code is not that of"),
    ("a comment without a subject",
     {"src/base/error.cc": '#include "hon/base/error.h"\n// An error. It is\n// cheap.\nint a;\n'},
     "error.cc:2: a sentence begins with 'It': name its subject"),
    ("a riddle for a subject",
     {"include/hon/base/error.h": "#pragma once\n/// What went wrong.\nint Error();\n"}, "begins with 'What'"),
    ("a remark without a subject",
     {"examples/readme.cc": "int a;  // it stays\nint main() {}\n"}, "a remark begins with 'it'"),
    ("a deviation without a test",
     {"docs/DEVIATIONS.md": "| D-001 · | a | b | c |\n| D-002 | a | b | c | `x/y_test.cc:Z` |\n| D-003 | a | b | c |\n"},
     "docs/DEVIATIONS.md:3: no test in the last column"),
    ("blanks", {"src/base/error.cc": '#include "hon/base/error.h"  \n'}, "blanks at the end"),
]


def tidy(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, TIDY, "--root", folder], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


class TidyTest(unittest.TestCase):
    def test_a_clean_tree_passes(self):
        code, output = tidy(CLEAN)
        self.assertEqual(code, 0, output)

    def test_each_rule_finds(self):
        for name, change, said in CASES:
            with self.subTest(name):
                code, output = tidy(CLEAN | change)
                self.assertEqual(code, 1, output)
                self.assertIn(said, output)

    def test_sizes_are_reported(self):
        long_function = "int F() {\n" + "  ;\n" * 80 + "}\n"
        _, output = tidy(CLEAN | {"src/base/error.cc": '#include "hon/base/error.h"\n' + long_function})
        self.assertIn("src/base/error.cc:2: a function of 82 lines", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
