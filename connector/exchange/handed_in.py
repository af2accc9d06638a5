"""What a member hands in to be listed: a product or a data service, and whether it is well formed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog import resource as resources
from catalog import sample as samples
from catalog import service
from catalog.dataset import APPLICATION, dataset_from_json
from catalog.document import members, text
from catalog.found import PREFIX
from catalog.identifiers import Kind
from catalog.printable import is_line
from catalog.service import PREFIX as SERVICE
from catalog.spaces import MAIN
from connector.exchange.numbering import row_of
from connector.licence import pricing
from connector.negotiation.protocol.validation import IDENTIFIER_LIMIT_CHARACTERS
from connector.runtime.errors import InvalidInput
from connector.store.rows.catalogue import ListingRow
from contracts.decimals import read_decimal
from contracts.tariff import Tariff
from ledger.edition.header import read_header
from policy.parse import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

LISTING_KEYS = frozenset({"id", "title", "tier", "dataset", "offer", "header", "edition"})
# besides, which space it is to be listed in; without it the exchange's first
SPACE = "space"
# and rows of it that are shown to whom the space shows them
SAMPLE = "sample"
# and the resource that it was made of, and its code
RESOURCE, CODE = "resource", "code"
BESIDES = frozenset({SPACE, SAMPLE, RESOURCE, CODE})
OFFER_KEYS = frozenset({"id", "ask", "terms", "policy"})
# member of the terms → the member of the submission that says the same
ABOUT = {"product": "id", "title": "title", "tier": "tier", "editionId": "edition"}


def listing(document: Any) -> dict[str, Any]:
    """Return the submission if it is well formed, about one product and edition, and its offer can be shown."""
    if not isinstance(document, dict) or set(document) - BESIDES != LISTING_KEYS:
        raise InvalidInput(
            "a submission has exactly the members "
            + ", ".join(sorted(LISTING_KEYS))
            + f", perhaps {', '.join(sorted(BESIDES))}"
        )
    if not isinstance(document.setdefault(SPACE, MAIN), str):
        raise InvalidInput("`space` is the id of a space", "penstock space list")
    if document.setdefault(SAMPLE, None) is not None:
        document[SAMPLE] = samples.from_json(document[SAMPLE]).json()
    dataset = dataset_from_json(document["dataset"])
    for name, told in (("title", (dataset.title,)), ("keywords", dataset.keywords), ("id", (dataset.id,))):
        if not all(is_line(one) for one in told):
            raise InvalidInput(f"the {name} of a product is text of one line, without controls or marks of direction")
    if document["title"] != dataset.title:
        raise InvalidInput("the dataset has another title than the product")
    if dataset.id != document["id"]:
        raise InvalidInput("the dataset has another id than the product")
    if row_of(dataset.id) is not ListingRow:
        raise InvalidInput(
            f"`{PREFIX}` begins the ids of products found elsewhere, `{SERVICE}` those of services", "choose another id"
        )
    if read_header(document["header"]).edition_id().hex() != document["edition"]:
        raise InvalidInput("the header does not have the submitted edition id")
    _check_offer(document)
    if document.setdefault(RESOURCE, None) is not None:
        document[RESOURCE] = resources.from_json(document[RESOURCE]).json()
    if document.setdefault(CODE, None) is not None:
        document[CODE] = str(resources.require_code(str(document[CODE]), Kind.PRODUCT))
    return document


def _check_offer(document: dict[str, Any]) -> None:
    """Raise for an offer without a price or a policy, or about something else; the terms are its parties' to judge."""
    offer = document["offer"]
    if not isinstance(offer, dict) or set(offer) != OFFER_KEYS or not isinstance(offer["terms"], dict):
        raise InvalidInput("an `offer` has exactly the members " + ", ".join(sorted(OFFER_KEYS)))
    policy, terms = offer["policy"], offer["terms"]
    if not isinstance(offer["id"], str) or not 0 < len(offer["id"]) <= IDENTIFIER_LIMIT_CHARACTERS:
        raise InvalidInput(f"the `id` of the `offer` is not a text of 1 to {IDENTIFIER_LIMIT_CHARACTERS} characters")
    read_decimal(offer["ask"], "ask")
    Tariff.from_json(terms.get("tariff"))
    parse({"@type": "Set", "target": document["id"], **policy} if isinstance(policy, dict) else policy)
    if any(terms.get(said) != document[name] for said, name in ABOUT.items()):
        raise InvalidInput("the terms of the `offer` are about another product or edition")
    if terms.get(APPLICATION) != document["dataset"].get(APPLICATION):
        raise InvalidInput("the terms of the `offer` are of another program than the dataset says")


def require_currency(tariff: Mapping[str, Any], currency: str) -> None:
    """Raise InvalidInput for a price in another currency than the space's; what is free has none to speak of."""
    if tariff["unit"] != "free":
        pricing.require_currency(tariff["currency"], currency)


def data_service(document: Any, currency: str = "") -> dict[str, Any]:
    """Return what is kept of a submission, an object of `service` and perhaps `space`; its policy must be one.

    A price that leaves its currency empty is in the space's.
    """
    given = members(document, "submission", required={"service"}, allowed=frozenset({"service", "space"}))
    told: Any = given["service"]
    tariff = told.get("tariff") if isinstance(told, dict) else None
    if isinstance(tariff, dict) and tariff.get("currency") == "":
        told = {**told, "tariff": {**tariff, "currency": currency}}
    read = service.from_json(told)
    parse({"@type": "Set", **read.policy, "target": read.id})
    space = text(given.get("space", MAIN), "space")
    return {"id": read.id, "title": read.title, "space": space, "service": read.json()}
