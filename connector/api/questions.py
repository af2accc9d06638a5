"""The questions that a body asks of data that stay where they are, by its members: a row each.

Law: a body has the members of one row, each of its kind, or is refused before anything is looked up.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from connector.compute import cpu
from connector.compute.assented import Assented
from connector.compute.cross_table import Cells
from connector.compute.crossed import over
from connector.compute.engine.attached import Attached
from connector.compute.epsilon import typed
from connector.compute.fitting import Groups
from connector.compute.lesson import LABELS, Match, Rows, Step
from connector.compute.matched import Matched
from connector.compute.program import BLOCKS, Program, Tells
from connector.compute.sketch import Sketch
from connector.compute.sought import Sought
from connector.compute.together import Together
from connector.runtime.errors import InvalidInput
from contracts import assent, signature
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.reader_report import NONCE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.provider.computing.asked import About

    Said = Mapping[str, Any]


def read(said: Any) -> tuple[str, About | None]:
    """Return what a body asks in words, and what it is of where that is no statement; raises InvalidInput."""
    members = frozenset(said) if isinstance(said, dict) else frozenset[str]()
    reads = READS.get(members)
    if reads is None:
        raise InvalidInput("a question has an `id` and a `statement`, or an `id`, a `table` and blinded keys")
    if odd := next((name for name in TEXTS if not isinstance(said.get(name, ""), str)), None):
        raise InvalidInput(f"`{odd}` is a text")
    return reads(said)


def taken_back(said: Any) -> str | None:
    """Return the id under which a body takes back what was asked, None where it asks something."""
    if not isinstance(said, dict) or set(said) != {"id", "cancel"}:
        return None
    if not isinstance(said["id"], str) or said["cancel"] is not True:
        raise InvalidInput("what is asked under an `id` is cancelled by `cancel`, true")
    return said["id"]


def epsilon(said: Said) -> int | None:
    """Return the ε that a body asks to be answered with, in hundredths, None for the usual one; raises InvalidInput."""
    return typed(said.get(EPSILON))


def tenths(said: Said) -> int | None:
    """Return the tenths of CPU seconds that an answer may take, None where nothing is said; raises InvalidInput."""
    return cpu.typed(said.get(AT_MOST))


def nonce(said: Said) -> str:
    """Return the buyer's number that an attested answer is of, empty where there is none; raises InvalidInput."""
    if NONCE not in said:
        return ""
    try:
        return read_hex(said[NONCE], NONCE, NONCE_BYTES).hex()
    except ContractError as fault:
        raise InvalidInput(str(fault)) from fault


def _statement(said: Said) -> tuple[str, None]:
    return said["statement"], None


def _groups(said: Said) -> tuple[str, Groups]:
    groups = Groups(tuple(map(_base64, _listed(said["groups"]))), said["table"])
    return groups.statement(), groups


def _sought(said: Said) -> tuple[str, Sought]:
    points, buckets = map(_base64, _listed(said["points"])), _listed(said["buckets"], int)
    sought = Sought(tuple(points), tuple(buckets), said["table"])
    return sought.statement(), sought


def _matched(said: Said) -> tuple[str, Matched]:
    points, buckets = map(_base64, _listed(said["points"])), _listed(said["buckets"], int)
    matched = Matched(said["of"], tuple(points), tuple(buckets), said["table"])
    return matched.statement(), matched


def _cells(said: Said) -> tuple[str, Cells]:
    cells = Cells(said["statement"], over(said["over"]))
    return cells.words(), cells


def _together(said: Said) -> tuple[str, Together]:
    signatures = said.get("signatures")
    if not isinstance(signatures, dict | None):
        raise InvalidInput("`signatures` is an object: DID → what it has signed")
    signed = None if signatures is None else {did: _hex(one) for did, one in signatures.items()}
    return "", Together(tuple(_listed(said["members"])), signed)


def _program(said: Said) -> tuple[str, Program]:
    code, run = _base64(said["program"]), _run(said)
    program = Program(*run, code=code)
    return program.words(), program


def _assented(said: Said) -> tuple[str, Assented]:
    program = Program(*_run({**said, "blocks": BLOCKS}), code=_base64(said["program"]))
    try:
        assented = Assented(program, assent.signed_from_json(said["assent"]))
        return assented.words(), assented
    except ContractError as fault:
        raise InvalidInput(f"the assent cannot be read: {fault}", "penstock program assent writes one") from fault


def _engine(said: Said) -> tuple[str, Attached]:
    attached = Attached(*_run(said), engine=said["engine"])
    return attached.words(), attached


