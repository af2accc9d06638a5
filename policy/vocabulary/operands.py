"""The left operands: ODRL's 34, the constraints of TC609-6-2025-14, and what the International Data Spaces ask for.

One row each: the type of its value, where the value comes from when a request is decided, what is remembered for it,
which operators compare it and where it may stand. An operand without a row is refused by name, and so are the rows
of REFUSED, each with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from policy.model import RuleKind
from policy.vocabulary import catenax
from policy.vocabulary.operators import AMONG, BOUNDS, LIMITS, ORDER, TREE, WINDOWS

if TYPE_CHECKING:
    from collections.abc import Mapping


class ValueType(StrEnum):
    """How an operand's values are read and compared."""

    INSTANT = "instant"
    NUMBER = "number"
    COUNT = "count"
    MONEY = "money"
    DURATION = "duration"
    RATE = "rate"
    WINDOW = "window"
    VERSION = "version"
    PURPOSE = "purpose"
    REGION = "region"
    PARTY = "party"
    TERM = "term"
    LANGUAGE = "language"
    MEDIA = "media"
    NETWORK = "network"
    CODE = "code"


class Source(StrEnum):
    """Where the left operand's value comes from when a request is decided."""

    CLOCK = "world.now"
    CONTEXT = "request.context"
    COUNTER = "world.counters"
    EVENTS = "world.performed"


class State(StrEnum):
    """What has to be remembered between uses for the operand to mean anything."""

    NONE = "none"
    USES = "the number of uses"
    SUM = "the sum of what was taken"
    PAID = "what was paid"
    SESSION = "the time used, open sessions included"
    FIRST_USE = "the instant of the first use"
    LAST_USE = "the instant of the last use"
    TRIGGER = "the instant of what it waits for"
    RECENT = "the instants of the uses in the window"


class Unit(StrEnum):
    """Whether a constraint on the operand names a unit."""

    NONE = "none"
    MAY = "may be named"
    MUST = "must be named"


_RULES = frozenset({RuleKind.PERMISSION, RuleKind.PROHIBITION})
_DUTIES = frozenset({RuleKind.DUTY, RuleKind.OBLIGATION, RuleKind.REMEDY, RuleKind.CONSEQUENCE})
ANYWHERE = _RULES | _DUTIES
_PERMISSION = frozenset({RuleKind.PERMISSION})


@dataclass(frozen=True, slots=True)
class Operand:
    """One row of OPERANDS; `refusal` is the reason code given when a constraint on it does not hold."""

    type: ValueType
    operators: frozenset[str]
    refusal: str
    meaning: str
    source: Source = Source.CONTEXT
    state: State = State.NONE
    unit: Unit = Unit.NONE
    rules: frozenset[RuleKind] = ANYWHERE


def _term(refusal: str, meaning: str, kind: ValueType = ValueType.TERM) -> Operand:
    return Operand(kind, TREE, refusal, meaning)


def _share(meaning: str, unit: Unit = Unit.NONE) -> Operand:
    return Operand(ValueType.NUMBER, ORDER - AMONG, "limit-exhausted", meaning, Source.COUNTER, State.SUM, unit)


_TIME, _ENVIRONMENT, _DATA, _MANNER, _PARTY = (
    "outside-time",
    "environment-not-allowed",
    "data-not-allowed",
    "manner-not-allowed",
    "party-not-allowed",
)

