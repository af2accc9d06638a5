"""What a product of the tier computed offers: the columns that may be asked about, and the gate that answers pass.

Law: (1) nothing of the data is shown beside the answers: no sample, no drawn piece, no greatest or least value in the
description. (2) What its provider says of the gate is checked when it is published, and signed with the terms.
"""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from connector.compute.engine import installed
from connector.compute.kinds import OF_PROFILE
from connector.compute.program import digest_of, require_wasmtime
from connector.compute.sitting import kind_of
from connector.enforcement.context import BUDGET
from connector.licence.pricing import MEASURES, measured
from connector.provider.computing import dated
from connector.runtime.errors import InvalidInput, SettingsError
from contracts import answered
from contracts.attested import Attested
from contracts.coverage import KEYS, Coverage
from contracts.engine import Engine
from contracts.errors import ContractError
from contracts.gate import DIGITS, LEAST, SHARE, Gate
from contracts.joint import Joint
from contracts.learning import Learning
from contracts.lookup import LookUp, buckets_of
from contracts.noise import ROWS, Noise, hundredths
from contracts.program import Programs
from contracts.sketch import Sketches
from contracts.units import COMPUTED, SCANNED, UNITS

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from catalog.profile import FileProfile

MEMBER: Final = "gate"
SUBJECT: Final = "subject"
NUMBERS: Final[Mapping[str, int]] = {"least": LEAST, "share": SHARE, "digits": DIGITS}
# how much of its own list a buyer may learn is covered
EPSILON, KEYS_ASKED, FILLED, FRESH = "epsilon", "keys", "filled", "fresh"
# what is told with noise, and how much of it
NOISE, CHOOSE, BUDGETED, ROWS_LOOKED_AT, BOUNDS = "noise", "choose", "budget", "rows", "bounds"
# how many subjects a buyer may look up
LOOKUP: Final = "lookup"
# the seconds that each program of a buyer is run for
PROGRAMS: Final = "programs"
# by whose assent one is told exactly
REVIEWER: Final = "reviewer"
# the engine of ours that answers, and the seconds that each run of it has
ENGINE: Final = "engine"
ENGINE_SECONDS: Final = 10
# the buckets that a sketch of the rows has at most
SKETCH: Final = "sketch"
# the keys of lists whose labels are learned from the rows
LEARN: Final = "learn"
# the platform that vouches for the reader of each answer
ATTESTED: Final = "attested"
# the providers beside whom it is told, and how many of all answer at least
WITH, QUORUM = "with", "quorum"
SAID: Final = (
    *(SUBJECT, *NUMBERS, NOISE, CHOOSE, BUDGETED, ROWS_LOOKED_AT, BOUNDS, EPSILON, KEYS_ASKED, FILLED),
    *(FRESH, LOOKUP, WITH, QUORUM, PROGRAMS, REVIEWER, ENGINE, SKETCH, LEARN, ATTESTED),
)
OF_GROUPS: Final = (*NUMBERS, NOISE, EPSILON)
# parts of a gate → the member by which they are said, where that is called otherwise
SAID_BY: Final[Mapping[str, str]] = {"coverage": EPSILON, "joint": WITH, "learning": LEARN}
# members of a brief that show data, deliver them, or pass them on
OTHERS: Final = ("api", "stream", "sample", "onward")
_SHA, _UNMEASURED = "sha-256:", "0" * 64
_HINT: Final = "such as `--gate subject=firm --gate least=10`"


