"""The load generators: wrk, and the project's own hon_load. Both run on the last core, or on
those of a server that has all."""
import json
import re
import shutil
import subprocess

from . import paths
from .process import ServerError, pin

MICROSECONDS = {'us': 1.0, 'ms': 1e3, 's': 1e6, 'm': 60e6, 'h': 3600e6}
BYTES = {'B': 1, 'KB': 1 << 10, 'MB': 1 << 20, 'GB': 1 << 30}
NO_WRK = ('wrk is not here: install it (Debian, Ubuntu: apt-get install wrk; macOS: brew install '
          'wrk)')

SCRIPT = '''
local all
init = function()
  local one = %s
  all = one:rep(%d)
end
request = function() return all end
'''


def missing(workspace):
    """The missing load generators, as a sentence; '' for none."""
    if shutil.which('wrk') is None:
        return NO_WRK
    if not paths.program(workspace.bin, 'hon_load').is_file():
        return 'hon_load is not in %s: build the release preset (./dev build)' % workspace.bin
    return ''


def _script(scenario, workspace):
    """The Lua file for what wrk cannot be told by flags, or None."""
    if scenario.pipeline == 1 and not scenario.post_bytes:
        return None
    one = 'wrk.format()'
    if scenario.post_bytes:
        one = 'wrk.format("POST", nil, nil, ("x"):rep(%d))' % scenario.post_bytes
    path = workspace.folder / (scenario.key + '.lua')
    path.write_text(SCRIPT % (one, scenario.pipeline))
    return path


def wrk_command(scenario, port, seconds, workspace):
    command = ['wrk', '-t1', '-c%d' % scenario.connections, '-d%ds' % seconds, '--latency']
    script = _script(scenario, workspace)
    if script:
        command += ['-s', str(script)]
    return command + ['http://127.0.0.1:%d%s' % (port, scenario.path)]


def load_command(scenario, port, seconds, rate, workspace):
    command = [str(paths.program(workspace.bin, 'hon_load')), '--port', str(port), '--wait',
               '--connections', str(scenario.connections), '--seconds', '%g' % seconds,
               '--path', scenario.path]
    if scenario.close:
        command.append('--close')
    if rate:
        command += ['--rate', '%g' % rate]
    return command


def run(scenario, process, seconds, rate, workspace):
    """Loads the server; what it answered, and the CPU that it took for that."""
    if scenario.tool == 'wrk':
        return _run_wrk(scenario, process, seconds, workspace)
    return _run_own(scenario, process, seconds, rate, workspace)


def _spent(before, after):
    return {'user': after[0] - before[0], 'system': after[1] - before[1]}


def _run_wrk(scenario, process, seconds, workspace):
    command = wrk_command(scenario, process.port, seconds, workspace)
    before = process.cpu()
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          preexec_fn=pin(*process.load_cores))
    result = parse_wrk(done.stdout)
    result.update(_spent(before, process.cpu()))
    return result


def _run_own(scenario, process, seconds, rate, workspace):
    command = load_command(scenario, process.port, seconds, rate, workspace)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True,
                          preexec_fn=pin(*process.load_cores)) as generator:
        if generator.stdout.readline() != 'ready\n':
            raise ServerError(generator.stderr.read().strip() or 'hon_load does not start')
        before = process.cpu()
        generator.stdin.write('\n')
        generator.stdin.flush()
        line = generator.stdout.readline()
        spent = _spent(before, process.cpu())
        generator.stdin.close()
    told = json.loads(line)
    if not told['requests'] or told['errors'] > told['requests'] / 1000:
        raise ServerError('%d answers and %d errors' % (told['requests'], told['errors']))
    result = {'requests': told['requests'], 'rate': told['requests'] / told['seconds'],
              'transfer': told['bytes'] / told['seconds'], 'unanswered': told['unanswered']}
    result.update({key: told[key] for key in ('mean', 'p50', 'p99', 'p999')})
    result.update(spent)
    return result


def parse_wrk(text):
    """The figures of wrk: requests, requests per second, bytes per second, latencies in microseconds."""
    failed = re.search(r'Non-2xx[^\n]*|Socket errors[^\n]*', text)
    requests = re.search(r'(\d+) requests in', text)
    errors = sum(int(n) for n in re.findall(r'(?:connect|read|write|timeout|responses:?) (\d+)',
                                            failed.group() if failed else ''))
    if not requests or not int(requests.group(1)) or errors > int(requests.group(1)) / 1000:
        raise ServerError(failed.group() if failed else 'wrk got no answer: %r' % text[-200:])

    def time_of(pattern):
        value, unit = re.search(pattern + r'\s+([\d.]+)(us|ms|s|m|h)', text).groups()
        return float(value) * MICROSECONDS[unit]

    transfer, unit = re.search(r'Transfer/sec:\s+([\d.]+)([KMG]?B)', text).groups()
    return {'requests': int(requests.group(1)),
            'rate': float(re.search(r'Requests/sec:\s+([\d.]+)', text).group(1)),
            'transfer': float(transfer) * BYTES[unit], 'mean': time_of('Latency'),
            'p50': time_of('50%'), 'p99': time_of('99%')}
