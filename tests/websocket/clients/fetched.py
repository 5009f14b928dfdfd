"""The packages of the clients, fetched once from their registries into the build folder."""

import contextlib
import fcntl
import pathlib
import shutil
import subprocess
import sys

import harness

HERE = pathlib.Path(__file__).resolve().parent
FETCH_SECONDS_MAX = 120


@contextlib.contextmanager
def _alone(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(folder, pins, command):
    """Runs `command` in `folder`, unless it did so for these pins before."""
    with _alone(folder):
        done = folder / ".fetched"
        text = "".join((HERE / pin).read_text(encoding="utf-8") for pin in pins)
        if done.exists() and done.read_text(encoding="utf-8") == text:
            return
        for pin in pins:
            shutil.copy(HERE / pin, folder / pin)
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True,
                           timeout=FETCH_SECONDS_MAX)
        except (OSError, subprocess.SubprocessError) as error:
            output = getattr(error, "stderr", None) or b""
            harness.skip_all(f"{command[0]} could not fetch {pins[0]}: {error} {output.decode()[-300:]}")
        done.write_text(text, encoding="utf-8")


def python_packages(bin_dir):
    """A folder for sys.path."""
    folder = pathlib.Path(bin_dir).resolve().parent / "websocket_clients" / "python"
    _fetch(folder, ["requirements.txt"],
           [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--target", "packages", "-r", "requirements.txt"])
    return folder / "packages"


def node_modules(bin_dir):
    """A folder that holds node_modules."""
    if not shutil.which("npm") or not shutil.which("node"):
        harness.skip_all("no node here")
    folder = pathlib.Path(bin_dir).resolve().parent / "websocket_clients" / "node"
    _fetch(folder, ["package.json", "package-lock.json"],
           ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"])
    return folder
