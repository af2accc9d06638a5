"""The tables of docs/protocol.md, written from the tables that the program runs by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.authorize import BUYER, DSP, SHOWS, TRADERS
from connector.api.authorize import PROVIDER as PROVIDER_ROLE
from connector.api.faults import REFUSALS
from connector.negotiation.protocol import errors
from connector.negotiation.protocol.messages import BEGINNINGS, PATHS
from connector.negotiation.protocol.states import CONSUMER, FINAL, NEXT, PROVIDER, STATES, turn
from connector.operation.signaling.states import MOVES, PREPARED, STARTED, SUSPENDED
from connector.runtime.errors import AddressRefused, PeerUnreachable, RequestRefused, VerificationFailed
from connector.runtime.fault_table import ROWS, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.api.authorize import Route

PREFIX = "/dsp"
SERVED = {PROVIDER_ROLE: PROVIDER, BUYER: CONSUMER, TRADERS: "both", SHOWS: f"{PROVIDER}, exchange"}
# what a message can meet here that is no fault of the protocol alone
WIDER = (AddressRefused, VerificationFailed, PeerUnreachable)


def endpoints() -> str:
    """Return every route of the protocol: who serves it, what it takes from whom."""
    rows = [(f"`{route.method} {_path(route)}`", SERVED[route.roles], *_takes(route)) for route in DSP]
    return table(("endpoint", "served by", "takes", "from"), rows)


def cells(process: str) -> str:
    """Return the table of states of a process."""
    rows = []
    for state in STATES[process]:
        legal = [
            (message, sender, to) for (of, at, message, sender), to in NEXT.items() if (of, at) == (process, state)
        ]
        ways: dict[tuple[str, str], list[str]] = {}
        for message, sender, to in legal:
            ways.setdefault((message, to), []).append(sender)
        told = [
            f"`{message}` of {'either' if len(who) > 1 else f'the {who[0]}'} → {to}"
            for (message, to), who in ways.items()
        ]
        whose = turn(process, state) or "–"
        rows.append((state or "(none)", whose, "; ".join(told) if state not in FINAL else "nothing: this is the end"))
    return table(("state", "whose turn", "what may come, and where it leads"), rows)


def refusals() -> str:
    """Return every answer that says no: status, code, when."""
    own = [(kind.status, kind.code, _sentence(kind)) for kind in errors.ProtocolError.__subclasses__()]
    http = [(status, code, text) for status, (code, text, _) in REFUSALS.items()]
    http += [(row.status, row.code, f"{row.code.replace('-', ' ')}: {row.hint}") for row in _limits()]
    wider = [(ROWS[_name(kind)].status, ROWS[_name(kind)].code, _sentence(kind)) for kind in WIDER]
    known = sorted(own + http + wider, key=lambda row: row[0])
    rows = [(str(status), f"`{code}`", when) for status, code, when in known]
    return table(("status", "code", "when"), rows)


def _path(route: Route) -> str:
    return route.path.removeprefix(PREFIX)


def _takes(route: Route) -> tuple[str, str]:
    """Return the message of a route, by both its names, and who sends it."""
    path = _path(route)
    found = [key for of in (BEGINNINGS, PATHS) for key, at in of.items() if at == path]
    if not found:
        return route.kind or "–", "anybody proven" if path.startswith("/catalog") else "its peer"
    said = [(f"`{message}`", _sender(process, message)) for process, message in found]
    return f"{route.kind} ({', '.join(name for name, _ in said)})", ", ".join(dict.fromkeys(who for _, who in said))


def _sender(process: str, message: str) -> str:
    found = {sender for (of, _, name, sender) in NEXT if (of, name) == (process, message)}
    return "either" if len(found) > 1 else next(iter(found))


def _limits() -> list[Row]:
    """Return the rows of what is refused for its size, its time or its number."""
    return [row for name, row in ROWS.items() if name.startswith(_name(RequestRefused) + "#")]


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__name__}"


def _sentence(kind: type) -> str:
    said = (kind.__doc__ or "").strip().split("\n", 1)[0].rstrip(".")
    return said[0].lower() + said[1:]


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    body = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([body[0], "|" + "---|" * len(lines[0]), *body[1:]])


def flows() -> str:
    """Return which message moves a data flow where: a column for each state."""
    told = [PREPARED, STARTED, SUSPENDED]
    head = f"| | {' | '.join(told)} |\n|---|{'---|' * len(told)}"
    cells = {message: " | ".join(moves.get(one, "–") for one in told) for message, moves in MOVES.items()}
    rows = [f"| `{message}` | {moves} |" for message, moves in cells.items()]
    return "\n".join([head, *rows])
