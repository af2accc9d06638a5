"""What opens or claims is in no word that a log or an error shows of a message or a window."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields, is_dataclass

import connector.channel
from connector.store.rows.channel import WindowRow

SECRET = {"preimage", "masked", "secret", "secrets", "sealed_keys"}


def values():
    """Every dataclass of the channel that is not of functions, and its rows."""
    yield WindowRow
    for found in pkgutil.iter_modules(connector.channel.__path__):
        module = importlib.import_module(f"connector.channel.{found.name}")
        if found.name == "doors":
            continue
        for value in vars(module).values():
            if is_dataclass(value) and isinstance(value, type) and value.__module__ == module.__name__:
                yield value


def test_no_secret_stands_in_what_is_shown_of_a_value():
    held = [(value.__name__, field) for value in values() for field in fields(value) if field.name in SECRET]
    assert {name for name, _ in held} >= {"Testimony", "ReleaseMessage", "WindowRow"}
    assert not [(name, field.name) for name, field in held if field.repr]