def _run(said: Said) -> tuple[str, tuple[Tells, ...], tuple[Any, ...], int]:
    """Return the rows, what is told of them, the parameters and the blocks of what is run."""
    told, blocks = said["tells"], said["blocks"]
    if not isinstance(told, list) or not all(isinstance(one, list) and len(one) == 3 for one in told):
        raise InvalidInput("`tells` is a list of a name, a least and a greatest number each")
    if not isinstance(said["parameters"], list) or type(blocks) is not int:
        raise InvalidInput("`parameters` are a list of numbers, and `blocks` is a whole number")
    return said["statement"], tuple(Tells(*one) for one in told), tuple(said["parameters"]), blocks


def _sketch(said: Said) -> tuple[str, Sketch]:
    bounds, buckets = _bounds(said["bounds"]), said["buckets"]
    if type(buckets) is not int:
        raise InvalidInput("`buckets` is a whole number")
    sketch = Sketch(said["statement"], bounds, said["salt"], buckets)
    return sketch.words(), sketch


def _match(said: Said) -> tuple[str, Match]:
    groups, rounds = list(map(_base64, _listed(said["groups"]))), said["rounds"]
    if len(groups) != LABELS or type(rounds) is not int:
        raise InvalidInput("`groups` are the keys of both labels, and `rounds` is a whole number")
    rows = Rows(said["statement"], _bounds(said["bounds"]))
    match = Match(rows, (groups[0], groups[1]), _base64(said["base"]), rounds)
    return match.words(), match


def _step(said: Said) -> tuple[str, Step]:
    if not isinstance(said["weights"], list):
        raise InvalidInput("`weights` are a list of numbers")
    rows, weights = Rows(said["statement"], _bounds(said["bounds"])), tuple(said["weights"])
    public, sealed, proofs = (_base64(said[name]) for name in ("public", "sealed", "proofs"))
    step = Step(rows, said["match"], public, weights, sealed, proofs)
    return step.words(), step


EPSILON, AT_MOST, NONCE = "epsilon", "atMost", "nonce"
TEXTS: Final = ("id", "statement", "table", "of", "salt", "match", "engine", EPSILON, AT_MOST, NONCE)
READS: Final[Mapping[frozenset[str], Callable[[Said], tuple[str, About | None]]]] = {
    frozenset({"id", "statement"}): _statement,
    frozenset({"id", "statement", EPSILON}): _statement,
    frozenset({"id", "statement", AT_MOST}): _statement,
    frozenset({"id", "statement", EPSILON, AT_MOST}): _statement,
    frozenset({"id", "statement", NONCE}): _statement,
    frozenset({"id", "statement", EPSILON, NONCE}): _statement,
    frozenset({"id", "statement", AT_MOST, NONCE}): _statement,
    frozenset({"id", "statement", EPSILON, AT_MOST, NONCE}): _statement,
    frozenset({"id", "table", "groups"}): _groups,
    frozenset({"id", "table", "points", "buckets"}): _sought,
    frozenset({"id", "of", "table", "points", "buckets"}): _matched,
    frozenset({"id", "statement", "over"}): _cells,
    frozenset({"id", "statement", "over", EPSILON}): _cells,
    frozenset({"id", "members"}): _together,
    frozenset({"id", "members", "signatures"}): _together,
    frozenset({"id", "statement", "program", "tells", "parameters", "blocks"}): _program,
    frozenset({"id", "statement", "program", "tells", "parameters", "blocks", EPSILON}): _program,
    frozenset({"id", "statement", "program", "tells", "parameters", "assent"}): _assented,
    frozenset({"id", "statement", "engine", "tells", "parameters", "blocks"}): _engine,
    frozenset({"id", "statement", "engine", "tells", "parameters", "blocks", EPSILON}): _engine,
    frozenset({"id", "statement", "bounds", "salt", "buckets"}): _sketch,
    frozenset({"id", "statement", "bounds", "groups", "base", "rounds"}): _match,
    frozenset({"id", "statement", "bounds", "match", "public", "weights", "sealed", "proofs"}): _step,
}


def _bounds(value: Any) -> tuple[tuple[Any, Any], ...]:
    if not isinstance(value, list) or not all(isinstance(one, list) and len(one) == 2 for one in value):
        raise InvalidInput("`bounds` is a list of a least and a greatest number each")
    return tuple((one[0], one[1]) for one in value)


def _hex(text: Any) -> bytes:
    try:
        return read_hex(text, "signature", signature.SIGNATURE_BYTES)
    except ContractError as fault:
        raise InvalidInput(f"a signature is {signature.SIGNATURE_BYTES} bytes in hex") from fault


def _listed(value: Any, kind: type = str) -> list[Any]:
    """Return a list of one kind; raises InvalidInput."""
    if not isinstance(value, list) or not all(type(one) is kind for one in value):
        raise InvalidInput("blinded keys are lists of base64, buckets of whole numbers, members of texts")
    return value


def _base64(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError) as fault:
        raise InvalidInput("blinded keys and programs are base64") from fault
