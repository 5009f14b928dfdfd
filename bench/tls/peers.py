"""Servers over TLS for the programs in here: ours, nginx, Go's, h2o, Boost.Beast and hyper, each with one loop or
worker, on the same certificate and the same files. A server that is not installed is left out."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/support")]
import harness  # noqa: E402
from ports import free_port, listens  # noqa: E402

KEYS = {"ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}
GO = """
package main

import ("net/http"; "os")

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("hello")) })
	http.Handle("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir(os.Args[4]))))
	panic(http.ListenAndServeTLS("127.0.0.1:"+os.Args[1], os.Args[2], os.Args[3], nil))
}
"""


class Server:
    def __init__(self, port, pid, small):
        self.port, self.pid, self.small = port, pid, small

    @property
    def pids(self):
        """The process and its children: nginx starts its worker when it listens already."""
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def cpu_seconds(self):
        """Of the threads that are there: to the nanosecond, where the process's own time has ticks of 10 ms."""
        total = 0
        for pid in self.pids:
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def rss_bytes(self):
        return sum(int(line.split()[1]) * 1024 for pid in self.pids
                   for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                   if line.startswith("VmRSS:"))


def make_pair(folder, kind):
    cert, key = str(folder / "cert"), str(folder / "key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", *KEYS[kind], "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


@contextlib.contextmanager
def running(command, port, small, **options):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        if not harness.wait_until(lambda: listens(port), 30):
            sys.exit(f"{command[0]} did not start")
        yield Server(port, process.pid, small)
    finally:
        process.terminate()
        process.wait(10)


def start_hon(stack, cert, key, files, backend):
    flags = ("--tls-addr", "127.0.0.1:0", "--cert", cert, "--key", key, "--files", files)
    server = stack.enter_context(harness.Server(*flags, loops=1, backend=backend))
    return Server(server.tls_port, server.pid, "/echo-marker")


def start_nginx(stack, folder, cert, key, files):
    port = free_port()
    temp = "".join(f"{name}_temp_path {folder}/{name}; " for name in
                   ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; events {{ worker_connections 20000; }} http {{ "
        f"access_log off; sendfile on; keepalive_requests 100000000; keepalive_timeout 600; {temp} server {{ "
        f"listen 127.0.0.1:{port} ssl; ssl_certificate {cert}; ssl_certificate_key {key}; "
        f"ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets on; "
        f"location /files/ {{ alias {files}/; }} location / {{ return 200 hello; }} }} }}")
    command = [shutil.which("nginx"), "-c", str(folder / "nginx.conf"), "-e", str(folder / "log")]
    return stack.enter_context(running(command, port, "/"))


def start_go(stack, folder, cert, key, files):
    port = free_port()
    (folder / "main.go").write_text(GO)
    environment = os.environ | {"GOTOOLCHAIN": "local", "GOMAXPROCS": "1"}
    subprocess.run([shutil.which("go"), "build", "-o", str(folder / "go"), str(folder / "main.go")], check=True,
                   env=environment)
    return stack.enter_context(running([str(folder / "go"), str(port), cert, key, files], port, "/",
                                       env=environment))


def start_h2o(stack, folder, cert, key, files):
    port = free_port()
    (folder / "small").mkdir()
    (folder / "small/index.html").write_text("hello")
    (folder / "h2o.conf").write_text(
        f"num-threads: 1\nuser: {'root' if os.getuid() == 0 else os.environ.get('USER', '')}\n"
        f"listen:\n  host: 127.0.0.1\n  port: {port}\n  ssl:\n    certificate-file: {cert}\n    key-file: {key}\n"
        f"http1-request-timeout: 600\nmax-connections: 20000\nhosts:\n  default:\n    paths:\n"
        f"      /files:\n        file.dir: {files}\n      /:\n        file.dir: {folder}/small\n")
    return stack.enter_context(running([shutil.which("h2o"), "-c", str(folder / "h2o.conf")], port, "/"))


def built_peer(name):
    """Where the program of bench/peers is, or would be."""
    return pathlib.Path(os.environ.get("HON_PEERS", ROOT / "build/peers"), "bin", name)


def peer(name):
    """The program of bench/peers, built where it is not; None where it cannot be built."""
    program = built_peer(name)
    environment = os.environ | {"HON_PEERS": str(program.parents[1])}
    built = subprocess.run([str(ROOT / "bench/peers/build"), name], check=False, env=environment)
    return str(program) if built.returncode == 0 else None


def start_beast(stack, _folder, cert, key, files):
    """None where the compiler finds no Beast."""
    program, port = peer("beast_own"), free_port()
    if program is None:
        return None
    return stack.enter_context(running([program, str(port), f"{files}/one", cert, key], port, "/"))


def start_hyper(stack, _folder, cert, key, files):
    """None where it is not built: cargo fetches it (`bench/peers/build hyper`)."""
    program, port = built_peer("hyper"), free_port()
    if not program.exists():
        return None
    return stack.enter_context(running([str(program), str(port), files, cert, key], port, "/"))


@contextlib.contextmanager
def servers(kind, backends=("epoll",), files=None):
    """Starts what is there: (name -> Server, path of the certificate). `files` are served as /files/."""
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile()))
        files = str(files or folder)
        cert, key = make_pair(folder, kind)
        found = {}
        for backend in backends:
            found["hon" if len(backends) == 1 else "hon " + backend] = start_hon(stack, cert, key, files, backend)
        for name, start in (("nginx", start_nginx), ("go", start_go), ("h2o", start_h2o)):
            if shutil.which(name):
                found[{"go": "Go"}.get(name, name)] = start(stack, folder, cert, key, files)
        if beast := start_beast(stack, folder, cert, key, files):
            found["Beast"] = beast
        if hyper := start_hyper(stack, folder, cert, key, files):
            found["hyper"] = hyper
        yield found, cert


@contextlib.contextmanager
def tempfile():
    import tempfile as files
    with files.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # nginx's worker may be another user
        yield folder
