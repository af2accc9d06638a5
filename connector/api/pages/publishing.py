"""Publishing from the console: one page with the form and, once it is filled in, what others will see of it.

Law: (1) what a form says of a file is looked up among those that may be published (`publishable`): no path of a form
reaches the disk. (2) The preview is made by the same rules that refuse a brief when it is published.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote as quoted

from catalog.codes import TIERS
from catalog.dataset import dataset_json
from catalog.describe import media_type
from catalog.errors import CatalogError
from catalog.profile import FileProfile
from connector.api.pages.publishable import offered, there
from connector.console import composing, describing, language
from connector.console.amounts import minor
from connector.console.examples import examples
from connector.console.fields import FILES, PUBLISHED
from connector.custody.sources import source_of
from connector.identity.space.view import SpaceView
from connector.licence import pricing
from connector.licence.pricing import MEASURES
from connector.provider import brief as briefs
from connector.provider.description import dataset_of
from connector.provider.publication import Publications
from connector.provider.sold_program import IS, MEMBER, QUESTION, application_of
from connector.runtime.errors import InvalidInput, PenstockError
from connector.runtime.limits import CONSOLE_MEASURED_BYTES_MAX
from contracts import price_words
from contracts.errors import ContractError
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.api.call import Call
    from connector.core.core import Core
    from contracts.canonical import JsonObject

FAULTS = (PenstockError, PolicyError, ContractError, CatalogError)
LAST_SECOND = "T23:59:59Z"
# what is published: data, or a question that was put together
DATA: Final = ""
KINDS: Final[Mapping[str, JsonObject | None]] = {DATA: None, QUESTION: {IS: QUESTION}}


async def publish(call: Call) -> JsonObject:
    """Return the form as it was filled in and, if it was, the preview, or what is wrong with it."""
    query = call.request.query
    fields = {name: query.get(name, "").strip() for name in PUBLISHED}
    chosen = query.getall(FILES, [])
    files = await there(call)
    told: JsonObject = {
        **await offered(call, files),
        "fields": fields,
        "files": chosen,
        "kinds": list(KINDS),
        "units": list(MEASURES),
        "tiers": [{"key": key, "en": tier.en, "zh": tier.zh} for key, tier in TIERS.items()],
        "purposes": describing.purposes(),
        "failure": None,
        "preview": None,
        "rows": [],
    }
    if not fields["title"]:
        return told
    try:
        currency = call.of(SpaceView).last().currency
        made = brief(fields, chosen, files, currency)
        preview = await asyncio.to_thread(previewed, call.core, call.of(Publications), made, files, currency)
    except FAULTS as fault:
        return {**told, "failure": {"text": str(fault), "hint": getattr(fault, "hint", "")}}
    return {**told, "preview": preview, "rows": preview["about"]["rows"]}


async def begin(call: Call, fields: dict[str, str]) -> str:
    """Begin to publish what the preview showed; the product's page says how far it is."""
    made = brief(fields, fields[FILES].splitlines(), await there(call), call.of(SpaceView).last().currency)
    return "/products/" + quoted(await call.of(Publications).begin(made), safe="")


def brief(fields: JsonObject, chosen: list[str], there: JsonObject, currency: str) -> JsonObject:
    """Return what a form says of a product as its brief; raises InvalidInput for a file that is not offered."""
    if not chosen or (strange := [path for path in chosen if path not in there]):
        named = strange[0][:200] if chosen else ""
        raise InvalidInput(f"`{named}` is no file that may be published", "choose one of the list")
    if (kind := fields.get("application", DATA)) not in KINDS:
        raise InvalidInput(f"`{kind[:40]}` is nothing that is published here", "choose one of the list")
    price = minor(fields["price"], currency)
    openings = fields["openings"]
    if openings and not (openings.isascii() and openings.isdecimal() and len(openings) < len(str(1 << 31))):
        raise InvalidInput(f"`{openings[:40]}` is no number of openings", "a whole number, or nothing")
    return briefs.check({
        FILES: chosen,
        "title": fields["title"],
        "description": fields["description"],
        "keywords": [word for word in (part.strip() for part in fields["keywords"].split(",")) if word],
        "price": price,
        "floor": minor(fields["floor"], currency) if fields["floor"] else price,
        "unit": fields["unit"],
        "tier": fields["tier"],
        "until": fields["until"] + LAST_SECOND,
        **_ruled(fields, int(openings) if openings else None),
        "mask": _masks(fields["mask"]),
        "application": KINDS[kind],
        "negotiable": fields.get("negotiable", "").strip() or None,
    })  # fmt: skip


def previewed(core: Core, publications: Publications, made: JsonObject, there: JsonObject, currency: str) -> JsonObject:
    """Return what others will see: columns as they are measured, terms, price and examples of it, and the tier."""
    row = publications.draft(made)
    # as when it is published: what nobody would run or ask is refused before anything is sealed
    sold = application_of(row.brief, source_of(made[FILES])) if row.brief.get(MEMBER) else None
    short = [path for path in made[FILES] if there[path] <= CONSOLE_MEASURED_BYTES_MAX]
    profiles = [
        *(publications.measured(row, short) if short else ()),
        *(_unmeasured(Path(path), there[path]) for path in made[FILES] if path not in short),
    ]
    dataset, _ = dataset_of(profiles, row, core.settings.participant.region, sold)
    tariff = pricing.previewed(made, max(dataset.size, 1), currency)
    return {
        "about": describing.described(dataset_json(dataset)),
        "rules": describing.rules(row.policy, made["title"]),
        "price": {lang: price_words.price(tariff, lang) for lang in language.LANGUAGES},
        "examples": examples(tariff, {"byte": dataset.size, "row": dataset.rows}),
        "unmeasured": [path for path in made[FILES] if there[path] > CONSOLE_MEASURED_BYTES_MAX],
    }


def _unmeasured(path: Path, size: int) -> FileProfile:
    """Return kind and size of a file that is too long for somebody who waits."""
    return FileProfile(path.name, media_type(path.name), size)


def _ruled(fields: JsonObject, openings: int | None) -> JsonObject:
    """Return the rules of a form: those that were put together, or the usual ones."""
    if text := fields.get("rules", "").strip():
        return {"rules": composing.read(text), "purpose": None, "region": None, "openings": None}
    return {"purpose": fields["purpose"], "region": fields["region"] or None, "openings": openings}


def _masks(text: str) -> dict[str, str] | None:
    """Return what a form says of masks: `column=mask`, commas between; None for nothing."""
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    if odd := next((column for column, mark, mask in pairs if not (column.strip() and mark and mask.strip())), None):
        raise InvalidInput(f"`{odd[:100]}` is no mask", "write `column=hash`, with commas between several")
    return {column.strip(): mask.strip() for column, _, mask in pairs} or None