def is_gate(value: Any) -> bool:
    """Say whether a brief's member is one; raises ContractError, InvalidInput with what is wrong."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        return False
    if odd := next((name for name in value if name not in SAID), None):
        raise InvalidInput(f"a gate says nothing of `{odd[:60]}`", f"it says {', '.join(SAID)}, {_HINT}")
    # the columns are not known yet: one that cannot be the subject stands for them
    named = [f"{value.get(SUBJECT, '')}-", *_listed(value), *(name for name, _, _ in _bounds(value))]
    _gate(value, tuple(dict.fromkeys(named)))
    return True


def check(brief: Mapping[str, Any], own: str = "") -> None:
    """Refuse what cannot be computed here, and a gate where nothing is; `own` is our DID. Raises InvalidInput."""
    if brief["tier"] != COMPUTED:
        if brief.get(MEMBER):
            raise InvalidInput(
                "a gate is what answers pass, and data are delivered here", "publish with `--tier computed`"
            )
        return
    if told := next((name for name in OTHERS if brief.get(name)), None):
        raise InvalidInput(f"`{told}` does not go with data that stay where they are", "leave it out")
    if own and own in _listed(brief.get(MEMBER) or {}, WITH):
        raise InvalidInput(f"`{WITH}` names ourselves", "it names the others: each of them names us")
    unit, _ = measured(brief["unit"], COMPUTED)
    if COMPUTED not in UNITS[unit].tiers:
        known = ", ".join(name for name in MEASURES if COMPUTED in UNITS[measured(name, COMPUTED)[0]].tiers)
        raise InvalidInput(f"answers are not priced by `{brief['unit']}`", f"use {known}")
    gate = brief.get(MEMBER) or {}
    try:
        answered.require(unit, {part for part in answered.PARTS if SAID_BY.get(part, part) in gate})
    except ContractError as fault:
        raise InvalidInput(str(fault), "price it by query, or publish the same files under another id") from fault


def require_noise(brief: Mapping[str, Any], asked: Container[str]) -> None:
    """Refuse rules about a privacy budget where answers are told without noise; raises InvalidInput."""
    if BUDGET in asked and NOISE not in (brief.get(MEMBER) or {}):
        raise InvalidInput(f"the rules ask for `{BUDGET}`, and answers have no noise", "say `--gate noise=0.5`, too")


def require(brief: Mapping[str, Any], profiles: Sequence[FileProfile]) -> None:
    """Refuse files that hold no table, and columns that are not there; raises InvalidInput."""
    if brief["tier"] != COMPUTED:
        return
    gate_of(brief, profiles)


def gate_of(brief: Mapping[str, Any], profiles: Sequence[FileProfile]) -> Gate:
    """Return the gate of a product; raises InvalidInput for a column that no table has."""
    tables = [one for one in profiles if is_table(one)]
    if not tables:
        raise InvalidInput("there is no table that could be asked", "publish .csv, .parquet, .jsonl or .ndjson")
    if len(tables) > 1 and measured(brief["unit"], COMPUTED)[0] == SCANNED:
        text = f"there are {len(tables)} tables, and a price of rows says of one how many it has"
        raise InvalidInput(text, "publish each by itself, or price it by query")
    told = brief.get(MEMBER) or {}
    subject = told.get(SUBJECT, "")
    if subject and (odd := next((one for one in tables if all(c.name != subject for c in one.columns)), None)):
        text = f"the subject `{subject}` is no column of `{odd.path}`"
        raise InvalidInput(text, "each table says whom its rows are about: publish the others by themselves")
    known = {one.name: one.kind for table in tables for one in table.columns if one.name != subject}
    asked = brief.get("columns") or [name for name, kind in known.items() if kind in OF_PROFILE]
    for name in asked:
        if name not in known:
            raise InvalidInput(f"no table has a column `{name}`", f"the columns are {', '.join(list(known)[:20])}")
        if known[name] not in OF_PROFILE:
            raise InvalidInput(f"`{name}` is {known[name]}: nothing can be asked about it", "leave it out")
    gate = _gate(told, tuple(asked), max(one.rows or 0 for one in tables))
    if gate.coverage is not None and gate.coverage.fresh is not None:
        dated.require(gate.coverage.fresh, tables)
    return gate


def is_table(profile: FileProfile) -> bool:
    """Say whether a file is a table that may be asked."""
    return bool(kind_of(profile.path) and profile.columns)


def table_named(profiles: Sequence[FileProfile], name: str) -> str:
    """Return the file that is meant by the name of a table, the first where it is empty; raises InvalidInput."""
    tables = [one.path for one in profiles if is_table(one)]
    known = types_of(profiles)
    if name and name not in known:
        raise InvalidInput(f"there is no table `{name[:100]}`", f"there are {', '.join(list(known)[:20])}")
    return next(path for path in tables if not name or name in (path, PurePosixPath(path).stem))


def types_of(profiles: Sequence[FileProfile]) -> dict[str, dict[str, str]]:
    """Return table → column → type, each table by its file's name and, where that is its alone, without its ending."""
    stems = [PurePosixPath(one.path).stem for one in profiles if kind_of(one.path)]
    found: dict[str, dict[str, str]] = {}
    for one in profiles:
        if kind_of(one.path):
            types = {column.name: OF_PROFILE.get(column.kind, column.kind.upper()) for column in one.columns}
            stem = PurePosixPath(one.path).stem
            found |= dict.fromkeys([one.path, *([stem] if stems.count(stem) == 1 else [])], types)
    return found


