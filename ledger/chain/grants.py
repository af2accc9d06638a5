"""Many licences in one call, out of the calls that would grant each alone; what their agreements share goes once.

Law: each is granted by the same rules and with the same event as alone, and all of them or none. What was kept to be
sent is laid out anew without being read as values: a call of `grant` has each word in its place. A program that was put
on its chain before there were such calls (`Programs.most_grants` says so) takes licences as any batch does.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ledger.chain import abi

if TYPE_CHECKING:
    from collections.abc import Sequence

GRANT = ("licences", "grant")
# some 82,000 gas for each: with the quarter that is offered beyond, less than half a block of 30 million
GRANTS_MAX = 128
# agreements of one call that share nothing need a kind each
KINDS_MAX = 64
_WORD = abi.WORD_BYTES
# where the ten words of the agreement begin in a call, where its two signatures do, and how long it is
_AGREED_AT, _FIRST_AT, _SECOND_AT, _CALL_BYTES = 4, 4 + 12 * _WORD, 4 + 16 * _WORD, 4 + 20 * _WORD
_PROVIDER, _BUYER, _PRODUCT, _EDITION, _TERMS, _TOKEN, _CAP, _UNTIL, _SPLIT, _SUMMARY = range(10)
_SHARED = (_PROVIDER, _PRODUCT, _EDITION, _TOKEN, _SPLIT)


def fits(program: str, function: str, data: bytes) -> bool:
    """Say whether a call grants one licence, laid out as our own calls are."""
    return (program, function) == GRANT and len(data) == _CALL_BYTES


def run(calls: Sequence[tuple[str, str, bytes]], most: int) -> int:
    """Return how many of calls (program, function, data), from the first on, may go as one call of at most `most`."""
    kinds = set[bytes]()
    for count, call in enumerate(calls[: min(most, GRANTS_MAX)]):
        if not fits(*call):
            return count
        kinds.add(_kind(call[2]))
        if len(kinds) > KINDS_MAX:
            return count
    return min(len(calls), most, GRANTS_MAX)


def together(calls: Sequence[bytes]) -> bytes:
    """Return the call data that grants the licences of calls, each of which `fits`."""
    kinds: dict[bytes, int] = {}
    grants = [_grant(data, kinds.setdefault(_kind(data), len(kinds))) for data in calls]
    listed = _number(len(kinds)) + b"".join(kinds)
    return b"".join((
        _selector(), _number(2 * _WORD), _number(2 * _WORD + len(listed)), listed, _number(len(grants)), *grants
    ))  # fmt: skip


def _kind(data: bytes) -> bytes:
    return b"".join(_word(data, each) for each in _SHARED)


def _grant(data: bytes, kind: int) -> bytes:
    """Return the eight words of a licence, as `licence_types.vy` has them."""
    by_provider, by_buyer = (data[at + _WORD : at + 3 * _WORD + 1] for at in (_FIRST_AT, _SECOND_AT))
    packed = _word(data, _CAP)[16:] + _word(data, _UNTIL)[24:] + bytes(4) + kind.to_bytes(2)
    own = _word(data, _BUYER) + _word(data, _TERMS) + _word(data, _SUMMARY)
    return own + packed + by_provider[-1:] + by_buyer[-1:] + by_provider[:-1] + by_buyer[:-1]


def _word(data: bytes, place: int) -> bytes:
    at = _AGREED_AT + place * _WORD
    return data[at : at + _WORD]


def _number(value: int) -> bytes:
    return value.to_bytes(_WORD)


@cache
def _selector() -> bytes:
    return abi.encode_call("licences", "grantMany", ([], []))[:_AGREED_AT]
