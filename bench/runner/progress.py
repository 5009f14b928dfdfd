"""The progress of a run: a bar on a terminal, a line for each server elsewhere."""
import sys
import time

WIDTH = 28


class Progress:
    """Counts cells up to `total`."""

    def __init__(self, total):
        self._total = max(1, total)
        self._done = 0
        self._out = sys.stderr
        self._begin = time.monotonic()
        self._label = ''

    def server(self, round_number, rounds, name):
        self._label = 'round %d of %d: %s' % (round_number, rounds, name)
        if not self._out.isatty():
            print(self._label, file=self._out, flush=True)

    def cell(self, what):
        """A cell begins."""
        if self._out.isatty():
            self._draw('%s, %s' % (self._label, what))

    def done(self, count=1):
        self._done += count

    def say(self, text):
        if self._out.isatty():
            self._out.write('\r\x1b[K')
        print(text, file=self._out, flush=True)

    def finish(self):
        if self._out.isatty():
            self._out.write('\r\x1b[K')
            self._out.flush()

    def _draw(self, text):
        share = min(1.0, self._done / self._total)
        spent = time.monotonic() - self._begin
        left = ''
        if share > 0.02:
            seconds = int(spent / share - spent)
            left = '  %d:%02d left' % (seconds // 60, seconds % 60)
        full = int(share * WIDTH)
        line = '[%s%s] %3d %%%s  %s' % ('#' * full, '.' * (WIDTH - full), share * 100, left, text)
        self._out.write('\r\x1b[K' + line[:110])
        self._out.flush()
