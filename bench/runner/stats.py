"""Medians, spread, and when two figures may be called different."""
import dataclasses
import statistics

# The rule, as it is printed with every result.
RULE = ('Each figure is the median of the rounds; the spread is from the lowest round to the '
        'highest. Two figures are called different only when their medians lie further apart than '
        'half of both spreads together, no two rounds overlap, and the difference is at least '
        '2 %; anything else is noise and shown as "=". One round alone shows "?".')
DIFFERENCE_MIN = 0.02


@dataclasses.dataclass(frozen=True)
class Figure:
    """One measured quantity over the rounds."""

    rounds: tuple

    @property
    def median(self):
        return statistics.median(self.rounds)

    @property
    def low(self):
        return min(self.rounds)

    @property
    def high(self):
        return max(self.rounds)

    @property
    def spread(self):
        """From the lowest to the highest, as a share of the median."""
        return (self.high - self.low) / self.median if self.median else 0.0


def differ(a, b):
    """Whether the figures differ by more than noise (RULE). One round alone proves nothing."""
    if len(a.rounds) < 2 or len(b.rounds) < 2:
        return False
    apart = abs(a.median - b.median)
    overlap = a.low <= b.high and b.low <= a.high
    return (not overlap and apart > (a.high - a.low + b.high - b.low) / 2 and
            apart >= DIFFERENCE_MIN * min(a.median, b.median))


def ratio(a, b):
    """`a` in terms of `b`, as text: "1.52 x", "=" within the noise, "?" when one round alone
    cannot tell."""
    if min(len(a.rounds), len(b.rounds)) < 2:
        return '?'
    if not b.median or not differ(a, b):
        return '='
    return '%.2f x' % (a.median / b.median)
