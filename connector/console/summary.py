"""A listed product in words, for who reads it without a page: what it is at a look, what all of it costs, its terms.

Law: these words follow from what is listed and are made here alone, so that a terminal and a page say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.console import describing, language, showing
from connector.console.examples import SHARE, slid
from contracts import price_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.canonical import JsonObject


def summary(listing: Mapping[str, Any]) -> JsonObject:
    """Return `facts`, `terms` and `qualities` in words by language, and what the `whole` costs, None if it depends."""
    told = describing.described(listing["dataset"], least=listing.get("least", ""))
    return {
        "facts": {lang: _facts(told, lang) for lang in language.LANGUAGES} if not told["readable"] else {},
        "terms": describing.terms(listing["offer"]["policy"], listing["id"]),
        "qualities": describing.qualities(listing["quality"]),
        "whole": whole(listing),
    }


def whole(listing: Mapping[str, Any]) -> JsonObject | None:
    """Return what all of it costs, None where that follows from how often or how long it is used."""
    tariff = describing.tariff(listing["offer"]["terms"]["tariff"], listing["offer"]["ask"])
    slider = slid(tariff, sold(listing), "")
    if slider is None or slider["name"] != SHARE or slider["cost"] is None:
        return None
    cost: JsonObject = slider["cost"]
    return {**cost, "sum": price_words.money(int(cost["amount"]), cost["currency"])}


def sold(listing: Mapping[str, Any]) -> dict[str, int]:
    """Return how much of each unit there is to be bought; of a part of the columns nobody knows before the quote."""
    terms, header = listing["offer"]["terms"], listing["header"]
    if terms.get("columns"):
        return {}
    records = describing.tariff(terms["tariff"]).records
    found = {"byte": header.get("plainBytes"), "piece": header.get("rows"), "row": sum(run.records for run in records)}
    return {unit: int(many) for unit, many in found.items() if many}


def _facts(told: JsonObject, lang: str) -> list[str]:
    """Return what the line under the title says, fact by fact."""
    facts = told["facts"]
    said = [showing.size(told["bytes"])]
    if int(told["tableRows"]):
        said.append(language.say(lang, "goods.rows", rows=showing.number(told["tableRows"])))
    if facts["columns"]:
        said.append(language.say(lang, "goods.columns", columns=showing.number(facts["columns"])))
    if facts["files"] > 1:
        said.append(language.say(lang, "goods.files", files=showing.number(facts["files"])))
    if period := facts["period"]:
        said.append(language.say(lang, "goods.period", begins=period["from"], ends=period["to"]))
    said.append(told["frequency"][lang])
    said += [facts["region"][lang]] if facts["region"] else []
    said += [facts["licence"]["name"]] if facts["licence"] else []
    return [*said, told["grade"][lang]]
