"""Declared acts on the console: the list of those that change something, a form for each, a preview, and the doing.

Law: nothing is done before what would be done was shown: the form leads to the same page with what was filled in, there
stands the act in words, rehearsed where it can be, and only that page has the button. What is done is what the
management interface does, by the same handler and for an exchange's operators by the same rule (`governed`).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from connector.api import rehearsals
from connector.api.authorize import MANAGED
from connector.api.call import Call, Kept
from connector.api.operators import govern, handler_of
from connector.api.pages import governed, program_choice
from connector.client.acts import request
from connector.client.acts.act import BELOW, FRESH
from connector.client.acts.table import BY_CALL
from connector.console import answers
from connector.console.acts import ACT_BY_ROUTE
from connector.console.amounts import hundredths
from connector.console.language import LANGUAGES
from connector.console.page import TWIN, Shown
from connector.identity.space.view import SpaceView
from connector.runtime.limits import REASON_CHARACTERS_MAX
from contracts import price_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.act import Act, Field
    from contracts.canonical import JsonObject

LIST = "/acts"
# a sentence without what ends it is what an act is called
ENDS = ".。"
# kinds of fields that are typed in several lines
LONG = frozenset({"texts", "pairs", "document"})
# act → where what it makes is seen, beside all that it made before
LEADS: Mapping[str, str] = {"program_assent": "/assents/{assent}"}


async def acts(call: Call) -> JsonObject:
    """Return the acts that this account may do here, each with its command, and the one that was just done."""
    assert call.session is not None
    done = BY_CALL.get(call.request.query.get("done", "").replace("-", "_"))
    rows = [_told(act) for act in BY_CALL.values() if act.shown and call.session.roles & set(act.roles.split())]
    return {"rows": rows, "done": None if done is None else _told(done)}


async def form(call: Call) -> JsonObject:
    """Return an act's fields; for who may act, and has filled them in, also what would be done."""
    act = _act(call)
    assert call.session is not None
    asked = {name: call.request.query.get(name, "") for name, _ in request.leaves(act.asks)}
    looks = call.session.operator and "preview" in call.request.query
    asked |= _drawn(act, asked) if looks else {}
    told = _formed(act, asked) | (await program_choice.offered(call, act) if call.session.operator else {})
    if not looks:
        return told
    told["chosen"] = await program_choice.chosen(call, act, asked)
    path, body = await _requested(call, act, asked)
    shown = _worded(act, asked, call.of(SpaceView).known_currency())
    said = {lang: text.format_map(shown) for lang, text in zip(LANGUAGES, act.says, strict=True)}
    return told | {"preview": said | {"steps": await rehearsed(call, path, body) if act.rehearse else None}}


async def do(call: Call, fields: dict[str, str]) -> str | Shown:
    """Do an act; return where it is said that it was done, or where what waits is seen, or what it was answered."""
    act = _act(call)
    given, (path, body) = _given(act, _counted(call, act, fields)), await _requested(call, act, fields)
    variables = {one.wire: given[one.name] for one in act.within("path")}
    variables |= {name: value for name, value in act.always.items() if name not in act.fixed}
    asked = await _asking(call, MANAGED[act.method, act.route], Kept(variables, body, BELOW + path))
    answer = await govern(asked, handler_of(asked.route))
    if answer.status == governed.WAITS:
        return governed.PENDING
    if not act.tells and act.call not in LEADS:
        return f"{LIST}?done={act.slug}"
    assert isinstance(answer, web.Response)
    assert isinstance(answer.body, bytes)
    found = orjson.loads(answer.body)
    if act.call in LEADS:
        return LEADS[act.call].format_map(found)
    told = _formed(act, fields | {act.tells: ""})  # what is asked next gets an id of its own
    told |= await program_choice.offered(call, act)
    return Shown(f"{LIST}/{act.slug}", told | {"answer": answers.shown(found)})


async def _requested(call: Call, act: Act, typed: Mapping[str, str]) -> tuple[str, Any]:
    """Return the path and the body with which what was typed is asked for; raises InvalidInput, Absent."""
    given = await program_choice.placed(call, act, _given(act, _counted(call, act, typed)))
    return request.request(act, given)


async def rehearsed(call: Call, path: str, body: Any) -> Any:
    """Return the steps that an act would take."""
    route = MANAGED["POST", BELOW + "rehearsals"]
    answer = await rehearsals.rehearse(await _asking(call, route, Kept({}, {"path": path, "body": body})))
    assert isinstance(answer.body, bytes)
    return orjson.loads(answer.body)["steps"]


async def _asking(call: Call, route: Any, kept: Kept) -> Call:
    return call.inner(route, kept, await governed.acting(call))


def _act(call: Call) -> Act:
    """Return the act whose page or form is asked for."""
    row = ACT_BY_ROUTE[call.route.path.removesuffix(TWIN)]
    return BY_CALL[row.path.removeprefix(LIST + "/").replace("-", "_")]


def _given(act: Act, typed: Mapping[str, str]) -> dict[str, Any]:
    read = {name: request.parsed(one, typed[name].strip()) for name, one in request.leaves(act.asks)}
    return request.joined(act.asks, read)


def _counted(call: Call, act: Act, typed: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed with its amounts in hundredths, as the command line reads them; raises InvalidInput."""
    currency, read = call.of(SpaceView).known_currency(), dict(typed)
    for name, one in request.leaves(act.asks):
        if one.kind == "money" and typed[name].strip():
            read[name] = hundredths(typed[name], currency)
    return read


def _worded(act: Act, typed: Mapping[str, str], currency: str) -> dict[str, str]:
    """Return what was typed with its amounts as people read them."""
    amounts = {name for name, one in request.leaves(act.asks) if one.kind == "money" and typed[name].strip()}
    return {
        name: price_words.money(int(hundredths(text, currency)), currency) if name in amounts else text
        for name, text in typed.items()
    }


def _drawn(act: Act, typed: Mapping[str, str]) -> dict[str, str]:
    """Return ids that nobody gave, so that what was looked at is what is done, and once."""
    drawn = [one.name for one in act.asks if one.default is FRESH or one.name == act.tells]
    return {name: str(uuid.uuid4()) for name in drawn if not typed[name].strip()}


def _told(act: Act) -> JsonObject:
    """Return what an act is called: its sentence with its fields left open."""
    open_ = {name: "…" for name, _ in request.leaves(act.fields)}
    said = {lang: text.format_map(open_).rstrip(ENDS) for lang, text in zip(LANGUAGES, act.says, strict=True)}
    return {"act": act.slug, **said, "command": act.words and "penstock " + act.words}


def _formed(act: Act, typed: Mapping[str, str]) -> JsonObject:
    """Return an act's form as it is filled in; nothing is looked at, and nothing answered."""
    fields = [_field(name, one, typed[name]) for name, one in request.leaves(act.asks)]
    carried = {one["name"]: one["value"] for one in fields if one["value"]}
    before = LEADS[act.call].rpartition("/")[0] if act.call in LEADS else ""
    shown = {"fields": fields, "carried": carried, "before": before}
    return _told(act) | shown | {"preview": None, "chosen": [], "answer": None}


def _field(name: str, field: Field, value: str) -> JsonObject:
    shown = value or (str(field.default) if type(field.default) in (str, int) else "")
    about = {"name": name, "value": shown, "needed": field.needed, "long": field.kind in LONG}
    about |= {"ticked": field.kind == "truth" and field.default in (False, None)}
    return about | {"en": field.words[0], "zh": field.words[1], "most": REASON_CHARACTERS_MAX}
