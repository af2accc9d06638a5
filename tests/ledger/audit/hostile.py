"""Hostile values, and every place of a JSON value where one may stand."""

from __future__ import annotations

TEXTS = ("", "x", "-1", "9" * 60, "1e999999", "ff" * 40, "NaN", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59")
_NUMBERS = (None, True, 0, -1, 10**15, 1.5)
_NESTED = ([], {}, [[]], [{}], [[1, 2], [3]], [[-5, 10**15]], ["x"] * 99)
VALUES = (*TEXTS, "9" * 5000, *_NUMBERS, *_NESTED)


def ways(value, way=()):
    """Yield the ways to every part of a value; of a list its first."""
    yield way
    parts = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for name, part in parts:
        yield from ways(part, (*way, name))


def put(value, way, hostile):
    """Return the value with something hostile at a place."""
    if not way:
        return hostile
    if isinstance(value, dict):
        return {**value, way[0]: put(value[way[0]], way[1:], hostile)}
    return [put(value[0], way[1:], hostile), *value[1:]]


def spoilt(value):
    """Yield the value with one hostile value in it, for every place and every hostile value."""
    for way in ways(value):
        yield from (put(value, way, hostile) for hostile in VALUES)
