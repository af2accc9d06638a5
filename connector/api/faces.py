"""What is listed in the words of others: DCAT-AP, Croissant, the national registration, and the card that people print.

Law: the exchange makes a face of what it shows the asker, and of nothing else; Turtle is written of that where it is
asked for, and a card of the listing itself. A catalogue has pages, each as long as a page of what is found.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
from aiohttp import web

from catalog.dcat_ap import catalogue as catalogue_of
from catalog.found import is_found
from catalog.question import question
from catalog.turtle import turtle
from connector.api.exchange import seen
from connector.api.faults import JSON, as_json
from connector.console import card as cards
from connector.console import contract_text, given, rendering
from connector.console.given import CARD, CONTRACT, CROISSANT, DCAT, FILES, LINKED_TYPE, TURTLE, TURTLE_TYPE
from connector.console.language import LANGUAGES
from connector.exchange import kinds
from connector.exchange.finding import Finding
from connector.exchange.sight import grades
from connector.identity.space.exchange import ExchangeDoor
from connector.identity.space.view import SpaceView
from connector.runtime.errors import Absent
from connector.runtime.limits import CATALOGUE_FACE_BYTES_MAX, FOUND_ROWS_MAX, PAGE_ROWS_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.api.call import Call
    from connector.store.transaction import Tx
    from ledger.space.document import Space

LISTED = "/exchange/faces/dcat"
# what is made of a listing in a language
TEXTS = {CARD: cards.markdown, CONTRACT: contract_text.offered}


# ---- at the exchange


async def served(call: Call) -> web.Response:
    """Serve a listed product as another standard has it: `dcat`, `croissant` or `ndi`; a service as `dcat`."""
    key, name, space = call.path["id"], call.path["face"], call.of(SpaceView).last()
    role = space.members[call.peer].role

    def read(tx: Tx) -> dict[str, Any]:
        row, kind = seen(tx, key, call.peer, role), kinds.of(key)
        if name not in kind.FACES:
            raise Absent(f"there is no listing `{key[:200]}` with such a face", f"one of {', '.join(kind.FACES)}")
        return _of(kind.view(row), space)

    view = await call.act(read)
    document = await asyncio.to_thread(kinds.of(key).FACES[name], view)
    answer = as_json(document)
    answer.content_type = LINKED_TYPE if "@context" in document else JSON
    return answer


async def catalogue(call: Call) -> web.Response:
    """Serve a page of what is listed here as a catalogue of DCAT-AP, from the `first` on, as its asker sees it."""
    space, first = call.of(SpaceView).last(), call.first(FOUND_ROWS_MAX - PAGE_ROWS_MAX)
    sees = await call.core.store.read(lambda tx: grades(tx, call.peer, space.members[call.peer].role))
    keys, total = await call.of(Finding).keys(replace(question(""), sight=sees), limit=PAGE_ROWS_MAX, first=first)
    await call.spend()
    # what was found elsewhere is in its own exchange's catalogue
    own = [key for key in keys if not is_found(key)]
    views = await call.core.store.read(lambda tx: {key: kinds.shown(tx, key) for key in own})
    faces, looked = await asyncio.to_thread(_faces, keys, views, space)
    after = first + looked
    exchange = space.members[space.exchange]
    document = catalogue_of(
        faces,
        address=exchange.url + LISTED,
        title=exchange.name,
        publisher={"provider": exchange.did, "name": exchange.name},
        total=total,
        after=after if looked and after < total and after <= FOUND_ROWS_MAX - PAGE_ROWS_MAX else None,
    )
    answer = as_json(document)
    answer.content_type = LINKED_TYPE
    return answer


def _faces(keys: Sequence[str], views: Mapping[str, Any], space: Space) -> tuple[list[dict[str, Any]], int]:
    """Return the faces of the first of these that fit a page, and how many were looked at; one is told however long."""
    told: list[dict[str, Any]] = []
    size = 0
    for looked, key in enumerate(keys):
        view = views.get(key)
        if view is None:
            continue
        face = kinds.of(key).FACES[DCAT](_of(view, space))
        size += len(orjson.dumps(face))
        if told and size > CATALOGUE_FACE_BYTES_MAX:
            return told, looked
        told.append(face)
    return told, len(keys)


def _of(view: dict[str, Any], space: Space) -> dict[str, Any]:
    """Return a view with its provider's name and address, as the space has them."""
    member = space.members.get(view["provider"])
    return view if member is None else view | {"name": member.name, "at": member.url}


