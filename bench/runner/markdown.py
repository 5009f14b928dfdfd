"""The page of results, docs/benchmarks/README.md, and the table in the project's README."""
import re

from . import load, plan as plans, stats


def _table(rows):
    lines = ['| ' + ' | '.join(rows[0]) + ' |',
             '| --- |' + ' ---: |' * (len(rows[0]) - 1)]
    return '\n'.join(lines + ['| ' + ' | '.join(row) + ' |' for row in rows[1:]])


def _image(report, name, text):
    return '![%s](%s)' % (text, name) if name in report.svg() else ''


def page(report, workspace):
    plan, machine = report.plan, report.machine
    parts = ['# Benchmark results',
             'Written by `%s`; [results.json](results.json) has every round.' % report.command,
             '%s, %d cores, %s GiB; %s; %s; %s; load before the run %s.' % (
                 machine['processor'], machine['cores'], machine['memory_gib'], machine['system'],
                 machine['kernel'], machine['date'], machine['load_before']),
             'Servers run on the first core, the load generator on the last. %d rounds, '
             'interleaved: every server once in each. %s' % (plan.rounds, stats.RULE),
             'CPU for each request is the figure to trust: on few cores the load generator is '
             'exhausted before a good server is. The floors do no HTTP: they answer whatever they '
             'read with fixed bytes, and show what the kernel alone costs.']
    if report.has('keep_alive'):
        parts += ['## GET /, keep-alive, 100 connections', _table(report.original()),
                  _image(report, 'cpu_keep_alive.svg', 'CPU for each request')]
    keys = [s.key for s in plan.scenarios if not s.rate and not s.extra]
    parts += ['## CPU for each request, by scenario',
              'Microseconds. In brackets: for this project, how many times as much as the floor of '
              'the same backend; for others, as %s.' % report.reference,
              _table(report.cpu(keys))]
    parts += [_image(report, 'cpu_%s.svg' % key, plans.BY_KEY[key].title) for key in keys
              if key != 'keep_alive']
    for key in ('fixed_rate', 'own_rate'):
        if report.has(key):
            parts += ['## Latency: ' + plans.BY_KEY[key].title,
                      'An open loop with 100 connections: each request is timed from when it was '
                      'due, so that waiting is counted. Microseconds or milliseconds.',
                      _table(report.latency(key)), _image(report, 'p99_%s.svg' % key, 'p99')]
    sweep = [s.key for s in plan.scenarios if s.extra]
    if any(report.has(key) for key in sweep):
        parts += ['## From 1 to 10,000 connections', _table(report.cpu(sweep)),
                  _image(report, 'connections.svg', 'CPU over connections')]
    parts += ['## Memory and system calls', _table(report.memory()),
              _image(report, 'idle.svg', 'memory for each idle connection')]
    missing = [(n, t, w) for n, t, w in report.not_measured()]
    if missing:
        parts += ['## Not measured', _table([['server', 'scenario', 'why']] + [
            [name, title or 'all', why.replace('|', '/').replace('\n', ' ')]
            for name, title, why in missing])]
    parts += ['## Commands', _commands(report, workspace), '## Versions',
              ', '.join('%s %s' % item for item in machine['versions'].items()) + '.']
    return '\n\n'.join(part for part in parts if part) + '\n'


def short_table(report):
    """The table of the original's README, with CPU for each request."""
    rows = [row[:5] + row[-1:] for row in report.original()]
    return _table(rows)


def update_readme(path, table):
    """Puts the table between the marks that the file has for it."""
    text = path.read_text()
    path.write_text(re.sub(r'(<!-- bench -->\n).*?(<!-- /bench -->)',
                           lambda match: match[1] + table + '\n' + match[2], text, flags=re.S))


def _commands(report, workspace):
    lines = []
    for name, result in report.results.items():
        lines.append('%-14s  %s' % (name, result.get('command', '-')))
    lines.append('')
    for scenario in report.plan.scenarios:
        if scenario.tool == 'wrk':
            command = load.wrk_command(scenario, 8080, report.plan.duration(scenario), workspace)
        else:
            rate = {'': 0, 'fixed': report.plan.rate, 'own': 0.1}[scenario.rate]
            command = load.load_command(scenario, 8080, report.plan.duration(scenario), rate,
                                        workspace)
        text = ' '.join(command).replace(str(workspace.bin) + '/', '')
        text = text.replace(str(workspace.folder) + '/', '').replace('8080', 'PORT')
        lines.append('%-14s  %s' % (scenario.key, text.replace('--rate 0.1', '--rate OWN')))
    return '```\n' + '\n'.join(lines) + '\n```'
