"""What a comparison with Go counts: what is the same, what a known difference explains, and the failures."""

import collections
import pathlib
import re

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/DEVIATIONS.md"


class Tally:
    def __init__(self, known, verbose):
        """`known`: pairs of a name and a function that decides whether it explains a difference."""
        self.known, self.verbose = known, verbose
        self.used = collections.Counter()
        self.same = self.failures = 0

    def explains(self, difference, shown):
        """Whether a known difference explains this one, which then counts for its name."""
        name = next((name for name, explains in self.known if explains(difference)), None)
        if name is not None:
            self.count(name, shown)
        return name is not None

    def count(self, name, shown):
        self.used[name] += 1
        if self.verbose:
            print(f"{name}: {shown}")

    def finish(self, what, everything, timed=frozenset(), documented=True):
        """Prints the counts behind `what`; returns whether all is well: there is no failure; each name is an id of
        docs/DEVIATIONS.md, if they are `documented`; each was used, if `everything` was asked, but for those in
        `timed`."""
        print(f"{what}: {self.same} the same, {sum(self.used.values())} known differences, {self.failures} failures")
        for name, times in sorted(self.used.items()):
            print(f"  {name}: {times}")
        names = {name for name, _ in self.known}
        undocumented = names - set(re.findall(r"\bD-\d{3}\b", DOCUMENT.read_text())) if documented else set()
        stale = names - set(self.used) - timed if everything else set()
        for name in sorted(undocumented):
            print(f"{name} is not in docs/DEVIATIONS.md")
        for name in sorted(stale):
            print(f"{name} is no difference any more: nothing asked shows it")
        return not self.failures and not undocumented and not stale
