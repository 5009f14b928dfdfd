"""Where things are: in the source tree, or installed."""
import os
import pathlib
import tempfile

BENCH = pathlib.Path(__file__).resolve().parents[1]
ROOT = BENCH.parent
IN_SOURCE_TREE = (ROOT / 'CMakeLists.txt').is_file()


def default_bin():
    """Where the project's own programs are when `--bin` does not say it."""
    return ROOT / 'build/release/bin' if IN_SOURCE_TREE else BENCH.parents[2] / 'bin'


def peers():
    """Where the peers are built: $HON_PEERS, build/peers, or the user's cache."""
    if 'HON_PEERS' in os.environ:
        return pathlib.Path(os.environ['HON_PEERS']).resolve()
    if IN_SOURCE_TREE:
        return ROOT / 'build/peers'
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return pathlib.Path(cache) / 'hon/peers'


def default_out():
    """Where results go."""
    return ROOT / 'docs/benchmarks' if IN_SOURCE_TREE else pathlib.Path('hon-bench').resolve()


def program(bin_folder, name):
    """A program of the project; the floors are installed in libexec/hon."""
    for folder in (bin_folder, bin_folder.parent / 'libexec/hon'):
        if (folder / name).is_file():
            return folder / name
    return bin_folder / name


class Workspace:
    """The files that the servers of one run share: a folder for configurations, and the served file."""

    FILE_BYTES = 1 << 20

    def __init__(self, bin_folder):
        self.bin = pathlib.Path(bin_folder).resolve()
        self.peers = peers()
        self._temporary = tempfile.TemporaryDirectory(prefix='hon-bench-')
        self.folder = pathlib.Path(self._temporary.name)
        self.file = self.folder / 'file.bin'
        # Not compressible, and every megabyte run has the same one.
        line = bytes((i * 167 + i // 256 * 89) % 256 for i in range(65536))
        self.file.write_bytes(line * (self.FILE_BYTES // len(line)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._temporary.cleanup()
