"""Runs a plan: rounds over all servers, and in each round every scenario of every server."""
import shutil
import socket
import subprocess

from . import check, load, plan as plans
from .process import Process, ServerError, pin
from .progress import Progress

WARM_SECONDS = 0.2
CALLS_SECONDS = 1
GREETING = b'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
WARM = plans.Scenario('warm', 'warming', 'warming', tool='load')


def run(plan, workspace):
    """{server name: its results}; what failed says why instead of having figures."""
    results = {server.name: {'what': server.what, 'cells': {}, 'why_not': {}} for server in
               plan.servers}
    progress = Progress(len(plan.cells()) * plan.rounds)
    for number in range(1, plan.rounds + 1):
        for server in plan.servers:
            progress.server(number, plan.rounds, server.name)
            result = results[server.name]
            try:
                _round(plan, server, number, result, workspace, progress)
            except (ServerError, OSError) as problem:
                result['why_not'].setdefault('all', 'round %d: %s' % (number, problem))
                progress.say('%s is refused: %s' % (server.name, problem))
    progress.finish()
    return results


def _round(plan, server, number, result, workspace, progress):
    scenarios = [s for s in plan.scenarios if not plan.why_not(server, s)]
    for scenario in plan.scenarios:
        if scenario not in scenarios:
            result['why_not'][scenario.key] = plan.why_not(server, scenario)
    if not scenarios:
        return
    with Process(server, workspace) as process:
        result['command'] = _anonymous(process, workspace)
        check.check(server, process, workspace, {s.needs for s in scenarios})
        if not server.only:
            load.run(WARM, process, WARM_SECONDS, 0, workspace)
        for scenario in scenarios:
            progress.cell(scenario.title)
            _cell(plan, server, process, scenario, result, workspace, progress)
            progress.done()
        if number == 1 and not server.only:
            progress.cell('system calls')
            result['calls'] = system_calls(process, workspace)
    if number == 1 and plan.idle and not server.only:
        progress.cell('memory')
        with Process(server, workspace) as process:
            result.update(memory(process, min(plan.idle, server.connections_max - 100)))


def _anonymous(process, workspace):
    """The command without the folders of this machine."""
    words = []
    for word in process.command:
        word = word.replace(str(workspace.file), 'FILE').replace(str(workspace.folder), 'TMP')
        word = word.replace(str(process.port), 'PORT')
        words.append(word.rsplit('/', 1)[-1] if word.startswith('/') else word)
    return ' '.join(words)


def _cell(plan, server, process, scenario, result, workspace, progress):
    try:
        if scenario.pipeline > 1:
            check.check_pipelining(server, process, scenario.pipeline)
        rate = {'': 0, 'fixed': plan.rate, 'own': _own_rate(result)}[scenario.rate]
        told = load.run(scenario, process, plan.duration(scenario), rate, workspace)
    except ServerError as problem:
        result['why_not'][scenario.key] = str(problem)
        progress.say('%s, %s: %s' % (server.name, scenario.title, problem))
        return
    requests = told['requests']
    told['user'] *= 1e6 / requests
    told['system'] *= 1e6 / requests
    told['cpu'] = told['user'] + told['system']
    result['cells'].setdefault(scenario.key, []).append(told)


def _own_rate(result):
    """70 % of the throughput just measured; of 1,000 a second when it was not."""
    runs = result['cells'].get('keep_alive')
    return 0.7 * (runs[-1]['rate'] if runs else 1000)


def system_calls(process, workspace):
    """System calls for each GET / with 100 connections, counted by perf, else by strace (which
    slows the server down, so that more requests share a call); None with the reason."""
    scenario = plans.BY_KEY['keep_alive']
    perf = ['perf', 'stat', '-x', ',', '-e', 'raw_syscalls:sys_enter', '-p', str(process.pid)]
    strace = ['strace', '-c', '-f', '-q', '-U', 'calls,name', '-p', str(process.pid)]
    for tool, command in (('perf', perf), ('strace', strace)):
        if shutil.which(tool) is None:
            continue
        counter = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True, preexec_fn=pin(*process.load_cores))
        try:
            told = load.run(scenario, process, CALLS_SECONDS, 0, workspace)
        except ServerError as problem:
            return {'value': None, 'why': str(problem)}
        finally:
            counter.send_signal(2)
            said = counter.communicate()[1]
        count = _count(tool, said)
        if count:
            return {'value': count / told['requests'], 'tool': tool}
    return {'value': None, 'why': 'neither perf nor strace can count them here'}


def _count(tool, said):
    for line in said.splitlines():
        words = line.split(',') if tool == 'perf' else line.split()
        if tool == 'perf' and 'sys_enter' in line and words[0].isdigit():
            return int(words[0])
        if tool == 'strace' and len(words) == 2 and words[1] == 'total':
            return int(words[0])
    return None


def memory(process, count):
    """Resident memory when idle, and its growth for each connection that made one request and
    then stays open."""
    peers = []

    def connect():
        peer = socket.create_connection(('127.0.0.1', process.port), 10)
        peers.append(peer)
        peer.sendall(GREETING)
        if not peer.recv(4096).startswith(b'HTTP/1.1 200'):
            raise ServerError('no proper answer with %d connections' % len(peers))

    try:
        idle = process.resident_bytes()
        for _ in range(50):  # what is allocated once is not counted
            connect()
        before = process.resident_bytes()
        for _ in range(count):
            connect()
        return {'resident': idle,
                'idle': {'bytes': (process.resident_bytes() - before) / count, 'count': count}}
    finally:
        for peer in peers:
            peer.close()