def shown(profile: FileProfile) -> FileProfile:
    """Return what may be shown of a file: no value of any cell."""
    bare = [replace(one, distinct=None, minimum=None, maximum=None, bars=()) for one in profile.columns]
    return replace(profile, columns=tuple(bare))


def _gate(told: Mapping[str, str], columns: tuple[str, ...], rows: int = 0) -> Gate:
    try:
        parts: dict[str, Any] = {
            **{name: _number(told, name) if name in told else usual for name, usual in NUMBERS.items()},
            "coverage": _coverage(told),
            "noise": _noise(told),
            "lookup": _lookup(told, rows),
            "joint": _joint(told),
            "programs": _programs(told),
            "engine": _engine(told),
            "sketch": Sketches(_number(told, SKETCH)) if SKETCH in told else None,
            "learning": Learning(_number(told, LEARN)) if LEARN in told else None,
            "attested": _attested(told),
        }
        return Gate(columns, told.get(SUBJECT, ""), **parts)
    except ContractError as fault:
        raise InvalidInput(f"the gate is none: {fault}", _HINT) from fault


def _lookup(told: Mapping[str, str], rows: int) -> LookUp | None:
    if LOOKUP not in told:
        return None
    if odd := next((name for name in OF_GROUPS if name in told), None):
        text = f"`{odd}` is of answers about groups, and with `{LOOKUP}` there are none"
        raise InvalidInput(text, "publish the same files under another id for them")
    return LookUp(_number(told, LOOKUP), buckets_of(rows))


def _programs(told: Mapping[str, str]) -> Programs | None:
    if PROGRAMS not in told:
        if REVIEWER in told:
            raise InvalidInput(f"`{REVIEWER}` is of programs that are run", "say for how many seconds: `programs=10`")
        return None
    if REVIEWER in told and not told[REVIEWER]:
        raise InvalidInput(f"`{REVIEWER}` names nobody", "say the DID of a member")
    require_wasmtime("here", "pip install 'penstock[programs]'")
    return Programs(_number(told, PROGRAMS), told.get(REVIEWER, ""))


def reviewer_of(brief: Mapping[str, Any]) -> str:
    """Return the DID of the reviewer that a checked brief names, empty for none."""
    return str((brief.get(MEMBER) or {}).get(REVIEWER, ""))


def with_engine(brief: dict[str, Any], engines: Sequence[str]) -> dict[str, Any]:
    """Return a brief with the engine that it names as it is now: its seconds, and the digest of its file.

    `engines` is what our settings say of them. Raises InvalidInput where they do not name it, or there is no file.
    """
    gate = brief.get(MEMBER) or {}
    if ENGINE not in gate:
        return brief
    name, seconds, _ = _engine_parts(gate)
    digest = digest_of(installed.of(engines, name).source())
    return brief | {MEMBER: gate | {ENGINE: f"{name}:{seconds}:{digest}"}}


def engine_of(brief: Mapping[str, Any]) -> str:
    """Return the name of the engine that a checked brief says, empty for none."""
    gate = brief.get(MEMBER) or {}
    return _engine_parts(gate)[0] if ENGINE in gate else ""


def _engine(told: Mapping[str, str]) -> Engine | None:
    if ENGINE not in told:
        return None
    name, seconds, digest = _engine_parts(told)
    # until its file is looked at any digest stands for its own
    return Engine(name, digest or digest_of(b""), seconds)


def _engine_parts(told: Mapping[str, str]) -> tuple[str, int, str]:
    """Return name, seconds and digest, which is empty where it is not said: NAME, NAME:SECONDS, and with both."""
    name, _, rest = told[ENGINE].partition(":")
    seconds, _, digest = rest.partition(":")
    return name, _number({ENGINE: seconds}, ENGINE) if seconds else ENGINE_SECONDS, digest


def platform_of(brief: Mapping[str, Any]) -> str:
    """Return the platform that a checked brief wants answers attested by, empty for none."""
    gate = brief.get(MEMBER) or {}
    return _attested_parts(gate)[0] if ATTESTED in gate else ""


def with_reader(brief: Mapping[str, Any], reader: Attested) -> dict[str, Any]:
    """Return a brief that names the reader that answers for it, as it was measured, and what vouches for it."""
    parts = (one.removeprefix(_SHA) for one in (reader.measurement, reader.root))
    return {**brief, MEMBER: brief[MEMBER] | {ATTESTED: ":".join([reader.platform, *parts])}}


