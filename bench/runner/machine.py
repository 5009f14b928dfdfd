"""The description of the machine in a result."""
import datetime
import os
import platform
import re
import subprocess

from . import paths
from .process import cores


def _first(path, pattern):
    try:
        with open(path) as file:
            match = re.search(pattern, file.read(), re.M)
            return match.group(1).strip() if match else ''
    except OSError:
        return ''


def _said(*command):
    """The first line that a command prints, or ''."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else ''


def _pinned(path, pattern):
    try:
        match = re.search(pattern, (paths.BENCH / 'peers' / path).read_text(), re.M)
    except OSError:
        return ''
    return match.group(1) if match else ''


def versions(workspace):
    """Name to version of the servers and tools, without those that are not here."""
    hon = paths.program(workspace.bin, 'hon')
    found = {
        'hon': re.sub(r'^hon ', '', _said(str(hon), '--version')),
        'wrk': re.sub(r'^wrk (\S+).*', r'\1', _said('wrk', '-v')),
        'Go (std)': re.sub(r'^go version go(\S+).*', r'\1', _said('go', 'version')),
        'hertz': _pinned('hertz/go.mod', r'hertz v(\S+)'),
        'fasthttp': _pinned('fasthttp/go.mod', r'fasthttp v(\S+)'),
        'rustc': re.sub(r'^rustc (\S+).*', r'\1', _said('rustc', '--version')),
        'nginx': re.sub(r'.*nginx/(\S+).*', r'\1', _said('nginx', '-v')),
        'h2o': re.sub(r'^h2o version (\S+).*', r'\1', _said('h2o', '--version')),
        'g++': re.sub(r'^.*\s(\S+)$', r'\1', _said('g++', '--version')),
        'Boost': _first('/usr/include/boost/version.hpp', r'BOOST_LIB_VERSION "([\d_]+)"'),
        'cpp-httplib': _first('/usr/include/httplib.h', r'CPPHTTPLIB_VERSION "([^"]+)"'),
        'libevent': _said('pkg-config', '--modversion', 'libevent'),
    }
    for crate, folder in (('hyper', 'hyper'), ('actix-web', 'actix'), ('ntex', 'ntex'),
                          ('may_minihttp', 'may')):
        found[crate] = _pinned(folder + '/Cargo.toml', r'^%s = .*?"=([^"]+)"' % crate)
    return {name: version for name, version in found.items() if version}


def describe(workspace):
    memory = _first('/proc/meminfo', r'MemTotal:\s+(\d+)')
    return {
        'date': datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M UTC'),
        'processor': _first('/proc/cpuinfo', r'^model name\s*:\s*(.*)$') or platform.machine(),
        'cores': len(cores()),
        'memory_gib': round(int(memory) / (1 << 20), 1) if memory else None,
        'kernel': '%s %s' % (platform.system(), platform.release()),
        'system': _first('/etc/os-release', r'^PRETTY_NAME="?([^"\n]*)'),
        'load_before': round(os.getloadavg()[0], 2),
        'versions': versions(workspace),
    }
