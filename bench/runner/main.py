"""The command line."""
import argparse
import pathlib
import resource
import shlex
import sys

from . import load, machine, markdown, measure, paths, plan as plans, serve, servers
from .report import Report

DESCRIPTION = '''Measures this server beside others: throughput, latency, CPU for each request, system calls and
memory. Servers run on the first core, the load generators on the last; every server's answers are
checked before it is timed. Without options it takes about 3 minutes; --full, with every server and
scenario, less than 8. `run serve TYPE` becomes the server of that type (hon --type).'''


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog='hon bench', description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='servers: %s\nscenarios: %s' % (', '.join(servers.BY_NAME),
                                              ', '.join(plans.BY_KEY)))
    parser.add_argument('--full', action='store_true', help='every server and scenario')
    parser.add_argument('--servers', metavar='NAME,...', help='only these')
    parser.add_argument('--scenario', metavar='KEY,...', help='only these')
    parser.add_argument('--rounds', type=int, default=3, help='default 3')
    parser.add_argument('--seconds', type=float, help='of each load; wrk counts whole ones')
    parser.add_argument('--minutes', type=float, help='for the whole, instead of --seconds')
    parser.add_argument('--rate', type=int, default=20000,
                        help='of the scenario fixed_rate, requests a second; default 20000')
    parser.add_argument('--idle', type=int, default=4000,
                        help='connections for the memory of an idle one; 0: do not measure')
    parser.add_argument('--out', type=pathlib.Path, default=paths.default_out(),
                        help='where results, page and charts are written; default docs/benchmarks')
    parser.add_argument('--no-files', action='store_true', help='write nothing')
    parser.add_argument('--bin', type=pathlib.Path, default=paths.default_bin(),
                        help="where the project's programs are")
    args = parser.parse_args(arguments)
    if args.rounds < 1 or (args.seconds is not None and args.seconds < 0.05):
        parser.error('--rounds and --seconds must be positive')
    return args


def main(arguments):
    if arguments[:1] == ['serve']:
        return serve.main(arguments[1:])
    args = _parse(arguments)
    if sys.platform != 'linux':
        print('hon bench: measures through /proc and pins cores: Linux only', file=sys.stderr)
        return 1
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with paths.Workspace(args.bin) as workspace:
        lacking = load.missing(workspace)
        if lacking:
            print('hon bench: ' + lacking, file=sys.stderr)
            return 1
        try:
            plan = plans.make(args, workspace)
        except plans.PlanError as problem:
            print('hon bench: %s' % problem, file=sys.stderr)
            return 2
        return _run(args, arguments, plan, workspace)


def _run(args, arguments, plan, workspace):
    for name, why in plan.left_out.items():
        print('without %s: %s' % (name, why), file=sys.stderr)
    print('%d servers, %d rounds, %g s for each load: about %.1f minutes' % (
        len(plan.servers), plan.rounds, plan.seconds, plan.minutes()), file=sys.stderr)
    about = machine.describe(workspace)
    results = measure.run(plan, workspace)
    shown = [word for i, word in enumerate(arguments)
             if '--bin' not in (word, arguments[i - 1] if i else '')
             and '--out' not in (word, arguments[i - 1] if i else '')]
    report = Report(plan, results, about, './dev bench ' + shlex.join(shown))
    print(report.terminal())
    if not args.no_files:
        _write(args.out, {'results.json': report.as_json(),
                          'README.md': markdown.page(report, workspace), **report.svg()})
        print('written to %s' % args.out, file=sys.stderr)
        if args.full and args.out == paths.default_out() and paths.IN_SOURCE_TREE:
            markdown.update_readme(paths.ROOT / 'README.md', markdown.short_table(report))
    failed = [name for name, result in results.items() if 'all' in result['why_not']]
    return 1 if failed else 0


def _write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob('*.svg'):
        stale.unlink()
    for name, text in files.items():
        (folder / name).write_text(text)
