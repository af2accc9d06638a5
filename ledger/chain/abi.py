"""Calls, results and events of a program, between bytes and Python values, as its ABI lays them out.

Inside, an address is 20 bytes and a struct is a dict by the ABI's own names; strings of either kind stay outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from contracts.keccak import keccak
from contracts.onchain import artifacts

Entry = Mapping[str, Any]
WORD_BYTES = 32
_SELECTOR_BYTES = 4
# the selector of `Error(string)`, in which programs give the reason of a refusal
_REASON_SELECTOR = bytes.fromhex("08c379a0")


def encode_call(program: str, function: str, args: Sequence[Any]) -> bytes:
    """Return the call data of a function of a program (by its artifact's name)."""
    entry = _entry(program, "function", function)
    return keccak(_signature(entry).encode("ascii"))[:_SELECTOR_BYTES] + _encode(entry["inputs"], args)


def encode_creation(program: str, args: Sequence[Any]) -> bytes:
    """Return the creation code of a program with its constructor's arguments."""
    return artifacts.load(program).bytecode + _encode(_entry(program, "constructor", None)["inputs"], args)


def decode_result(program: str, function: str, data: bytes) -> Any:
    """Return a function's result: one value, or a tuple of several."""
    outputs = _entry(program, "function", function)["outputs"]
    values = _decode(outputs, data)
    return values[0] if len(values) == 1 else values


def decode_log(program: str, topics: Sequence[bytes], data: bytes) -> tuple[str, dict[str, Any]] | None:
    """Return the name and fields of an event, or None if the program has no such event."""
    entry = _events(program).get(bytes(topics[0])) if topics else None
    if entry is None:
        return None
    indexed = [each for each in entry["inputs"] if each["indexed"]]
    plain = [each for each in entry["inputs"] if not each["indexed"]]
    fields = {each["name"]: _decode([each], bytes(topic))[0] for each, topic in zip(indexed, topics[1:], strict=True)}
    return entry["name"], fields | dict(zip((each["name"] for each in plain), _decode(plain, data), strict=True))


def event_topics(program: str, event: str, filters: Mapping[str, Any]) -> list[bytes | None]:
    """Return the topics that select an event by the values of its indexed fields (None: any)."""
    entry = _entry(program, "event", event)
    indexed = [each for each in entry["inputs"] if each["indexed"]]
    unknown = filters.keys() - {each["name"] for each in indexed}
    assert not unknown, f"not indexed in `{event}`: {unknown}"
    wanted = [_encode([each], [filters[each["name"]]]) if each["name"] in filters else None for each in indexed]
    topics = [keccak(_signature(entry).encode("ascii")), *wanted]
    while topics[-1] is None:
        topics.pop()
    return topics


def decode_reason(data: bytes) -> str | None:
    """Return the words of a revert, or None if it has none."""
    if not data.startswith(_REASON_SELECTOR):
        return None
    try:
        return str(decode(["string"], data[_SELECTOR_BYTES:])[0])
    except DecodingError:
        return None


@cache
def _entry(program: str, kind: str, name: str | None) -> Entry:
    found = [each for each in artifacts.load(program).abi if each["type"] == kind and each.get("name") == name]
    assert len(found) == 1, f"{program} has no {kind} `{name}`"
    return found[0]


@cache
def _events(program: str) -> Mapping[bytes, Entry]:
    entries = [each for each in artifacts.load(program).abi if each["type"] == "event"]
    return {keccak(_signature(each).encode("ascii")): each for each in entries}


def _signature(entry: Entry) -> str:
    return f"{entry['name']}({','.join(_type(each) for each in entry['inputs'])})"


def _type(entry: Entry) -> str:
    """Return a type as eth_abi writes it: a struct is the tuple of its parts."""
    kind: str = entry["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(part) for part in entry['components'])}){kind.removeprefix('tuple')}"


def _encode(entries: Sequence[Entry], values: Sequence[Any]) -> bytes:
    return bytes(encode([_type(each) for each in entries], values))


def _decode(entries: Sequence[Entry], data: bytes) -> tuple[Any, ...]:
    values = decode([_type(each) for each in entries], data)
    return tuple(_inside(each, value) for each, value in zip(entries, values, strict=True))


def _inside(entry: Entry, value: Any) -> Any:
    kind: str = entry["type"]
    if kind.endswith("]"):
        element = {**entry, "type": kind[: kind.rindex("[")]}
        return tuple(_inside(element, each) for each in value)
    if kind == "tuple":
        parts = zip(entry["components"], value, strict=True)
        return {part["name"]: _inside(part, each) for part, each in parts}
    return bytes.fromhex(value[2:]) if kind == "address" else value