# ---- where it is asked for


async def face(call: Call) -> web.Response:
    """Show a listed product as another standard has it; as Turtle it is a text."""
    return as_json(await _face(call, call.path["face"]))


async def croissant(call: Call) -> web.Response:
    """Show a listed product as Croissant has it."""
    return as_json(await _face(call, CROISSANT))


async def card(call: Call) -> web.Response:
    """Show the card of a listed data set in each language, as Markdown."""
    return as_json(texts(await listing(call), CARD))


async def contract(call: Call) -> web.Response:
    """Show the contract that a listed data set is offered under in each language, as Markdown."""
    return as_json(texts(await listing(call), CONTRACT))


def texts(view: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return a text of `TEXTS` of a listing in each language."""
    return {lang: TEXTS[name](view, lang) for lang in LANGUAGES}


async def page(call: Call) -> web.Response:
    """Show a page of the exchange's catalogue as DCAT-AP has it; as Turtle it is a text."""
    return as_json(await _page(call, call.path["face"]))


async def file(call: Call) -> web.Response:
    """Give a product to an account of the console as a file of another standard, its card, or the contract offered."""
    name, kind = FILES[_tail(call)]
    if name in TEXTS:
        lang = call.request.query.get("lang", "")
        return _file(call, TEXTS[name](await listing(call), lang if lang in LANGUAGES else LANGUAGES[0]), kind)
    return _file(call, await _face(call, name), kind)


async def catalogue_file(call: Call) -> web.Response:
    """Give a page of the catalogue to an account of the console as a file."""
    name, kind = given.CATALOGUE[_tail(call)]
    return _file(call, await _page(call, name), kind)


async def listing(call: Call) -> dict[str, Any]:
    """Return what the exchange shows us of a product, with its provider's name and address."""
    view = await call.of(ExchangeDoor).ask("GET", "/exchange/products/" + quote(call.path["id"], safe=""))
    return _of(view, call.of(SpaceView).last())


async def _face(call: Call, name: str) -> Any:
    key, asked = quote(call.path["id"], safe=""), quote(DCAT if name == TURTLE else name, safe="")
    found = await call.of(ExchangeDoor).ask("GET", f"/exchange/products/{key}/faces/{asked}")
    return await _as(name, found)


async def _page(call: Call, name: str) -> Any:
    first = call.first(FOUND_ROWS_MAX - PAGE_ROWS_MAX)
    if name not in (DCAT, TURTLE):
        raise Absent(f"the catalogue has no face `{name[:200]}`", f"it has `{DCAT}` and `{TURTLE}`")
    found = await call.of(ExchangeDoor).ask("GET", f"{LISTED}?first={first}")
    return await _as(name, found)


async def _as(name: str, found: Any) -> Any:
    return {"text": await asyncio.to_thread(turtle, found)} if name == TURTLE else found


def _tail(call: Call) -> str:
    """Return the name that an address ends with."""
    return call.route.path.rpartition("/")[2]


def _file(call: Call, found: Any, kind: str) -> web.Response:
    """Return a file to keep: its name says what it is of."""
    told = found if isinstance(found, str) else found.get("text") if kind == TURTLE_TYPE else None
    body = orjson.dumps(found, option=orjson.OPT_INDENT_2) if told is None else str(told).encode()
    name = {"Content-Disposition": f'attachment; filename="{_tail(call)}"'}
    return web.Response(body=body, content_type=kind, charset="utf-8", headers={**rendering.HEADERS, **name})
