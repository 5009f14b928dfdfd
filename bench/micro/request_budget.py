#!/usr/bin/env python3
"""Counts the instructions that a request costs in user space, and compares them with a budget.

Each case of hon_request_cost, or of hon_h2_cost, runs twice under callgrind, the second time with twice the rounds:
the difference is what the requests cost, without start and end of the program. Counts depend on
the compiler, so the budget file has a column for each one it knows (c++ --version's name and major
number) and on another the figures are only printed. A run that costs over 3 % more than its budget
fails; after a speed-up, `--write` lowers the budget, and the new file belongs into the commit.

usage: bench/micro/request_budget.py --program build/release/bin/hon_request_cost
                                     --compiler GNU-12 [--budget FILE] [--write] [--rounds 500]
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys

BUDGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'request_budget.json')
SLACK = 1.03


def instructions(program, case, rounds):
    """The instructions of one run of the program, from its start to its end."""
    run = subprocess.run(['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null',
                          program, case, str(rounds)], capture_output=True, text=True, check=False)
    counted = re.search(r'Collected : (\d+)', run.stderr)
    if run.returncode != 0 or counted is None:
        raise RuntimeError('%s %s: %s' % (program, case, run.stderr[-2000:]))
    return int(counted[1])


def cost(program, case, requests, rounds):
    """Instructions per request."""
    once = instructions(program, case, rounds)
    twice = instructions(program, case, 2 * rounds)
    return round((twice - once) / (rounds * requests))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True)
    parser.add_argument('--compiler', required=True, help='name and major version, as GNU-12')
    parser.add_argument('--budget', default=BUDGET, help='the file of the budgets')
    parser.add_argument('--rounds', type=int, default=500)
    parser.add_argument('--write', action='store_true', help='make what is counted the budget')
    args = parser.parse_args()
    if shutil.which('valgrind') is None:
        print('HON_TEST_SKIPPED: no valgrind here (./dev setup): nothing counts instructions')
        return 77
    listed = subprocess.run([args.program], capture_output=True, text=True, check=True).stdout
    cases = {name: int(requests) for name, requests in map(str.split, listed.splitlines())}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        costs = dict(zip(cases, pool.map(
            lambda case: cost(args.program, case, cases[case], args.rounds), cases)))
    with open(args.budget) as file:
        budgets = json.load(file)
    budget = budgets.get(args.compiler, {})
    over = []
    print('instructions in user space for each request, %s' % args.compiler)
    for case, count in costs.items():
        allowed = budget.get(case)
        change = '' if allowed is None else '  budget %6d  %+.1f %%' % (
            allowed, (count / allowed - 1) * 100)
        print('%-11s %7d%s' % (case, count, change))
        if allowed is not None and count > allowed * SLACK:
            over.append(case)
    if args.write:
        budgets[args.compiler] = costs
        with open(args.budget, 'w') as file:
            json.dump(budgets, file, indent=1, sort_keys=True)
            file.write('\n')
        return 0
    if not budget:
        print('HON_TEST_SKIPPED: %s has no budget for %s; --write makes one' %
              (os.path.basename(args.budget), args.compiler))
        return 77
    missing = sorted(set(cases) - set(budget))
    if missing:
        print('without a budget: %s; --write makes one' % ', '.join(missing))
        return 1
    if over:
        print('over the budget by more than %.0f %%: %s.\n'
              'See which function grew: valgrind --tool=callgrind %s CASE 1000, then '
              'callgrind_annotate.\nMake it cheap again; if what the code does now is worth it, '
              'run this with --write and say so in docs/PERFORMANCE.md.' %
              ((SLACK - 1) * 100, ', '.join(over), os.path.basename(args.program)))
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
