"""The market as its members look at it: prices of settled trades, complaints, spaces and their rules.

Law: all but complaints is the same for everybody who may ask; the exchange reads its own tables, a member asks it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote as quoted

from catalog.classes import DIMENSIONS
from catalog.complaint import COMPLAINANT, EXCHANGE, RESPONDENT, TABLE, Move
from connector.api.complaints import looked
from connector.console import language
from connector.console.leafing import cut
from connector.exchange.spaces import Spaces
from connector.exchange.trades import Trades
from connector.identity.space.exchange import ExchangeDoor
from connector.runtime.errors import Absent
from connector.runtime.limits import FOUND_ROWS_MAX

if TYPE_CHECKING:
    from connector.api.call import Call
    from contracts.canonical import JsonObject

MOVES = {move.value for _, move in TABLE}
# moves that say more than words have a form of their own
WITH_A_FORM = {Move.ORDER.value: "complaint-order", Move.PAY.value: "complaint-pay"}
# of a class: the dimensions that say what its codes are called
CODED = ("topic", "form")


async def prices(call: Call) -> JsonObject:
    """Return what was paid, by class; what few have traded is kept quiet."""
    found = await _asked(call, "/exchange/prices") if not _here(call) else await call.of(Trades).prices()
    rows = [{**row, **_class(row)} for row in found["prices"]]
    return {name: found[name] for name in ("suppressed", "least", "log")} | {"rows": rows}


def _class(row: JsonObject) -> dict[str, str]:
    """Return a class of data in words, by language."""
    topic, form = (DIMENSIONS[name].words(row[name]) or ("", "") for name in CODED)
    grade = (f"grade {row['grade']}", f"{row['grade']} 级")
    told = [topic, grade, form]
    return {lang: " · ".join(one[at] for one in told if one[at]) for at, lang in enumerate(language.LANGUAGES)}


async def spaces(call: Call) -> JsonObject:
    """Return the spaces of the exchange."""
    found = await call.of(Spaces).page() if _here(call) else await _asked(call, "/spaces")
    return {"operators": found["operators"], "rows": found["spaces"]}


async def space(call: Call) -> JsonObject:
    """Return a space with its rules in words, and every version that they had."""
    key = call.path["id"]
    if _here(call):
        return {**await call.of(Spaces).show(key), "rows": await call.of(Spaces).versions(key)}
    there = "/spaces/" + quoted(key, safe="")
    return {**await _asked(call, there), "rows": (await _asked(call, there + "/rules"))["versions"]}


async def complaints(call: Call) -> JsonObject:
    """Return the complaints that concern us, those first that are due first; all of them at the exchange."""
    first = call.first(FOUND_ROWS_MAX)
    rows = (await looked(call, await _asked(call, f"/exchange/complaints?first={first}")))["complaints"]
    return cut(first, rows)


async def complaint(call: Call) -> JsonObject:
    """Return one complaint with the moves that are ours now."""
    told: JsonObject = await looked(
        call, await _asked(call, "/exchange/complaints/" + quoted(call.path["id"], safe=""))
    )
    mine = {told["complainant"]: COMPLAINANT, told["respondent"]: RESPONDENT}.get(call.core.identity.did, EXCHANGE)
    late = told.get("overdue", False)
    may = [
        move.value
        for (at, move), step in TABLE.items()
        if (at, step.role) == (told["state"], mine) and step.when_late <= late
    ]
    forms = [{"move": move, "act": act} for move, act in WITH_A_FORM.items() if move in may]
    return {**told, "moves": [move for move in may if move not in WITH_A_FORM], "forms": forms}


async def complain(call: Call, fields: dict[str, str]) -> str:
    """Make a move on a complaint, with its words."""
    act, there = call.path["act"], "/complaints/" + quoted(call.path["id"], safe="")
    if act not in MOVES - set(WITH_A_FORM):
        raise Absent(f"a complaint has no move `{act[:40]}`", f"one of {', '.join(sorted(MOVES))}")
    await call.of(ExchangeDoor).ask("POST", f"/exchange{there}/{act}", {"words": fields["reason"]})
    return there


def _here(call: Call) -> bool:
    return EXCHANGE in call.core.identity.roles


async def _asked(call: Call, path: str) -> Any:
    return await call.of(ExchangeDoor).ask("GET", path)
