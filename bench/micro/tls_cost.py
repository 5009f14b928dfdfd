#!/usr/bin/env python3
"""Counts the instructions that a record of TLS costs beyond a plain request, without OpenSSL's own.

hon_tls_cost runs under callgrind, which counts inside of MemoryServer::Serve alone. What OpenSSL's
libraries cost, with what they call, is taken out; what they call of ours is put back. A small request
over TLS is two records, one each way.

More than 3 % above the goal of 400 fails.

usage: bench/micro/tls_cost.py --program build/release/bin/hon_tls_cost [--rounds 300] [--max 400]
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

RECORDS = 2  # of a request and its answer
SLACK = 1.03
OURS = '/hon_tls_cost'
OPENSSL = re.compile(r'/lib(ssl|crypto)\.so')


def profile(program, wire, rounds):
    """The lines of callgrind's output."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'out')
        run = subprocess.run(
            ['valgrind', '--tool=callgrind', '--callgrind-out-file=' + out, '--compress-strings=no',
             '--compress-pos=no', '--collect-atstart=no',
             '--toggle-collect=hon::bench::MemoryServer::Serve*', program, wire, str(rounds)],
            capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise RuntimeError('%s %s: %s' % (program, wire, run.stderr[-2000:]))
        with open(out) as file:
            return file.read().splitlines()


def count(lines):
    """(instructions of ours, of OpenSSL) in all."""
    total = ours = 0
    caller = callee = ''
    inclusive = False  # the next line is the cost of a call
    for line in lines:
        if line.startswith('ob='):
            caller = callee = line[3:]
        elif line.startswith('cob='):
            callee = line[4:]
        elif line.startswith('calls='):
            inclusive = True
        elif re.match(r'^\d+ \d+$', line):
            cost = int(line.split()[1])
            if not inclusive:
                total += cost
            elif OURS in caller and OPENSSL.search(callee):
                ours -= cost
            elif OPENSSL.search(caller) and OURS in callee:
                ours += cost  # a callback
            inclusive, callee = False, caller
    ours += total
    return ours, total - ours


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True)
    parser.add_argument('--rounds', type=int, default=300)
    parser.add_argument('--max', type=int, default=400, help='instructions of ours for a record')
    args = parser.parse_args()
    if shutil.which('valgrind') is None:
        print('HON_TEST_SKIPPED: no valgrind here (./dev setup): nothing counts instructions')
        return 77
    costs = {wire: [round(part / args.rounds) for part in count(profile(args.program, wire, args.rounds))]
             for wire in ('plain', 'tls1.2', 'tls1.3')}
    print('instructions in user space for each request')
    over = []
    for wire, (ours, openssl) in costs.items():
        record = (ours - costs['plain'][0]) / RECORDS
        print('%-7s %6d of ours, %6d of OpenSSL; %4d of ours for a record' % (wire, ours, openssl, record))
        if record > args.max * SLACK:
            over.append(wire)
    if over or costs['plain'][0] < 1000 or costs['tls1.3'][1] < 1000:
        print('more than %d for a record, or nothing counted: %s' % (args.max, ', '.join(over)))
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
