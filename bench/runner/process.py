"""One running server: started on its cores, watched through /proc, ended."""
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tests/support'))
from ports import free_port  # noqa: E402

TICKS_PER_SECOND = os.sysconf('SC_CLK_TCK')
START_SECONDS_MAX = 20


def cores():
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0))


def pin(*allowed):
    """For subprocess: runs in the child, before the program, and gives it these cores."""
    def in_child():
        os.sched_setaffinity(0, allowed)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return in_child


class ServerError(Exception):
    """A server that does not start, stops, or answers wrongly."""


class Process:
    """A server's process and those that it started."""

    def __init__(self, server, workspace):
        self.port = free_port()
        # The load generator has the last core, or all cores too.
        self.load_cores = cores() if server.spread else cores()[-1:]
        self.command = [str(part) for part in server.command(workspace, self.port)]
        self._log = open(workspace.folder / 'server.log', 'w+b')
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            start_new_session=True, preexec_fn=pin(*(cores() if server.spread else cores()[:1])))
        self.pid = self._process.pid
        self._wait_until_it_listens()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _wait_until_it_listens(self):
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return
            except OSError:
                time.sleep(0.01)
        self._log.seek(0)
        said = self._log.read(2000).decode(errors='replace').strip()
        self.stop()
        raise ServerError('does not start: %s' % (said or 'it said nothing'))

    def tree(self):
        """The process id of the server and those of its children."""
        found, todo = [], [self.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            try:
                for thread in os.listdir('/proc/%d/task' % pid):
                    with open('/proc/%d/task/%s/children' % (pid, thread)) as children:
                        todo += [int(child) for child in children.read().split()]
            except OSError:
                pass  # it ended meanwhile
        return found

    def cpu(self):
        """CPU seconds so far, user and system. The sum is exact (the process's CPU clock counts
        nanoseconds, and threads that have ended); the kernel samples how it divides."""
        user = system = 0.0
        for pid in self.tree():
            try:
                exact = time.clock_gettime(~pid << 3 | 2)  # clock_getcpuclockid(3)
                with open('/proc/%d/stat' % pid) as stat:
                    fields = stat.read().rsplit(')', 1)[1].split()
            except OSError:
                continue
            ticks = [int(fields[11]), int(fields[12])]
            share = ticks[0] / sum(ticks) if sum(ticks) else 0.5
            user += exact * share
            system += exact * (1 - share)
        return user, system

    def resident_bytes(self):
        total = 0
        for pid in self.tree():
            with open('/proc/%d/status' % pid) as status:
                total += int(re.search(r'VmRSS:\s+(\d+)', status.read()).group(1)) * 1024
        return total

    def stop(self):
        for how, patience in ((signal.SIGTERM, 3), (signal.SIGKILL, 10)):
            for pid in reversed(self.tree()):
                try:
                    os.kill(pid, how)
                except ProcessLookupError:
                    pass
            try:
                self._process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        self._log.close()