def _attested(told: Mapping[str, str]) -> Attested | None:
    if ATTESTED not in told:
        return None
    name, measurement, root = _attested_parts(told)
    # until it is measured any digest stands for its own
    return Attested(name, *(f"{_SHA}{one or _UNMEASURED}" for one in (measurement, root)))


def _attested_parts(told: Mapping[str, str]) -> tuple[str, str, str]:
    """Return platform, measurement and root, each of these empty where it is not said: PLATFORM, or with both."""
    name, *parts = told[ATTESTED].split(":")
    if len(parts) not in (0, 2):
        raise InvalidInput(f"`{ATTESTED}` of a gate is the name of a platform", "such as `attested=simulated`")
    measurement, root = parts or ("", "")
    return name, measurement, root


def _joint(told: Mapping[str, str]) -> Joint | None:
    members = _listed(told, WITH)
    if not members:
        if WITH in told:
            raise InvalidInput(f"`{WITH}` names nobody", "say the DIDs of the others: `with=DID,DID`")
        if QUORUM in told:
            raise InvalidInput(f"`{QUORUM}` is of answers that several give together", "say the others: `with=DID,DID`")
        return None
    return Joint(tuple(sorted(members)), _number(told, QUORUM) if QUORUM in told else len(members) + 1)


def _coverage(told: Mapping[str, str]) -> Coverage | None:
    if EPSILON not in told:
        if odd := next((name for name in (KEYS_ASKED, FILLED, FRESH) if name in told), None):
            raise InvalidInput(f"`{odd}` is of what a buyer learns of its own list", "say its `epsilon`, such as 1.4")
        return None
    keys = _number(told, KEYS_ASKED) if KEYS_ASKED in told else KEYS
    fresh = dated.read(told[FRESH]) if FRESH in told else None
    return Coverage(_hundredths(told, EPSILON), keys, tuple(_listed(told)), fresh)


def _noise(told: Mapping[str, str]) -> Noise | None:
    if NOISE not in told:
        if odd := next((name for name in (CHOOSE, BUDGETED, ROWS_LOOKED_AT, BOUNDS) if name in told), None):
            raise InvalidInput(f"`{odd}` is of answers with noise", "say the ε of each, such as `noise=0.5`")
        return None
    if BUDGETED not in told:
        hint = "such as `--gate budget=10`: twenty answers of 0.5"
        raise InvalidInput("how much one buyer may ask is not said", hint)
    if find_spec("opendp") is None:
        raise SettingsError("noise is drawn by OpenDP, which is not installed here", "pip install 'penstock[noise]'")
    rows = _number(told, ROWS_LOOKED_AT) if ROWS_LOOKED_AT in told else ROWS
    usual, budget, bounds = _hundredths(told, NOISE), _hundredths(told, BUDGETED), tuple(sorted(_bounds(told)))
    return Noise(usual, budget, rows, bounds, _choice(told))


def _choice(told: Mapping[str, str]) -> tuple[int, int] | None:
    if CHOOSE not in told:
        return None
    least, _, most = told[CHOOSE].partition(":")
    return hundredths(least), hundredths(most)


def _hundredths(told: Mapping[str, str], name: str) -> int:
    try:
        return hundredths(told[name])
    except ContractError as fault:
        raise InvalidInput(f"`{name}` of a gate is a number such as 1.4", "with two decimals at most") from fault


def _bounds(told: Mapping[str, str]) -> list[tuple[str, int, int]]:
    """Return the bounds that are said of columns: a list of COLUMN:LEAST:GREATEST."""
    found = []
    for one in filter(None, (part.strip() for part in told.get(BOUNDS, "").split(","))):
        parts = re.fullmatch(r"(.+):(-?[0-9]{1,16}):(-?[0-9]{1,16})", one, re.ASCII)
        if parts is None:
            raise InvalidInput(f"`{one[:60]}` is no bound of a column", "such as `bounds=revenue:0:1000000`")
        found.append((parts[1], int(parts[2]), int(parts[3])))
    return found


def _listed(told: Mapping[str, str], member: str = FILLED) -> list[str]:
    return [name for name in (one.strip() for one in told.get(member, "").split(",")) if name]


def _number(told: Mapping[str, str], name: str) -> int:
    if not (told[name].isascii() and told[name].isdecimal() and len(told[name]) <= 9):
        raise InvalidInput(f"`{name}` of a gate is a whole number", _HINT)
    return int(told[name])