# ODRL 2.2, Vocabulary & Expression, section 4.5 (left operands)
_ODRL: Mapping[str, Operand] = {
    "absolutePosition": _term(_DATA, "a point of the asset in absolute coordinates"),
    "absoluteSize": _share("how much of the asset, in all, this use included", Unit.MAY),
    "absoluteSpatialPosition": _term(_DATA, "the corners of a part of the asset in absolute coordinates"),
    "absoluteTemporalPosition": Operand(ValueType.DURATION, ORDER, _DATA, "a position in the asset's running time"),
    "count": Operand(
        ValueType.COUNT, LIMITS, "count-exhausted", "the number of uses, this one included",
        Source.COUNTER, State.USES, rules=_PERMISSION,
    ),
    "dateTime": Operand(ValueType.INSTANT, ORDER, _TIME, "the instant of the use", Source.CLOCK),
    "delayPeriod": Operand(
        ValueType.DURATION, BOUNDS | {"eq"}, "too-soon", "the time since what the rule waits for; of a duty, its term",
        Source.COUNTER, State.TRIGGER,
    ),
    "deliveryChannel": _term(_MANNER, "the channel the asset comes by"),
    "elapsedTime": Operand(
        ValueType.DURATION, BOUNDS | {"eq"}, "time-used-up", "the time since the first use",
        Source.COUNTER, State.FIRST_USE,
    ),
    "event": Operand(ValueType.TERM, TREE | BOUNDS, "event-not-met", "before, during or after an event", Source.EVENTS),
    "fileFormat": _term(_MANNER, "the format of the file", ValueType.MEDIA),
    "industry": _term(_MANNER, "the industry the use belongs to (GB/T 4754, ISIC or an IRI)"),
    "language": _term(_MANNER, "the natural language of the asset", ValueType.LANGUAGE),
    "media": _term(_MANNER, "the kind of medium the asset is used in"),
    "meteredTime": Operand(
        ValueType.DURATION, BOUNDS | {"eq"}, "time-used-up", "the time used in all", Source.COUNTER, State.SESSION
    ),
    "payAmount": Operand(
        ValueType.MONEY, ORDER - AMONG, "limit-exhausted", "the amount paid", Source.COUNTER, State.PAID, Unit.MUST
    ),
    "percentage": _share("the share of the asset in hundredths, in all, this use included"),
    "product": _term(_MANNER, "the product or service the asset is used in"),
    "purpose": _term("purpose-not-allowed", "what the asset is used for", ValueType.PURPOSE),
    "recipient": _term("recipient-not-allowed", "who receives the result of the use", ValueType.PARTY),
    "relativePosition": Operand(ValueType.NUMBER, ORDER, _DATA, "a position in the asset in hundredths of it"),
    "relativeSize": _share("the size of the part in hundredths of the asset, in all, this use included"),
    "relativeSpatialPosition": _term(_DATA, "the corners of a part of the asset in hundredths"),
    "relativeTemporalPosition": Operand(ValueType.NUMBER, ORDER, _DATA, "a position in the running time in hundredths"),
    "resolution": Operand(ValueType.NUMBER, ORDER, _MANNER, "the resolution of the rendition", unit=Unit.MAY),
    "spatial": _term("outside-region", "where the asset is used", ValueType.REGION),
    "spatialCoordinates": _term("outside-region", "the coordinates of the place of use"),
    "systemDevice": _term(_ENVIRONMENT, "the computing system or device used"),
    "timeInterval": Operand(
        ValueType.DURATION, BOUNDS | {"eq"}, "too-soon", "the time since the last use", Source.COUNTER, State.LAST_USE
    ),
    "unitOfCount": Operand(
        ValueType.TERM, frozenset({"eq", "isAnyOf"}), "count-exhausted", "for whom the uses are counted together",
        rules=_PERMISSION,
    ),
    "version": Operand(ValueType.VERSION, ORDER, _DATA, "the version of the asset"),
    "virtualLocation": _term(_ENVIRONMENT, "the place in a network where the asset is used"),
}  # fmt: skip

# TC609-6-2025-14, dictionary C.6, where ODRL has no operand for it
_TC609: Mapping[str, Operand] = {
    "timeWindow": Operand(ValueType.WINDOW, WINDOWS, _TIME, "the days and hours of the use", Source.CLOCK),
    "networkAddress": _term(_ENVIRONMENT, "the network address the use comes from", ValueType.NETWORK),
    "physicalAddress": _term(_ENVIRONMENT, "the street address, building or room of the use"),
    "frequency": Operand(
        ValueType.RATE, LIMITS | {"eq"}, "too-often", "uses in any span of time, this one included",
        Source.COUNTER, State.RECENT, rules=_PERMISSION,
    ),
    "dataRecord": _term(_DATA, "the records touched"),
    "dataField": _term(_DATA, "the fields touched"),
    "application": _term(_ENVIRONMENT, "the application used, by name or digest"),
    "algorithm": _term(_ENVIRONMENT, "the algorithm used, by name or digest"),
    "machineLearningModel": _term(_ENVIRONMENT, "the model used, by name or digest"),
    "executionEnv": _term(_ENVIRONMENT, "the environment the use runs in", ValueType.CODE),
    "encryptMode": _term(_MANNER, "how the data is encrypted", ValueType.CODE),
    "deliveryMethod": _term(_MANNER, "how the data is delivered", ValueType.CODE),
}  # fmt: skip

