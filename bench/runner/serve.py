"""`hon --type std|hertz|beast`: becomes that server, building it first where that is possible."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

from . import paths

TYPES = ('std', 'hertz', 'beast')
MISSING_GO = ('hon: --type %s is a Go program, and there is no Go here: install it (Debian, Ubuntu: '
              'apt-get install golang-go; macOS: brew install go; or from https://go.dev/dl) and '
              'start again')
MISSING_BEAST = ('hon: --type beast: hon_beast is not beside this program: install the headers of '
                 'Boost.Beast (Debian, Ubuntu: apt-get install libboost-dev; macOS: brew install '
                 'boost) and build the release preset again (./dev build)')


def program_of(name, bin_folder):
    """The program of the type, built if need be; None, having said why on stderr."""
    if name == 'beast':
        program = paths.program(bin_folder, 'hon_beast')
        if not program.is_file():
            print(MISSING_BEAST, file=sys.stderr)
            return None
        return program
    program = paths.peers() / 'bin' / name
    if not program.is_file():
        if shutil.which('go') is None:
            print(MISSING_GO % name, file=sys.stderr)
            return None
        if not (paths.BENCH / 'peers/build').is_file():
            print('hon: --type %s is built by the source tree, which is not installed' % name, file=sys.stderr)
            return None
        built = subprocess.run([paths.BENCH / 'peers/build', name], stdout=sys.stderr, check=False,
                               env=dict(os.environ, HON_PEERS=str(paths.peers())))
        if built.returncode != 0 or not program.is_file():
            print('hon: could not build --type %s' % name, file=sys.stderr)
            return None
    return program


def main(arguments):
    parser = argparse.ArgumentParser(prog='run serve', description=__doc__)
    parser.add_argument('type', choices=TYPES)
    parser.add_argument('--bin', type=pathlib.Path, default=paths.default_bin())
    args, flags = parser.parse_known_args(arguments)
    program = program_of(args.type, args.bin)
    if program is None:
        return 1
    os.execv(program, [str(program)] + flags)
