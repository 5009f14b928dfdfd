"""From results to what people read: the table of the original, Markdown, JSON and the charts."""
import json

from . import charts, plan as plans, stats
from .stats import Figure

CPU_SCENARIOS = ('keep_alive', 'pipelined', 'per_request', 'echo', 'file')


class Report:
    """The results of one run, and how to show them."""

    def __init__(self, plan, results, machine, command):
        self.plan, self.results, self.machine, self.command = plan, results, machine, command
        self.reference = next((s.name for s in plan.servers if s.name.startswith('hon')),
                              plan.servers[0].name)
        self.floors = {s.name: s.floor for s in plan.servers}

    def figure(self, name, key, what):
        """A quantity of a server in a scenario over the rounds, or None."""
        runs = self.results[name]['cells'].get(key)
        if not runs or 'all' in self.results[name]['why_not']:
            return None
        return Figure(tuple(run[what] for run in runs)) if what in runs[0] else None

    def has(self, key):
        return any(self.figure(name, key, 'cpu') for name in self.results)

    # ---- tables; each is a list of rows of text, the first one the heading

    def original(self, key='keep_alive'):
        """The table of the original's README, and what it does not show."""
        rows = [['server', 'Requests/sec', 'average latency', 'Transfer/sec', 'CPU/request',
                 'user', 'system', 'spread', '/ floor', '/ ' + self.reference]]
        for name in self.results:
            cpu = self.figure(name, key, 'cpu')
            if cpu is None:
                continue
            values = {what: self.figure(name, key, what).median for what in
                      ('rate', 'mean', 'transfer', 'user', 'system')}
            rows.append([name, '{:,.0f}'.format(values['rate']), _time(values['mean']),
                         '%.2f MB' % (values['transfer'] / (1 << 20)), '%.2f us' % cpu.median,
                         '%.2f' % values['user'], '%.2f' % values['system'],
                         '%.0f %%' % (cpu.spread * 100), self._to_floor(name, key),
                         self._to(name, key, self.reference)])
        return rows

    def _to_floor(self, name, key):
        floor = self.floors[name]
        return self._to(name, key, 'echo ' + floor if key == 'echo' else floor)

    def _to(self, name, key, other):
        mine, theirs = self.figure(name, key, 'cpu'), None
        if other in self.results:
            theirs = self.figure(other, key, 'cpu')
        if mine is None or theirs is None or name == other:
            return ''
        return stats.ratio(mine, theirs)

    def cpu(self, keys):
        """CPU for each request, by scenario; in brackets how many times as much as the floor of the
        same backend (ours), or as the reference (all others)."""
        keys = [key for key in keys if self.has(key)]
        rows = [['server'] + [plans.BY_KEY[key].short for key in keys]]
        for name in self.results:
            if not any(self.figure(name, key, 'cpu') for key in keys):
                continue
            row = [name]
            for key in keys:
                cpu = self.figure(name, key, 'cpu')
                to = self._to_floor(name, key) if self.floors[name] else \
                    self._to(name, key, self.reference)
                row.append('-' if cpu is None else '%.2f%s' % (cpu.median, to and ' (%s)' % to))
            rows.append(row)
        return rows

    def latency(self, key):
        """Latencies of an open loop; a server that fell behind says so."""
        rows = [['server', 'rate', 'p50', 'p99', 'p99.9', 'p99 spread', 'p99 / ' + self.reference]]
        best = self.figure(self.reference, key, 'p99')
        for name in self.results:
            p99 = self.figure(name, key, 'p99')
            if p99 is None:
                continue
            late = self.figure(name, key, 'unanswered').median
            rows.append([name, '{:,.0f}'.format(self.figure(name, key, 'rate').median),
                         _time(self.figure(name, key, 'p50').median), _time(p99.median),
                         _time(self.figure(name, key, 'p999').median),
                         '%s to %s' % (_time(p99.low), _time(p99.high)),
                         'cannot keep up' if late else
                         stats.ratio(p99, best) if best and name != self.reference else ''])
        return rows

    def memory(self):
        rows = [['server', 'resident memory', 'an idle connection', 'system calls/request']]
        for name, result in self.results.items():
            if 'calls' not in result:
                continue
            calls = result.get('calls') or {}
            idle = result.get('idle')
            rows.append([
                name,
                '%.1f MiB' % (result['resident'] / (1 << 20)) if 'resident' in result else '-',
                '{:,.0f} bytes'.format(idle['bytes']) if idle else '-',
                '%.2f (%s)' % (calls['value'], calls['tool']) if calls.get('value') else
                calls.get('why', '-')])
        return rows

    def not_measured(self):
        """[(server, scenario or '', why)]"""
        found = [(name, '', why) for name, why in self.plan.left_out.items()]
        for name, result in self.results.items():
            for key, why in result['why_not'].items():
                if why in (plans.NOT_ITS_PURPOSE, plans.NOT_IN_MANY):
                    continue
                found.append((name, plans.BY_KEY[key].title if key in plans.BY_KEY else '', why))
        return found

    # ---- what is written

    def terminal(self):
        parts = [_plain(self.original())] if self.has('keep_alive') else []
        for keys in ([s.key for s in self.plan.scenarios if not s.rate and not s.extra],
                     [s.key for s in self.plan.scenarios if s.extra]):
            if any(self.has(key) for key in keys):
                parts.append('CPU for each request, us\n' + _plain(self.cpu(keys)))
        for key in ('fixed_rate', 'own_rate'):
            if self.has(key):
                parts.append(plans.BY_KEY[key].title + '\n' + _plain(self.latency(key)))
        parts.append(_plain(self.memory()))
        parts.append(stats.RULE)
        parts.append('\n'.join('not measured: %s%s: %s' % (name, title and ', ' + title, why)
                               for name, title, why in self.not_measured()))
        return '\n\n'.join(part for part in parts if part)

    def as_json(self):
        return json.dumps({
            'machine': self.machine, 'command': self.command, 'rule': stats.RULE,
            'rounds': self.plan.rounds, 'seconds': self.plan.seconds, 'rate': self.plan.rate,
            'reference': self.reference, 'left_out': self.plan.left_out,
            'servers': self.results}, indent=1) + '\n'

    def svg(self):
        """{file name: text}"""
        made = {}
        for key in CPU_SCENARIOS:
            rows = []
            for name in self.results:
                cpu = self.figure(name, key, 'cpu')
                if cpu:
                    rows.append((name, [self.figure(name, key, what).median for what in
                                        ('user', 'system')], cpu.low, cpu.high))
            if rows:
                made['cpu_%s.svg' % key] = charts.bars(
                    'CPU for each request: ' + plans.BY_KEY[key].title,
                    'Microseconds on one core, less is better; the line is the spread of the rounds',
                    rows, ('user', 'system'), 'us')
        for key in ('fixed_rate', 'own_rate'):
            rows = []
            for name in self.results:
                p99 = self.figure(name, key, 'p99')
                if p99 and not self.figure(name, key, 'unanswered').median:
                    rows.append((name, [p99.median], p99.low, p99.high))
            if rows:
                made['p99_%s.svg' % key] = charts.bars(
                    'p99 latency: ' + plans.BY_KEY[key].title,
                    'Microseconds from when the request was due, less is better', rows, ('p99',),
                    'us')
        series = {}
        for name in self.results:
            curve = [(s.connections, self.figure(name, s.key, 'cpu').median)
                     for s in plans.SWEEP if self.figure(name, s.key, 'cpu')]
            if len(curve) > 1:
                series[name] = curve
        if series:
            made['connections.svg'] = charts.lines(
                'CPU for each request over connections', 'Microseconds, less is better',
                dict(list(series.items())[:len(charts.COLOURS)]), 'us')
        idle = [(name, [result['idle']['bytes']], result['idle']['bytes'], result['idle']['bytes'])
                for name, result in self.results.items() if 'idle' in result]
        if idle:
            made['idle.svg'] = charts.bars('Memory for each idle connection',
                                           'Bytes of resident memory, less is better', idle,
                                           ('bytes',), 'bytes')
        return made


def _time(microseconds):
    if microseconds >= 1000:
        return '%.2f ms' % (microseconds / 1000)
    return '%.0f us' % microseconds


def _plain(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return '\n'.join('  '.join(
        [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
    ).rstrip() for row in rows)
