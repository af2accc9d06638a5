"""What a person says about a product to be published, checked before anything is stored: one row for each member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from catalog import classes, masks
from catalog.about import about_from_json
from catalog.classes import DIMENSIONS
from catalog.codes import FREQUENCIES, SECURITY_GRADES
from catalog.codes import tier as tier_of
from catalog.interface import HINT
from catalog.profile import COLUMNS_MAX
from catalog.sample import ROWS_MAX as SAMPLE_ROWS_MAX
from connector.console.amounts import decimal
from connector.custody.layout import CUTTERS
from connector.custody.packing import AUTO, WAYS
from connector.custody.sources import check_address
from connector.licence import pricing
from connector.licence.pricing import MEASURES, UNITS_MAX
from connector.negotiation.protocol.offers import OFFER_MARK, PLAIN
from connector.negotiation.variants import VARIANTS_MAX
from connector.provider import contents as packing
from connector.provider import sold_program, upstream
from connector.provider.computing import offered
from connector.provider.streams import sold
from connector.runtime.errors import InvalidInput, PurchaseRefused
from contracts import facts
from contracts.decimals import read_decimal
from contracts.facts import STATED
from contracts.periods import PERIODS
from contracts.suites import SUITES
from contracts.tiers import MAX_TIERS
from contracts.units import COMPUTED
from policy.amendment import TEXT_CHARACTERS_MAX as TEXT_MOST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ALIGNED = "aligned"
TEXT_CHARACTERS_MAX = 1_000
LIST_MEMBERS_MAX = 1_000
OPENINGS_MAX = 1_000_000
PIECE_KIB = tuple(1 << power for power in range(6, 13))  # 64 KiB … 4 MiB (spec 1.1)
BEYOND_WORDS = f"a list of at most {MAX_TIERS} pairs: a number of units, and ten-thousandths of the price"
SOURCES_MAX = 16  # licences of one product: all of them are compared with its rules, at each negotiation
SOURCES_WORDS = f"a list of at most {SOURCES_MAX} replicas, editions or agreements of ours"
LISTED_ONLY = ("space", "sample", "resource")  # members that only the exchange's list makes something of
# what says the usual rules, in place of a whole policy
USUAL = ("purpose", "region", "openings", "onward")
OFFER_WORDS = f"a text of one line that does not end with `{OFFER_MARK}`, as the ids do that we give"


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TEXT_CHARACTERS_MAX and value.isprintable()


def _rules(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TEXT_MOST


def _variants(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= VARIANTS_MAX and all(map(_rules, value))


def _texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= LIST_MEMBERS_MAX and all(map(_text, value))


def _sources(value: Any) -> bool:
    return _texts(value) and 0 < len(value) <= SOURCES_MAX


def _places(value: Any) -> bool:
    if not _texts(value) or not value:
        return False
    for place in value:
        check_address(place)  # one with a password must not even be stored
    return True


def _classes(value: Any) -> bool:
    if not isinstance(value, dict) or not all(isinstance(code, str) for code in value.values()):
        return False
    classes.require(value)  # its refusal names the code
    return True


def _masks(value: Any) -> bool:
    if not isinstance(value, dict) or len(value) > COLUMNS_MAX:
        return False
    for column, text in value.items():
        masks.read(column, text)  # its refusal names the column
    return True


def _about(value: Any) -> bool:
    about_from_json(value)  # its refusal names the member
    return True


def _facts(value: Any) -> bool:
    if not isinstance(value, dict) or not value or set(value) - set(STATED):
        return False
    facts.read(value, "facts")  # its refusal names the operand
    return True


def _layout(value: Any) -> bool:
    return isinstance(value, str) and value in CUTTERS


def _amount(value: Any) -> bool:
    return isinstance(value, str) and read_decimal(value, "price") >= 0


def _many(value: Any) -> bool:
    return type(value) is int and 0 < value <= UNITS_MAX


def _steps(value: Any) -> bool:
    pairs = isinstance(value, list) and all(isinstance(step, list) and len(step) == 2 for step in value)
    return pairs and len(value) <= MAX_TIERS and all(type(number) is int for step in value for number in step)


def _moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Member:
    """What a member must be, in words and as a check; one that is not `needed` may be absent or null."""

    holds: Callable[[Any], bool]
    words: str
    needed: bool = True


MEMBERS: Mapping[str, Member] = MappingProxyType({
    "id": Member(_text, "a text of one line", needed=False),
    "offer": Member(lambda value: _text(value) and not value.endswith(OFFER_MARK), OFFER_WORDS, needed=False),
    "files": Member(_places, "a list of paths and of addresses of files, without passwords", needed=False),
    "api": Member(upstream.is_base, "an http(s) address without a query", needed=False),
    "calls": Member(_texts, "a list of calls, " + HINT, needed=False),
    "stream": Member(_text, "a whole path or an address of a source that grows", needed=False),
    "secret": Member(_text, "the path of a file of header lines", needed=False),
    "title": Member(_text, "a text of one line"),
    "description": Member(lambda value: isinstance(value, str), "a text", needed=False),
    "about": Member(_about, "an object of what is said besides", needed=False),
    "keywords": Member(_texts, "a list of words", needed=False),
    "price": Member(_amount, "a whole number as text, in hundredths of the currency"),
    "floor": Member(_amount, "a whole number as text, in hundredths of the currency"),
    "exposure": Member(_amount, "a whole number as text, in hundredths of the currency", needed=False),
    "unit": Member(lambda value: isinstance(value, str) and value in MEASURES, "one of " + ", ".join(MEASURES)),
    "every": Member(
        lambda value: isinstance(value, str) and value in PERIODS, "one of " + ", ".join(PERIODS), needed=False
    ),
    "quota": Member(_many, f"a number of units up to {UNITS_MAX}", needed=False),
    "beyond": Member(_steps, BEYOND_WORDS, needed=False),
    "sample": Member(
        lambda value: type(value) is int and 0 < value <= SAMPLE_ROWS_MAX,
        f"a number of rows up to {SAMPLE_ROWS_MAX}",
        needed=False,
    ),
    "resource": Member(_text, "the id of a resource of ours", needed=False),
    "space": Member(_text, "the id of a space", needed=False),
    "tier": Member(_text, "a tier"),
    "purpose": Member(_text, "a term of the purpose scheme", needed=False),
    "rules": Member(lambda value: isinstance(value, dict), "a policy: an object", needed=False),
    "facts": Member(_facts, "an object of " + ", ".join(STATED), needed=False),
    "negotiable": Member(_rules, f"a text of at most {TEXT_MOST} characters", needed=False),
    "variants": Member(_variants, f"a list of at most {VARIANTS_MAX} texts `RULES: PRICE`", needed=False),
    "askFirst": Member(lambda value: type(value) is bool, "true or false", needed=False),
    "until": Member(_moment, "a date and time with its time zone, such as 2027-12-31T23:59:59Z"),
    "region": Member(_text, "an ISO 3166 code", needed=False),
    "classes": Member(_classes, "an object of " + ", ".join(DIMENSIONS) + " with a code each", needed=False),
    "grade": Member(lambda value: type(value) is int and value in SECURITY_GRADES, "1 to 5", needed=False),
    "frequency": Member(
        lambda value: isinstance(value, str) and value in FREQUENCIES, "one of " + ", ".join(FREQUENCIES), needed=False
    ),
    "openings": Member(
        lambda value: type(value) is int and 0 < value <= OPENINGS_MAX, f"a number up to {OPENINGS_MAX}", needed=False
    ),
    "onward": Member(lambda value: type(value) is bool, "true or false", needed=False),
    "inherit": Member(lambda value: type(value) is bool, "true or false", needed=False),
    "unlisted": Member(lambda value: type(value) is bool, "true or false", needed=False),
    "derivedFrom": Member(_sources, SOURCES_WORDS, needed=False),
    "project": Member(_text, "the id of a project that we signed", needed=False),
    "layout": Member(_layout, "one of " + ", ".join(sorted(CUTTERS)), needed=False),
    "suite": Member(lambda value: value in SUITES, "one of " + ", ".join(SUITES), needed=False),
    "pack": Member(lambda value: value in WAYS, "one of " + ", ".join(WAYS), needed=False),
    "gate": Member(offered.is_gate, "an object of " + ", ".join(offered.SAID), needed=False),
    "application": Member(sold_program.is_application, "an object of needs, tells and takes", needed=False),
    "mask": Member(_masks, "an object: column, and its mask", needed=False),
    "columns": Member(lambda value: _texts(value) and value != [], "a list of columns", needed=False),
    "pieceKiB": Member(
        lambda value: type(value) is int and value in PIECE_KIB,
        "one of " + ", ".join(map(str, PIECE_KIB)),
        needed=False,
    ),
})  # fmt: skip


def check(brief: Any, own: str = "", engines: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the brief if a product can be made of it; raises InvalidInput with the first member that is wrong.

    With `engines`, what our settings say of them, an engine that it names is looked up.
    """
    if not isinstance(brief, dict) or set(brief) - set(MEMBERS):
        raise InvalidInput("a product's brief has only the members " + ", ".join(sorted(MEMBERS)))
    for name, member in MEMBERS.items():
        value = brief.get(name)
        if value is None and not member.needed:
            continue
        if value is None or not member.holds(value):
            raise InvalidInput(f"`{name}` of the product must be {member.words}")
    tier_of(brief["tier"])
    if brief.get("columns") and brief["tier"] == PLAIN:
        raise InvalidInput("a plain copy is of whole files, not of columns", "use the tier kept or leased")
    if brief.get("columns") and brief["tier"] != COMPUTED and brief.get("layout") != ALIGNED:
        raise InvalidInput("columns can be licensed by themselves only where pieces keep to them", "--layout aligned")
    if brief.get("unlisted") and (told := next((name for name in LISTED_ONLY if brief.get(name)), None)):
        raise InvalidInput(f"`{told}` says how a product is listed, and this one is not", "leave out either")
    if brief.get("project") and brief["tier"] in (PLAIN, COMPUTED) and brief["unit"] != upstream.FREE:
        text = "what is paid outside channels is not split by the chain, so it is not sold under a project"
        raise InvalidInput(text, "use the tier kept or leased, or `--unit free`")
    if (brief.get("rules") is None) == (brief.get("purpose") is None):
        raise InvalidInput("the rules of a product are a purpose, or a policy", "say `--purpose`, or `--policy`")
    if brief.get("rules") and (told := next((name for name in USUAL if brief.get(name)), None)):
        raise InvalidInput(f"`{told}` is one of the usual rules, and there is a policy", "write it into the policy")
    pricing.check(brief)
    upstream.check(brief)
    sold.check(brief)
    offered.check(brief, own)
    packing.check(brief)
    sold_program.check(brief)
    if int(brief["floor"]) > int(brief["price"]):
        raise InvalidInput(
            f"the floor `{decimal(brief['floor'])}` is above the asked price `{decimal(brief['price'])}`"
        )
    brief = brief if engines is None else offered.with_engine(brief, engines)
    # who says nothing says `auto`: a brief of before there were packs stays the same
    return {name: value for name, value in brief.items() if (name, value) != ("pack", AUTO)}


def until(brief: Mapping[str, Any]) -> datetime:
    """Return the end of use that a checked brief says."""
    return datetime.fromisoformat(brief["until"])


def require_future(brief: Mapping[str, Any], now: datetime) -> None:
    """Raise PurchaseRefused for what nobody could use when it is published: its end is over."""
    if until(brief) <= now:
        text = f"the use would end at `{brief['until']}`, which is over: nobody could use what they buy"
        raise PurchaseRefused(text, "say a later `--until`")
