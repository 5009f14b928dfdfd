"""The servers that can be measured: how each is started, and what it cannot do.

A server gets a port and the file that /file serves. Its answers: GET / a short text, POST /echo
the request's body, GET /file the file. The floors do no HTTP: they answer with fixed bytes.
"""
import dataclasses
import os
import shutil

from . import paths

WELCOME = b'Welcome! Try /sse endpoint.'
FLOOR_TEXT = b'Hello, World!'
ECHO_BYTES = 1024
NO_ECHO = 'has no handler that echoes a body'
NO_FILE = 'a floor serves no files'
A_THREAD_EACH = 1000  # connections that a server with a thread for each is asked to hold


@dataclasses.dataclass(frozen=True)
class Server:
    """One entry of the table. `command(workspace, port)` gives what to exec; `program(workspace)`
    the file that must be there for it, and `get` how to come by it."""

    name: str
    what: str
    program: object
    command: object
    get: str
    floor: str = ''  # the floor to compare with: 'floor BACKEND'; 'echo floor BACKEND' for echo
    lacks: dict = dataclasses.field(default_factory=dict)  # scenario's need -> why not
    connections_max: int = 20000
    text: bytes = WELCOME
    only: str = ''  # the one scenario that it is for
    spread: bool = False  # over all cores, which it shares with the load generator

    def missing(self, workspace):
        """Why it cannot run here, or ''."""
        program = self.program(workspace)
        if program and os.access(program, os.X_OK):
            return ''
        return 'not here: ' + self.get


def _own(name):
    return lambda workspace: paths.program(workspace.bin, name)


def _peer(name):
    return lambda workspace: workspace.peers / 'bin' / name


def _system(name):
    path = os.pathsep.join((os.environ.get('PATH', os.defpath), '/usr/sbin', '/usr/local/sbin'))
    return lambda workspace: shutil.which(name, path=path)


def _floor(backend):
    program = _own('hon_floor_' + backend)
    return Server(
        name='floor ' + backend, what='fixed answer over %s, no HTTP' % backend, program=program,
        command=lambda w, port: [program(w), str(port)],
        get='build the release preset (./dev build)',
        lacks={'file': NO_FILE, 'echo': 'its fixed answer is none; see the echo floor'},
        text=FLOOR_TEXT)


def _echo_floor(backend):
    program = _own('hon_floor_' + backend)
    return Server(
        name='echo floor ' + backend, what='the body back over %s, no HTTP' % backend,
        program=program, command=lambda w, port: [program(w), '--echo', str(ECHO_BYTES), str(port)],
        get='build the release preset (./dev build)', only='echo')


def _hon(backend):
    program = _own('hon')
    return Server(
        name='hon ' + backend, what='this project over ' + backend, program=program,
        command=lambda w, port: [program(w), '--addr', '127.0.0.1:%d' % port, '--backend', backend,
                                 '--loops', '1', '--file', w.file],
        get='build the release preset (./dev build)', floor='floor ' + backend)


def _loops(count, backend):
    """This project over all cores, to see what more loops cost."""
    program = _own('hon')
    return Server(
        name='%d loop%s %s' % (count, 's' if count > 1 else '', backend), spread=True,
        what='this project over %s, on the cores of the load generator' % backend, program=program,
        command=lambda w, port: [program(w), '--addr', '127.0.0.1:%d' % port, '--backend', backend,
                                 '--loops', str(count), '--file', w.file],
        get='build the release preset (./dev build)')


def _flagged(name, what, program, get, **more):
    """A server that takes the program's own flags (hon --type NAME)."""
    return Server(name=name, what=what, program=program, get=get,
                  command=lambda w, port: [program(w), '--addr', '127.0.0.1:%d' % port,
                                           '--file', w.file, '--loops', '1'], **more)


def _built(name, what, needs, **more):
    """A peer from bench/peers that takes a port and a file."""
    program = _peer(name)
    return Server(name=name, what=what, program=program,
                  command=lambda w, port: [program(w), str(port), w.file],
                  get='bench/peers/build %s (needs %s)' % (name, needs), **more)


def _configured(name, workspace, port):
    """Fills in bench/peers/NAME/NAME.conf, in a folder of its own."""
    folder = workspace.folder / name
    (folder / 'root').mkdir(parents=True, exist_ok=True)
    (folder / 'root/index.txt').write_bytes(WELCOME)
    text = (paths.BENCH / 'peers' / name / (name + '.conf')).read_text()
    for word, value in (('PORT', port), ('FILE', workspace.file), ('FOLDER', folder)):
        text = text.replace(word, str(value))
    if name == 'h2o' and os.getuid() == 0:
        text += 'user: root\n'  # or it becomes nobody, who may not read FOLDER
    config = folder / (name + '.conf')
    config.write_text(text)
    return config


def _nginx():
    program = _system('nginx')
    return Server(name='nginx', what='nginx, one process', program=program,
                  command=lambda w, port: [program(w), '-p', w.folder, '-c',
                                           _configured('nginx', w, port)],
                  get='apt-get install nginx', lacks={'echo': NO_ECHO})


def _h2o():
    program = _system('h2o')
    return Server(name='h2o', what='h2o, one thread; "/" is a file', program=program,
                  command=lambda w, port: [program(w), '-c', _configured('h2o', w, port)],
                  get='apt-get install h2o', lacks={'echo': NO_ECHO})


def _httplib():
    program = _peer('httplib')
    return Server(name='httplib', what='cpp-httplib, a thread for each connection',
                  program=program,
                  command=lambda w, port: [program(w), str(port), w.file, str(A_THREAD_EACH + 200)],
                  get='bench/peers/build httplib (needs g++ and libcpp-httplib-dev)',
                  connections_max=A_THREAD_EACH)


GO = 'go, from golang-go or go.dev'
RUST = 'cargo, from cargo or rustup.rs'

SERVERS = [
    _floor('io_uring'), _echo_floor('io_uring'), _hon('io_uring'),
    _floor('epoll'), _echo_floor('epoll'), _hon('epoll'),
    _flagged('std', "Go's net/http", _peer('std'), 'bench/peers/build std (needs %s)' % GO),
    _flagged('hertz', 'Hertz (Go)', _peer('hertz'), 'bench/peers/build hertz (needs %s)' % GO),
    _built('fasthttp', 'fasthttp (Go)', GO),
    _nginx(),
    _h2o(),
    _built('hyper', 'hyper (Rust)', RUST),
    _built('actix', 'actix-web (Rust)', RUST),
    _built('ntex', 'ntex over io_uring (Rust)', RUST),
    _built('may', 'may_minihttp, stackful coroutines (Rust)', RUST),
    _flagged('beast', "this project's mux and handlers on Boost.Beast, a thread for each connection",
             _own('hon_beast'), 'build the release preset with libboost-dev',
             connections_max=A_THREAD_EACH),
    _built('beast_own', 'Boost.Beast in its own style, asynchronous', 'g++ and libboost-dev'),
    _httplib(),
    _built('libevent', "libevent's evhttp", 'g++ and libevent-dev'),
]
# Only where they are named: what they show has nothing to do with the others.
SCALING = [_loops(count, backend) for backend in ('io_uring', 'epoll') for count in (1, 2)]
BY_NAME = {server.name: server for server in SERVERS + SCALING}

# The servers that `./dev bench` measures without --full.
SHORT = ['floor io_uring', 'echo floor io_uring', 'hon io_uring', 'floor epoll',
         'echo floor epoll', 'hon epoll', 'std', 'hertz', 'fasthttp', 'nginx']
