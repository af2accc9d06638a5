"""Where settings come from: the TOML file, the environment; and how the file is written.

Law: a value has exactly the type of its declaration; an unknown name is refused with the known ones, so that a typing
mistake cannot pass for a default.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from connector.runtime.errors import SettingsError
from connector.runtime.settings_table import SECTIONS, declared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

FILE_BYTES_MAX = 65_536
DIGEST_DIGITS = 64  # of an agreement
PREFIX = "PENSTOCK_"
# variables with our prefix that are no settings: the data directory itself, and what tests are told
OTHER_VARIABLES = frozenset({"PENSTOCK_DATA", "PENSTOCK_KEY", "PENSTOCK_WAIT", "PENSTOCK_CI", "PENSTOCK_REFERENCE"})
TEST_PREFIX = "PENSTOCK_TEST_"
HEADING = "# The settings of this participant. The environment (PENSTOCK_SECTION_KEY) and flags win over them."
_YES_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def from_file(path: Path) -> dict[str, tuple[Any, str]]:
    """Return "section.key" → (value, origin) of the file; raises `SettingsError`."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise SettingsError(f"there is no `{path}`", "make a participant with `penstock init`") from None
    except OSError as error:
        raise SettingsError(f"`{path}` cannot be read: {error.strerror}") from error
    if len(content) > FILE_BYTES_MAX:
        raise SettingsError(f"`{path}` has {len(content)} bytes, at most {FILE_BYTES_MAX} are read")
    try:
        document = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"`{path}` is not TOML: {error}") from error
    found: dict[str, tuple[Any, str]] = {}
    for section, members in document.items():
        if section not in SECTIONS or not isinstance(members, dict):
            raise SettingsError(f"`{path}` has an unknown section `{section}`", f"known are {', '.join(SECTIONS)}")
        found |= {f"{section}.{name}": (value, str(path)) for name, value in members.items()}
    return found


def from_environment(environment: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    """Return "section.key" → (value, origin) of our variables; raises `SettingsError` for one that is no setting."""
    variables = {variable(key): key for key in declared()}
    found: dict[str, tuple[Any, str]] = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX) or name in OTHER_VARIABLES or name.startswith(TEST_PREFIX):
            continue
        if name not in variables:
            raise SettingsError(f"unknown variable `{name}`", "see `penstock doctor` for the known ones")
        key = variables[name]
        found[key] = (_from_text(key, text, name), name)
    return found


def _from_text(key: str, text: str, origin: str) -> Any:
    """Read a variable as the type of its setting: lists are separated by commas."""
    kind = type(declared()[key])
    if kind is bool:
        if text.lower() not in _YES_NO:
            raise SettingsError(f"`{origin}` is `{text}`, expected true or false")
        return _YES_NO[text.lower()]
    if kind is int:
        if not re.fullmatch(r"-?\d{1,18}", text):
            raise SettingsError(f"`{origin}` is `{text}`, expected a whole number")
        return int(text)
    if kind is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def typed(key: str, value: Any, origin: str) -> Any:
    """Return the value if it has the type of its declaration; raises `SettingsError`."""
    known = declared()
    if key not in known:
        section = key.split(".", 1)[0]
        mine = [each for each in known if each.startswith(section + ".")]
        raise SettingsError(f"unknown setting `{key}` in {origin}", f"known are {', '.join(mine or known)}")
    kind = type(known[key])
    if kind is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            raise SettingsError(f"`{key}` in {origin} must be a list of texts")
        return tuple(value)
    if type(value) is not kind:
        raise SettingsError(f"`{key}` in {origin} is `{value!r}`, expected {kind.__name__}")
    return value


def as_file(value_of: Callable[[str, str], Any]) -> str:
    """Return the commented TOML text of all settings; `value_of(section, key)` gives their values."""
    lines = [HEADING]
    for section, kind in SECTIONS.items():
        lines += ["", f"[{section}]"]
        for each in fields(kind):
            lines += [f"# {each.metadata['comment']}", f"{each.name} = {_toml(value_of(section, each.name))}"]
    return "\n".join(lines) + "\n"


def variable(key: str) -> str:
    """Return the variable of the environment that gives the setting "section.key"."""
    return PREFIX + key.replace(".", "_").upper()


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    escaped = "".join(_escaped(character) for character in value)
    return f'"{escaped}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def shares(lines: Iterable[str]) -> dict[str, int]:
    """Return agreement digest → number of settings lines `DIGEST=NUMBER`; ValueError for another line."""
    found = {}
    for line in lines:
        digest, separator, number = line.partition("=")
        if not separator or len(digest) != DIGEST_DIGITS or not number.isdecimal() or int(number) < 1:
            raise ValueError(line)
        found[bytes.fromhex(digest).hex()] = int(number)
    return found
