"""The requests that both servers are asked: for each line of the contract that shows on the wire
the group that shows it, and mutations of all of them. docs/CONTRACT.md names the groups."""

import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import corpus_answers
import corpus_content
import corpus_hostile
import corpus_requests
import corpus_routing
from bad_requests import BAD_BODIES, BAD_HEADS, GOOD_REQUESTS
from case import Case


def tables():
    """Requests of the tests over the wire that only our server gets."""
    for name, _, wire, _ in BAD_HEADS + BAD_BODIES + GOOD_REQUESTS:
        yield Case(name, wire)


INSERTS = [b" ", b"\t", b"\r", b"\n", b"\r\n", b"\0", b"\x80", b"\x7f", b":", b",", b";", b"/", b"%", b"0", b"1",
           b"a", b"-", b"+", b"\x0b", b"chunked", b"\r\n\r\n", b"Content-Length: 1\r\n",
           b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n"]


def damage(wire, dice):
    at = dice.randrange(len(wire))
    what = dice.randrange(5)
    if what == 0:
        del wire[at]
    elif what == 1:
        wire[at:at] = dice.choice(INSERTS)
    elif what == 2:
        wire[at] = dice.choice(INSERTS)[0]
    else:
        lines = bytes(wire).split(b"\r\n")
        line = dice.randrange(len(lines))
        if what == 3:
            lines.insert(line, lines[line])
        else:
            del lines[line]
        wire[:] = b"\r\n".join(lines)
    return wire or bytearray(b"x")


def mutations(cases, count, seed):
    """`count` of the cases, each damaged in one to three places."""
    dice = random.Random(seed)
    small = [case for case in cases if len(case.wire) < 600 and not case.patient]
    for i in range(count):
        case = dice.choice(small)
        wire = bytearray(case.wire)
        for _ in range(dice.choice((1, 1, 2, 3))):
            wire = damage(wire, dice)
        yield Case(f"{i} of {case.name}", bytes(wire))


def all_groups(modified, mutated, seed):
    """(name, cases) of every group. `modified` is the Last-Modified of every file."""
    groups = []
    for module in (corpus_requests, corpus_answers, corpus_routing, corpus_content, corpus_hostile):
        for group in module.GROUPS:
            wants = {"modified": modified} if group.__code__.co_argcount else {}
            groups.append((group.__name__, list(group(**wants))))
    groups.append(("tables", list(tables())))
    plain = [case for _, cases in groups for case in cases]
    for name, cases in groups:
        for case in cases:
            case.about_reading = name == "tables" or name in {group.__name__ for group in corpus_requests.GROUPS}
    groups.append(("mutations", list(mutations(plain, mutated, seed))))
    return groups