# The policy classes of the International Data Spaces, and what private computing adds
_SPACES: Mapping[str, Operand] = {
    "connector": _term(_ENVIRONMENT, "the connector the asset is used in"),
    "securityLevel": _term(_ENVIRONMENT, "the security level of the connector, of its CertificationCredential"),
    "role": _term(_ENVIRONMENT, "the role of the person using it"),
    "memberRole": _term(_PARTY, "the party's role in its space, of a RoleCredential"),
    "legalForm": _term(_PARTY, "the party's legal form, of its LegalPersonCredential"),
    "country": _term(_PARTY, "where the party is registered, of its LegalPersonCredential", ValueType.REGION),
    "identityLevel": Operand(
        ValueType.NUMBER, ORDER, _PARTY, "how far the party's legal identity was verified, of its LegalPersonCredential"
    ),
    "certification": _term(_PARTY, "what the party is certified for, of its CertificationCredential"),
    "mandate": _term(_PARTY, "what the person who acts for the party may do, of its HandlingPersonCredential"),
    "environmentState": _term(_ENVIRONMENT, "the state of the environment (an emergency, a firewall that is on)"),
    "artifactState": _term(_DATA, "the state of the asset (encrypted, anonymised)"),
    "dataClass": _term(_DATA, "the class or grade of the data"),
    "jsonPath": _term(_DATA, "the part of a document that is changed"),
    "replaceWith": _term(_MANNER, "what a value is replaced with"),
    "logLevel": _term(_MANNER, "on which decisions a log record is sent"),
    "notificationLevel": _term(_MANNER, "on which decisions a notice is sent"),
    "computeFunction": _term(_MANNER, "the function computed together"),
    "query": _term(_MANNER, "the query asked"),
    "privacyBudget": _share("the privacy budget (epsilon) spent in all, this use included"),
}

# what two companies agree on in Catena-X; of `Membership` the space knows
_CATENAX: Mapping[str, Operand] = {
    iri: _term(_MANNER, f"Catena-X: {words[0]}") for iri, words in catenax.BY_IRI.items()
}

ODRL_OPERANDS = frozenset(_ODRL)
_KNOWN: dict[str, Operand] = {**_ODRL, **_TC609, **_SPACES, **_CATENAX}
# those of this program; `enrol` adds those of profiles that an operator registered
BUILT_IN = frozenset(_KNOWN)
OPERANDS: Mapping[str, Operand] = MappingProxyType(_KNOWN)
# Known by name and not enforced: (reason, what to write instead).
REFUSED: Mapping[str, tuple[str, str]] = {
    "valueExpression": ("text of a policy is never run as code", "say it with `dataField` and `dataRecord`"),
}

# Counted for everybody under the agreement, or for each of these apart.
COUNTED_TOGETHER = frozenset({"agreement", "organisation"})
COUNTED_FOR = COUNTED_TOGETHER | {"assignee", "user", "device", "connector"}

# TC609-6-2025-14, dictionaries of the constraints whose values are codes: code -> our name for it.
CODES: Mapping[str, Mapping[str, str]] = {
    "executionEnv": {
        "01": "usageControl",
        "02": "sandbox",
        "03": "mpc",
        "04": "federated",
        "05": "tee",
        "06": "confidential",
        "07": "other",
    },
    "encryptMode": {"01": "plaintext", "02": "ciphertext", "03": "other"},
    "deliveryMethod": {"01": "file", "02": "stream", "03": "api", "04": "other"},
}


def enrol(rows: Mapping[str, Operand]) -> None:
    """Add rows of a profile that was registered (`policy.vocabulary.registered`); none that is there is changed."""
    assert not _KNOWN.keys() & rows.keys(), "an operand has one row"
    _KNOWN.update(rows)


def strike(name: str) -> None:
    """Take out a row that was added."""
    assert name not in BUILT_IN, "what is built in stays"
    del _KNOWN[name]
