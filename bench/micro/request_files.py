#!/usr/bin/env python3
"""Lists the source files that a `GET /` on a warm connection passes through, in order.

hon_request_cost serves the request in memory under valgrind's lackey, which writes down each
instruction; the debug information of the program names the file of each. `--check` compares the
table of docs/ARCHITECTURE.md, section 2, with them: its files come in this order, and there are
twelve at most. The files that the table leaves out are called by one of its files and call no
other of them: parsers of one text, containers, clocks.

usage: bench/micro/request_files.py --program build/release/bin/hon_request_cost [--check]
"""
import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROUNDS = 3
FILES_MAX = 12
START = 'hon::bench::MemoryServer::Serve('
END = 'hon::bench::MemoryServer::~MemoryServer('


def trace(program):
    """The addresses of the instructions of the last request, in order, as nm knows them."""
    names = subprocess.run(['nm', '-C', program], capture_output=True, text=True, check=True).stdout
    start, end = (next(int(line.split()[0], 16) for line in names.splitlines() if name in line)
                  for name in (START, END))
    with tempfile.NamedTemporaryFile() as log:
        subprocess.run(['valgrind', '--tool=lackey', '--trace-mem=yes', '--log-file=' + log.name,
                        program, 'get', str(ROUNDS)], capture_output=True, check=True)
        with open(log.name, 'rb') as file:
            text = file.read()
    page = b'%03x' % (start & 0xfff)
    seen = collections.Counter(re.findall(rb'^I  ([0-9a-f]+' + page + rb'),', text, re.M))
    # The program lies below its libraries.
    entry = min((int(at, 16), at) for at, count in seen.items() if count == ROUNDS)[1]
    base = int(entry, 16) - start
    last = text[text.rindex(b'I  ' + entry + b','):]
    way = [int(at, 16) - base for at in re.findall(rb'^I  ([0-9a-f]+),', last, re.M)]
    return way[:way.index(end)]


def files_of(program, addresses):
    """The file of ours that each address was compiled from; None for others."""
    unique = list(dict.fromkeys(addresses))
    lines = subprocess.run(['addr2line', '-e', program], text=True, capture_output=True, check=True,
                           input='\n'.join(map(hex, unique))).stdout.splitlines()
    found = {}
    for address, line in zip(unique, lines):
        ours = re.search(r'/(?:src|include/hon)/([a-z0-9]+/\w+\.(?:cc|h)):', line)
        found[address] = ours[1] if ours else None
    return [found[address] for address in addresses]


def table():
    """The files of each row of ARCHITECTURE.md's section 2."""
    with open(os.path.join(ROOT, 'docs', 'ARCHITECTURE.md'), encoding='utf-8') as file:
        section = file.read().split('\n## 2.')[1].split('\n## ')[0]
    return [re.findall(r'`([\w/]+\.(?:cc|h))`', row.split('|')[2])
            for row in section.splitlines() if re.match(r'\| \d+ \|', row)]


def check(way):
    rows = table()
    wrong = [] if len(rows) <= FILES_MAX else ['%d rows, and %d are allowed' % (len(rows), FILES_MAX)]
    at = 0
    for row in rows:
        room = row[0].split('/')
        row = [room[0] + '/' + name.split('/')[-1] for name in row]
        if any('/backend_' in name for name in row):
            continue  # the request comes from memory
        behind = [i for i in range(at, len(way)) if way[i] in row]
        if not behind:
            wrong.append('%s is not entered behind the row before it' % row[0])
        else:
            at = behind[0]
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True)
    parser.add_argument('--check', action='store_true')
    args = parser.parse_args()
    if shutil.which('valgrind') is None:
        print('HON_TEST_SKIPPED: no valgrind here (./dev setup)')
        return 77
    way = [name for name in files_of(args.program, trace(args.program)) if name]
    if not way:
        print('HON_TEST_SKIPPED: the program has no debug information')
        return 77
    counts = collections.Counter(way)
    print('instructions of one GET / by file, in the order of their first one')
    for name in dict.fromkeys(way):
        print('%6d %s' % (counts[name], name))
    if not args.check:
        return 0
    wrong = check(way)
    for line in wrong:
        print('docs/ARCHITECTURE.md, section 2: ' + line)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
