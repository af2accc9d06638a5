"""A data service: what somebody does with data for others, on the list beside the data sets (`dcat:DataService`).

Law: (1) a service has the life cycle of every listing (`catalog.listing.TABLE`). (2) It is used at its provider's: no
edition, no key and no voucher is of a service, so nothing here counts its calls, and every view of one says so
(`LIMITS`). (3) Its id begins with `service:`, as that of no product may.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalog import classes
from catalog.codes import SECURITY_GRADES, SERVICE_TYPES, require
from catalog.dataset import (
    DESCRIPTION_CHARACTERS_MAX,
    ID_CHARACTERS_MAX,
    KEYWORD_CHARACTERS_MAX,
    KEYWORDS_MAX,
    TITLE_CHARACTERS_MAX,
)
from catalog.document import items, members, text
from catalog.errors import CatalogError
from catalog.facets import DATA_SERVICE, place
from catalog.found import Limit
from catalog.printable import is_line
from catalog.question import TITLE_WEIGHT, Entry
from catalog.source import OWN
from catalog.spaces import sights
from catalog.words import words
from contracts.tariff import Tariff
from policy import regions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PREFIX = "service:"
# stands where a product names its tier: a service has none, and a space that names tiers takes none in
TIER = "service"
ADDRESS_CHARACTERS_MAX = 2_048
SERVED_MAX = 64
_SCHEMES = ("https://", "http://")

LIMITS: Mapping[str, Limit] = {
    limit.key: limit
    for limit in (
        Limit(
            "used-outside",
            "used at its provider's: no call is made, counted or paid through Penstock,"
            " the bill is its provider's word",
            "在提供方处使用: 不经 Penstock 调用, 计量或支付, 账单仅凭提供方所述",
        ),
        Limit(
            "read-only-review",
            "reviewed by reading what it says: nothing is sealed, so no piece was drawn and opened",
            "仅审阅其说明: 无密封内容, 未抽样开封",
        ),
        Limit(
            "rules-only-review",
            "held against the rules of its space by a program: nobody has read it, and nothing is sealed",
            "仅由程序核对空间规则: 无人审阅, 无密封内容",
        ),
    )
}

_TEXTS: Mapping[str, int] = {
    "id": ID_CHARACTERS_MAX,
    "title": TITLE_CHARACTERS_MAX,
    "description": DESCRIPTION_CHARACTERS_MAX,
    "type": 16,
    "endpoint": ADDRESS_CHARACTERS_MAX,
    "documentation": ADDRESS_CHARACTERS_MAX,
    "region": 32,
}
_KEYS = frozenset({*_TEXTS, "keywords", "serves", "grade", "classes", "tariff", "policy"})


@dataclass(frozen=True, slots=True)
class Service:
    """A described service; `endpoint` and `documentation` are http(s) addresses, empty where none is told.

    `type` is a row of `catalog.codes.SERVICE_TYPES`, `serves` the ids of listed products that it works on, `policy` the
    rules of its use as a listing's offer has them, `grade` the security grade 1 to 5 of what it tells.
    """

    id: str
    title: str
    description: str
    type: str
    tariff: Tariff
    policy: Mapping[str, Any]
    keywords: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    endpoint: str = ""
    documentation: str = ""
    region: str = ""
    grade: int = 1
    classes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what the tables and limits do not know; raises CatalogError with the path of the fault."""
        if not is_service(self.id) or self.id == PREFIX:
            raise CatalogError(f"the id of a service begins with `{PREFIX}`", path="id")
        for name, told in (("id", (self.id,)), ("title", (self.title,)), ("keywords", self.keywords)):
            if not all(one.strip() and is_line(one) for one in told):
                raise CatalogError(
                    f"the {name} of a service is text of one line, without marks of direction", path=name
                )
        for name in ("endpoint", "documentation"):
            if (address := getattr(self, name)) and not (address.startswith(_SCHEMES) and is_line(address)):
                raise CatalogError(f"the {name} of a service is an http(s) address", path=name)
        if self.grade not in SECURITY_GRADES:
            raise CatalogError(f"unknown security grade `{self.grade}`", path="grade", hint="1 to 5")
        if self.region and not regions.is_code(self.region):
            raise CatalogError(f"unknown region `{self.region}`", path="region", hint="ISO 3166, such as `US-NY`")
        require(SERVICE_TYPES, self.type, "type")
        classes.require(self.classes)

    def json(self) -> dict[str, Any]:
        """Return our JSON of it; `from_json` reads it back."""
        texts = {name: getattr(self, name) for name in _TEXTS}
        lists = {"keywords": list(self.keywords), "serves": list(self.serves)}
        told = {"classes": dict(self.classes), "tariff": self.tariff.json(), "policy": dict(self.policy)}
        return texts | lists | told | {"grade": self.grade}


def from_json(document: object) -> Service:
    """Read `Service.json` strictly; raises CatalogError, or ContractError for a tariff that is none."""
    facts = members(document, "service", required=_KEYS, allowed=_KEYS)
    grade = facts["grade"]
    if type(grade) is not int:
        raise CatalogError("`grade` is no security grade", path="grade", hint="1 to 5")
    keywords = items(facts["keywords"], "keywords", limit=KEYWORDS_MAX)
    serves = items(facts["serves"], "serves", limit=SERVED_MAX)
    return Service(
        **{name: text(facts[name], name, limit=most) for name, most in _TEXTS.items()},
        keywords=tuple(text(word, "keywords", limit=KEYWORD_CHARACTERS_MAX) for word in keywords),
        serves=tuple(text(key, "serves", limit=ID_CHARACTERS_MAX) for key in serves),
        grade=grade,
        classes={name: text(code, f"classes/{name}") for name, code in members(facts["classes"], "classes").items()},
        tariff=Tariff.from_json(facts["tariff"]),
        policy=members(facts["policy"], "policy"),
    )


def is_service(key: str) -> bool:
    """Say whether an id is of a service."""
    return key.startswith(PREFIX)


def entry(
    service: Service,
    seq: int,
    provider: str,
    space: str,
    updated: datetime,
    *,
    key: str = "",
    sources: tuple[str, ...] = (OWN,),
) -> Entry:
    """Return what an index holds of a listed service; `key` is its id here, if that is not its own."""
    about = words("\n".join((service.description, *service.keywords)))
    facets = {name: classes.DIMENSIONS[name].line(code) for name, code in service.classes.items()}
    facets |= {"kind": (DATA_SERVICE,), "provider": (provider,), "space": (space,), "source": sources}
    facets |= {"unit": (service.tariff.unit,), "currency": (service.tariff.currency,), "grade": (str(service.grade),)}
    facets |= {"region": place(service.region)}
    seen = sights(space, service.grade)
    measures = {"updated": int(updated.timestamp())}
    return Entry(key or service.id, seq, (*words(service.title) * TITLE_WEIGHT, *about), facets, measures, seen)
