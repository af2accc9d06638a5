"""What we do when a process has entered a state: a table, so that an operator can say it otherwise.

Law: the operator's rules are asked in their order and the first that fits decides; where none fits, `DEFAULT` does; a
missing row there means *hold*: nothing is sent until the peer, the operator or the deadline moves the process. The
words are acts of `connector.negotiation.negotiation.Negotiations` and `connector.negotiation.transfer.Transfers`.
*remind* says nothing that has not been said: a peer that is silent is asked for its state, and told again what it lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Final

from connector.negotiation.protocol.states import (
    ACCEPTED,
    AGREED,
    CONSUMER,
    FINAL,
    NEGOTIATION,
    NONE,
    OFFERED,
    PROVIDER,
    REQUESTED,
    ROLES,
    STARTED,
    STATES,
    SUSPENDED,
    TRANSFER,
    VERIFIED,
)
from connector.runtime.errors import InvalidInput
from contracts.canonical import load
from contracts.errors import ContractError

Reactions = Mapping[tuple[str, str, str], str]

REMIND: Final = "remind"
# how long a peer may be silent, unless a rule says otherwise, before it is asked what it has of what we said: longer
# than one that is well takes for a step, and much shorter than the deadline
QUIET = timedelta(seconds=20)

DEFAULT: Final[Reactions] = MappingProxyType(
    {
        # process, our role, state -> act
        (NEGOTIATION, PROVIDER, REQUESTED): "bargain",
        (NEGOTIATION, CONSUMER, OFFERED): "bargain",
        (NEGOTIATION, PROVIDER, ACCEPTED): "agree",
        (NEGOTIATION, PROVIDER, AGREED): REMIND,
        (NEGOTIATION, CONSUMER, AGREED): "verify",
        (NEGOTIATION, CONSUMER, VERIFIED): REMIND,
        (NEGOTIATION, PROVIDER, VERIFIED): "finalize",
        (TRANSFER, PROVIDER, REQUESTED): "start",
        (TRANSFER, PROVIDER, STARTED): REMIND,
    }
)

# process, our role, state -> acts that lead on from there; `hold`, `terminate` and the default fit everywhere
POSSIBLE: Final[Mapping[tuple[str, str, str], frozenset[str]]] = MappingProxyType(
    {
        (NEGOTIATION, PROVIDER, REQUESTED): frozenset({"bargain", "offer", "counter", "agree"}),
        (NEGOTIATION, CONSUMER, OFFERED): frozenset({"bargain", "request", "counter", "accept"}),
        (NEGOTIATION, PROVIDER, ACCEPTED): frozenset({"agree"}),
        (NEGOTIATION, PROVIDER, AGREED): frozenset({REMIND}),
        (NEGOTIATION, CONSUMER, AGREED): frozenset({"verify"}),
        (NEGOTIATION, CONSUMER, VERIFIED): frozenset({REMIND}),
        (NEGOTIATION, PROVIDER, VERIFIED): frozenset({"finalize"}),
        (TRANSFER, PROVIDER, REQUESTED): frozenset({"start"}),
        (TRANSFER, PROVIDER, STARTED): frozenset({"complete", "suspend", REMIND}),
        (TRANSFER, CONSUMER, STARTED): frozenset({"complete", "suspend"}),
        (TRANSFER, PROVIDER, SUSPENDED): frozenset({"resume"}),
        (TRANSFER, CONSUMER, SUSPENDED): frozenset({"resume"}),
    }
)
ALWAYS: Final = frozenset({"hold", "terminate"})

MEMBERS: Final = frozenset({"process", "role", "state", "about", "time", "act", "delay"})
REQUIRED: Final = ("process", "role", "state", "act")
DELAY_MOST_MILLISECONDS = 24 * 3600 * 1000
TIME_MOST = 1_000
RULES_MOST = 10_000
FILE_BYTES_MOST = 4 << 20


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of an operator's table.

    `about` is a pattern (`*`, `?`) of the product's id, for a transfer of the agreement's; `time` is the how manieth
    entry into the state is meant, 0 for every one.
    """

    process: str
    role: str
    state: str
    act: str
    about: str = "*"
    time: int = 0
    delay: timedelta = timedelta()

    def fits(self, process: str, role: str, state: str, about: str, time: int) -> bool:
        """Say whether this rule speaks about a process that entered `state` for the `time`-th time."""
        named = (self.process, self.role, self.state) == (process, role, state)
        return named and self.time in {0, time} and fnmatchcase(about, self.about)


Rules = tuple[Rule, ...]


def decide(
    rules: Rules, table: Reactions, process: str, role: str, state: str, about: str, time: int
) -> tuple[str, timedelta]:
    """Return the act for a state that was entered, and how long to wait before it."""
    for rule in rules:
        if rule.fits(process, role, state, about, time):
            return rule.act, rule.delay
    act = table.get((process, role, state), "hold")
    return act, QUIET if act == REMIND else timedelta()


def read(content: bytes) -> Rules:
    """Read an operator's table: `{"reactions": [{…}, …]}`; raises `InvalidInput` naming the row."""
    try:
        document = load(content, max_bytes=FILE_BYTES_MOST)
    except ContractError as error:
        raise InvalidInput(f"the reactions are not JSON: {error}") from error
    if not isinstance(document, dict) or set(document) != {"reactions"} or not isinstance(document["reactions"], list):
        raise InvalidInput("the reactions are not an object with the one member `reactions`, a list")
    if len(document["reactions"]) > RULES_MOST:
        raise InvalidInput(f"there are more than {RULES_MOST} reactions")
    return tuple(_rule(number, row) for number, row in enumerate(document["reactions"], start=1))


def _rule(number: int, row: Any) -> Rule:
    if not isinstance(row, dict) or (unknown := sorted(set(row) - MEMBERS)):
        what = f"has unknown members `{'`, `'.join(unknown)}`" if isinstance(row, dict) else "is no object"
        raise InvalidInput(f"reaction {number} {what}", f"known are {', '.join(sorted(MEMBERS))}")
    if missing := [name for name in REQUIRED if name not in row]:
        raise InvalidInput(f"reaction {number} lacks `{'`, `'.join(missing)}`")
    for name in (*REQUIRED, "about"):
        if not isinstance(row.get(name, ""), str):
            raise InvalidInput(f"reaction {number}: `{name}` is not a text")
    process, role, state, act = (row[name] for name in REQUIRED)
    if process not in STATES or role not in ROLES or state not in STATES[process] or state in {NONE, *FINAL}:
        raise InvalidInput(f"reaction {number}: there is no `{state}` of a {role}'s {process} to react to")
    possible = POSSIBLE.get((process, role, state), frozenset()) | ALWAYS
    if act not in possible:
        raise InvalidInput(f"reaction {number}: a {role} cannot `{act}` there", f"one of {', '.join(sorted(possible))}")
    time, delay = (_count(number, name, row.get(name, 0)) for name in ("time", "delay"))
    return Rule(process, role, state, act, row.get("about", "*"), time, timedelta(milliseconds=delay))


def _count(number: int, name: str, value: Any) -> int:
    most = {"time": TIME_MOST, "delay": DELAY_MOST_MILLISECONDS}[name]
    if type(value) is not int or not 0 <= value <= most:
        raise InvalidInput(f"reaction {number}: `{name}` is not a whole number up to {most}")
    return value
