"""The JSON-RPC 2.0 envelope: one request or a batch in, one answer or a batch out; every fault is an answer."""

from __future__ import annotations

import inspect
import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from contracts.canonical import values_at_most
from ledger.embedded.errors import (
    InvalidParamsError,
    InvalidRequestError,
    OverLimitError,
    ParseError,
    RpcError,
    UnknownMethodError,
)
from ledger.embedded.methods import METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.embedded.engine import Engine

MAX_BODY_BYTES = 1024 * 1024
MAX_BATCH_REQUESTS = 100
# a batch of calls with a dozen members each; reading costs by the value
MAX_BODY_VALUES = 16_384

_SIGNATURES: Mapping[str, inspect.Signature] = MappingProxyType(
    {name: inspect.signature(method) for name, method in METHODS.items()}
)
_logger = logging.getLogger(__name__)


def answer(engine: Engine, body: bytes) -> bytes:
    """Return the JSON answer to a JSON body; never raises on what a caller sent."""
    engine.begin_body()
    try:
        request = _read(body)
    except RpcError as error:
        return orjson.dumps(_failure(None, error))
    if isinstance(request, list):
        return orjson.dumps([_answer_one(engine, each) for each in request])
    return orjson.dumps(_answer_one(engine, request))


def refusal(error: RpcError) -> bytes:
    """Return the answer that refuses a body unread."""
    return orjson.dumps(_failure(None, error))


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


def _answer_one(engine: Engine, request: Any) -> dict[str, Any]:
    number = request.get("id") if isinstance(request, dict) else None
    try:
        return {"jsonrpc": "2.0", "id": number, "result": _run(engine, request)}
    except RpcError as error:
        return _failure(number, error)
    except Exception:
        _logger.exception("the embedded chain failed on a request")
        return _failure(number, RpcError("the chain failed; its log says why"))


def _run(engine: Engine, request: Any) -> Any:
    if not isinstance(request, dict) or request.get("jsonrpc") != "2.0" or not isinstance(request.get("method"), str):
        raise InvalidRequestError("a request has `jsonrpc` 2.0, `id`, `method` and `params`")
    name, params = request["method"], request.get("params", [])
    if name not in METHODS:
        raise UnknownMethodError(f"the method `{name[:80]}` does not exist here")
    if not isinstance(params, list):
        raise InvalidParamsError("`params` is a list")
    try:
        _SIGNATURES[name].bind(engine, *params)
    except TypeError as error:
        raise InvalidParamsError(f"`{name}` takes other arguments: {error}") from error
    return METHODS[name](engine, *params)


def _failure(number: Any, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "error": error.as_json()}
