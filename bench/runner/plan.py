"""The plan of a run: the scenarios, and the division of a time budget among them."""
import dataclasses

from . import servers


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One way to load a server. `tool` is wrk, or hon_load for what wrk does not do."""

    key: str
    title: str
    short: str  # for the head of a column
    tool: str = 'wrk'
    connections: int = 100
    path: str = '/'
    needs: str = ''  # what a server may lack: echo, file
    pipeline: int = 1
    post_bytes: int = 0
    close: bool = False
    rate: str = ''  # open loop: 'fixed' (the plan's rate) or 'own' (70 % of its own throughput)
    extra: bool = False  # one of the sweep over connections


def _sweep(connections):
    return Scenario('c%d' % connections, '{:,} connection{}'.format(
        connections, '' if connections == 1 else 's'), '{:,} conn.'.format(connections),
        tool='load', connections=connections, extra=True)


SCENARIOS = [
    Scenario('keep_alive', 'GET /, keep-alive', 'keep-alive'),
    Scenario('pipelined', 'GET /, 16 pipelined', '16 pipelined', pipeline=16),
    Scenario('per_request', 'GET /, a connection for each request', 'connection each', tool='load',
             close=True),
    Scenario('echo', 'POST /echo, 1 KiB', 'POST 1 KiB', path='/echo', needs='echo',
             post_bytes=servers.ECHO_BYTES),
    Scenario('file', 'GET /file, 1 MiB', 'file 1 MiB', connections=16, path='/file', needs='file'),
    Scenario('fixed_rate', 'GET / at a fixed rate', 'fixed rate', tool='load', rate='fixed'),
    Scenario('own_rate', 'GET / at 70 % of its own throughput', '70 % rate', tool='load',
             rate='own'),
] + [_sweep(n) for n in (1, 10, 100, 1000, 10000)]
BY_KEY = {scenario.key: scenario for scenario in SCENARIOS}
SWEEP = [scenario for scenario in SCENARIOS if scenario.extra]
SHORT_LEFT_OUT = ('c1', 'c100', 'c1000')

# Beside the load itself, in seconds; from experience, on a slow machine.
START_SECONDS = 0.5  # a server: start, check, warm
CELL_SECONDS = 0.2  # a cell: starting the load generator, opening connections
ONCE_SECONDS = 2.5  # memory and system calls
CELL_SECONDS_MIN = 0.3
CELL_SECONDS_MAX = 5.0
NOT_ITS_PURPOSE = 'not what it is for'
NOT_IN_MANY = 'not in a run of many servers'
SWEPT = ('floor io_uring', 'hon io_uring', 'floor epoll', 'hon epoll', 'fasthttp', 'nginx')


@dataclasses.dataclass
class Plan:
    """One run: who, what, how often and how long. `left_out` says why somebody is not in it."""

    servers: list
    scenarios: list
    rounds: int
    seconds: float
    rate: int
    idle: int
    brief: bool = True  # sweep over connections with a few servers only
    left_out: dict = dataclasses.field(default_factory=dict)

    def why_not(self, server, scenario):
        """Why the server is not measured in the scenario, or ''."""
        if server.only and scenario.key != server.only:
            return NOT_ITS_PURPOSE
        if scenario.needs in server.lacks:
            return server.lacks[scenario.needs]
        if scenario.connections > server.connections_max:
            return 'a thread for each connection'
        if scenario.extra and self.brief and server.name not in SWEPT:
            return NOT_IN_MANY
        return ''

    def cells(self):
        """The scenarios of one round, server by server."""
        return [scenario for server in self.servers for scenario in self.scenarios
                if not self.why_not(server, scenario)]

    def duration(self, scenario):
        """Seconds of load; wrk counts whole ones."""
        return max(1, round(self.seconds)) if scenario.tool == 'wrk' else self.seconds

    def minutes(self):
        """How long the whole will take, about."""
        load = sum(self.duration(scenario) + CELL_SECONDS for scenario in self.cells())
        once = sum(not server.only for server in self.servers) * (ONCE_SECONDS if self.idle else ONCE_SECONDS / 2)
        return (once + self.rounds * (len(self.servers) * START_SECONDS + load)) / 60

    def fit(self, minutes):
        """Chooses the longest cells with which the whole takes no longer than so."""
        self.seconds = CELL_SECONDS_MAX
        while self.seconds > CELL_SECONDS_MIN and self.minutes() > minutes:
            self.seconds = round(self.seconds - 0.05, 2)


class PlanError(Exception):
    """A wish that cannot be met."""


def _chosen(wanted, known, what):
    names = [name.strip() for name in wanted.split(',') if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise PlanError('unknown %s %s; there are: %s' % (what, ', '.join(unknown),
                                                          ', '.join(known)))
    return [known[name] for name in names]


def make(args, workspace):
    """The plan for the command line, without the servers that are not here."""
    if args.scenario:
        scenarios = _chosen(args.scenario, BY_KEY, 'scenario')
    elif args.full:
        scenarios = SCENARIOS
    else:
        scenarios = [s for s in SCENARIOS if s.key not in SHORT_LEFT_OUT]
    if args.servers:
        wanted = _chosen(args.servers, servers.BY_NAME, 'server')
    elif args.full:
        wanted = servers.SERVERS
    else:
        wanted = [servers.BY_NAME[name] for name in servers.SHORT]
    missing = {server.name: server.missing(workspace) for server in wanted}
    here = [server for server in wanted if not missing[server.name]]
    plan = Plan(here, scenarios, args.rounds, args.seconds or 0, args.rate, args.idle,
                not (args.servers or args.scenario), {name: why for name, why in missing.items() if why})
    if not here:
        raise PlanError('none of the servers is here: %s' % plan.left_out)
    if not args.seconds:
        plan.fit(args.minutes or (7.5 if args.full else 3))
    return plan
