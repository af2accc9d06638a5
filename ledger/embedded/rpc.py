"""The JSON-RPC 2.0 envelope: one request or a batch in, one answer or a batch out; every fault is an answer.

A body's requests are done in runs of one kind (`Kind`), each where that kind is done, within one `Allowance`.
"""

from __future__ import annotations

import inspect
import logging
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from contracts.canonical import values_at_most
from ledger.embedded import engine as engines
from ledger.embedded.errors import (
    InvalidParamsError,
    InvalidRequestError,
    OverLimitError,
    ParseError,
    RpcError,
    UnknownMethodError,
)
from ledger.embedded.index import MAX_LOGS
from ledger.embedded.methods import METHODS, SENT, TRIED
from ledger.embedded.watch import look

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.embedded.engine import Engine

MAX_BODY_BYTES = 1024 * 1024
MAX_BATCH_REQUESTS = 100
# a batch of calls with a dozen members each; reading costs by the value
MAX_BODY_VALUES = 16_384

_SIGNATURES: Mapping[str, inspect.Signature] = MappingProxyType(
    {name: inspect.signature(method) for name, method in METHODS.items()}
)
_logger = logging.getLogger(__name__)


class Kind(StrEnum):
    """Where a request is done: what is looked up, what runs programs and changes nothing, what makes a block."""

    LOOK = "look"
    TRY = "try"
    SEND = "send"


@dataclass(slots=True)
class Allowance:
    """What is left for one body: processor seconds of an ordinary machine, gas, and entries of lists in its answer."""

    seconds: float
    gas: int = field(default_factory=lambda: engines.MAX_BODY_GAS)
    entries: int = MAX_LOGS


def answer(engine: Engine, body: bytes) -> bytes:
    """Return the JSON answer to a JSON body; never raises on what a caller sent."""
    try:
        requests, several = read(body)
    except RpcError as error:
        return refusal(error)
    return whole(answers(engine, requests, Allowance(inf)), several=several)


def answers(engine: Engine, requests: Sequence[Any], allowance: Allowance) -> list[bytes]:
    """Return the JSON answer to each request, and take what they used from the allowance."""
    engine.gas_left = allowance.gas
    made = []
    for request in requests:
        found = _answer_one(engine, request, allowance.entries)
        allowance.entries -= len(found["result"]) if isinstance(found.get("result"), list) else 0
        made.append(orjson.dumps(found))
    allowance.gas = engine.gas_left
    return made


def runs(requests: Sequence[Any]) -> Iterator[tuple[Kind, list[Any]]]:
    """Yield the runs of requests of one kind, in their order."""
    for kind, run in groupby(requests, _kind):
        yield kind, list(run)


def _kind(request: Any) -> Kind:
    name = request.get("method") if isinstance(request, dict) else None
    if not isinstance(name, str):
        return Kind.LOOK  # what is no request is refused where things are looked up
    return Kind.SEND if name == SENT else Kind.TRY if name in TRIED else Kind.LOOK


def whole(answers: Sequence[bytes], *, several: bool) -> bytes:
    """Return the body of answers, each in JSON."""
    return b"[" + b",".join(answers) + b"]" if several else answers[0]


def refusal(error: RpcError, request: Any = None) -> bytes:
    """Return the answer that refuses a request, or a body unread."""
    return orjson.dumps(_failure(request.get("id") if isinstance(request, dict) else None, error))


def read(body: bytes) -> tuple[list[Any], bool]:
    """Return the requests of a body, and whether it is a batch; raises `RpcError`."""
    request = _read(body)
    return (request, True) if isinstance(request, list) else ([request], False)


def _read(body: bytes) -> Any:
    if len(body) > MAX_BODY_BYTES:
        raise OverLimitError(f"a body has at most {MAX_BODY_BYTES} bytes")
    if values_at_most(body) > MAX_BODY_VALUES:
        raise OverLimitError(f"a body has at most {MAX_BODY_VALUES} values")
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"the body is not JSON: {error}") from error
    if isinstance(request, list):
        if not request:
            raise InvalidRequestError("an empty batch")
        if len(request) > MAX_BATCH_REQUESTS:
            raise OverLimitError(f"a batch has at most {MAX_BATCH_REQUESTS} requests")
    return request


def _answer_one(engine: Engine, request: Any, entries: int) -> dict[str, Any]:
    number = request.get("id") if isinstance(request, dict) else None
    try:
        look()
        return {"jsonrpc": "2.0", "id": number, "result": _run(engine, request, entries)}
    except RpcError as error:
        return _failure(number, error)
    except Exception:
        _logger.exception("the embedded chain failed on a request")
        return _failure(number, RpcError("the chain failed; its log says why"))


def _run(engine: Engine, request: Any, entries: int) -> Any:
    if entries <= 0:
        raise OverLimitError(f"the answers of one body have at most {MAX_LOGS} logs and the like; ask in pieces")
    name, params = arguments(request)
    return METHODS[name](engine, *params)


def arguments(request: Any) -> tuple[str, list[Any]]:
    """Return a request's method and what it is called with; raises `RpcError`."""
    if not isinstance(request, dict) or request.get("jsonrpc") != "2.0" or not isinstance(request.get("method"), str):
        raise InvalidRequestError("a request has `jsonrpc` 2.0, `id`, `method` and `params`")
    name, params = request["method"], request.get("params", [])
    if name not in METHODS:
        raise UnknownMethodError(f"the method `{name[:80]}` does not exist here")
    if not isinstance(params, list):
        raise InvalidParamsError("`params` is a list")
    try:
        _SIGNATURES[name].bind(None, *params)
    except TypeError as error:
        raise InvalidParamsError(f"`{name}` takes other arguments: {error}") from error
    return name, params


def _failure(number: Any, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "error": error.as_json()}
