"""A question that is put together from choices, without a statement being written: the choices, what is made of them.

Law: the page asks nothing: its address has the choices, and its button sends the statement that was read to the form of
the act (`query-ask`), which asks it.
"""

from __future__ import annotations

import uuid
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.api.pages import declared, saying
from connector.client.acts import request
from connector.client.acts.table import BY_CALL
from connector.compute import epsilon
from connector.compute.choices import CUT, CUTS, LEFT, SIGNS, Choices, Condition, cuts
from connector.compute.saved import saved
from connector.console import describing
from connector.console.fitting import within
from connector.consumer.choosing import Choosing
from connector.provider.uploads import Uploads
from connector.runtime import rehearsal
from connector.runtime.errors import PenstockError, as_reason
from contracts.errors import ContractError
from contracts.noise import epsilon_text
from contracts.units import SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.api.call import Call
    from connector.compute.choices import Choosable
    from connector.consumer.choosing import Asked
    from contracts.canonical import JsonObject

# choices of a kind that a page has room for; a command may say more
MEASURES: Final = 2
GROUPS: Final = 3
CONDITIONS: Final = 4
SAID_MAX: Final = 1_000
# names of columns, each of which stands in every list of the page; those of one more are chosen by command
COLUMNS_BYTES_MAX: Final = 8_000
ALIKE: Final = "<>"  # another way to type `!=`
SELLER: Final = "provider"  # role of who publishes
TEXTS: Final = ("epsilon", "at_most", "purpose", "said")


async def question(call: Call) -> JsonObject:
    """Return what may be chosen; once something is, also the statement, what it costs and what is held back."""
    offered = await call.of(Choosing).offered(call.path["id"])
    query = call.request.query
    table = query.get("table", "")
    among = offered.among(table if table in offered.tables else None)
    typed = _typed(call)
    told = _choosable(offered, among) | {
        "typed": typed,
        "made": "",
        "file": "",
        "steps": [],
        "sends": {},
        "failure": None,
        "keeps": _keeps(call),
    }
    told |= {"job": str(uuid.uuid4()), "limits": _limits(offered, typed["epsilon"])}
    if "look" not in query:
        return told
    try:
        if typed["leaves"]:
            told["file"] = orjson.dumps(saved(_choices(typed), among).json()).decode()
            return told
        told["made"] = _choices(typed).statement(among)
        assert call.session is not None
        if offered.agreement is not None and call.session.operator:
            told["sends"] = _sends(offered.agreement.digest, told)
            told["steps"] = await _priced(call, told["sends"])
    except PenstockError as fault:
        told["failure"] = describing.failure(as_reason(fault))
    left = next((one["content"].get("left") for one in told["steps"] if one["step"] == rehearsal.PAY), None)
    told["limits"]["left"] = left or ""
    return told


def _keeps(call: Call) -> bool:
    """Say whether who looks may keep a question here, to publish it as an application."""
    assert call.session is not None
    return call.session.operator and SELLER in call.session.roles and call.of(Uploads).allowed


def _sends(agreement: str, told: JsonObject) -> dict[str, str]:
    """Return what the button sends: every field of the act's form, empty where the page says nothing of it."""
    said = {name: told["typed"][name] for name in TEXTS}
    said |= {"what": agreement, "statement": told["made"], "job": told["job"]}
    return {name: said.get(name, "") for name, _ in request.leaves(BY_CALL["query_ask"].asks)}


async def _priced(call: Call, sends: Mapping[str, str]) -> Any:
    """Return the steps that asking would take; raises InvalidInput, NotPermitted."""
    act = BY_CALL["query_ask"]
    read = {name: request.parsed(one, sends[name].strip()) for name, one in request.leaves(act.asks)}
    path, body = request.request(act, request.joined(act.asks, read))
    return await declared.rehearsed(call, path, body)


def _typed(call: Call) -> dict[str, Any]:
    """Return what was filled in, each list as long as the page has room for."""
    query = call.request.query

    def several(name: str, most: int) -> list[str]:
        return [one[:SAID_MAX] for one in (query.getall(name, []) + [""] * most)[:most]]

    groups = zip_longest(several("by", GROUPS), several("cut", GROUPS), fillvalue="")
    conditions = zip_longest(*(several(name, CONDITIONS) for name in ("column", "sign", "value")), fillvalue="")
    return {
        "count": "count" in query or "look" not in query,
        "subjects": "subjects" in query,
        "leaves": "leaves" in query,
        **{name: several(name, MEASURES) for name in ("sum", "average")},
        "by": [{"column": column, "cut": cut} for column, cut in groups],
        "where": [{"column": column, "sign": sign, "value": value} for column, sign, value in conditions],
        **{name: query.get(name, "").strip()[:SAID_MAX] for name in TEXTS},
    }


def _choices(typed: Mapping[str, Any]) -> Choices:
    conditions = (_condition(**one, leaves=typed["leaves"]) for one in typed["where"] if one["column"])
    by = tuple(one["column"] + (CUT + one["cut"] if one["cut"] else "") for one in typed["by"] if one["column"])
    sums, averages = (tuple(filter(None, typed[name])) for name in ("sum", "average"))
    return Choices(typed["count"], typed["subjects"], sums, averages, by, tuple(conditions))


def _condition(column: str, sign: str, value: str, *, leaves: bool) -> Condition:
    """Return a condition; of a question that is kept `:NAME` is a value that it leaves open."""
    left = value.strip() if leaves and LEFT.fullmatch(value.strip()) else ""
    return Condition(column, sign, "" if left else value, left[1:])


def _choosable(offered: Asked, among: Choosable) -> JsonObject:
    noise, tariff = offered.gate.noise, offered.terms["tariff"]
    dated = any(cuts(kind) for kind in among.columns.values())
    return {
        "id": offered.product,
        "title": offered.title,
        "provider": offered.provider,
        "agreement": "" if offered.agreement is None else offered.agreement.digest,
        "price": describing.price(tariff),
        "tables": list(offered.tables),
        "table": among.table,
        "columns": within(list(among.columns), COLUMNS_BYTES_MAX),
        "summed": within([name for name in among.columns if name in among.summed], COLUMNS_BYTES_MAX),
        "cuts": list(CUTS) if dated else [],
        "subject": among.subject,
        "signs": [one for one in SIGNS if one != ALIKE],
        "chooses": [epsilon_text(one) for one in noise.choice] if noise is not None and noise.choice else [],
        "seconds": tariff.get("unit") == SECOND,
        "purposes": describing.purposes(),
        "asked": saying.asked(offered.terms.get("policy") or {}),
    }


def _limits(offered: Asked, chosen: str) -> JsonObject:
    """Return what holds of an answer, by its gate, at the ε that was chosen."""
    gate = offered.gate
    told: JsonObject = {name: str(getattr(gate, name)) for name in ("least", "share", "digits")}
    if gate.noise is None:
        return told | {"epsilon": "", "budget": ""}
    try:
        spent = gate.noise.chosen(epsilon.typed(chosen or None))
    except (ContractError, PenstockError):  # it is refused when the price is looked at
        spent = gate.noise.epsilon
    return told | {"epsilon": epsilon_text(spent), "budget": epsilon_text(gate.noise.budget)}
