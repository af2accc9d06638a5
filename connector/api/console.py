"""The console over HTTP: pages with their twins, forms, signing in, what changes while one looks, and the two files.

Law: a page is its row in `connector.console.pages`, a form in `connector.console.acts`; its roles are checked against
the account's before its source or act is called, and a form besides for its token and for whether the account may act.
"""

from __future__ import annotations

import asyncio
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode

import orjson
from aiohttp import web

from connector.api import uploading
from connector.api.pages import trying
from connector.client.acts.request import leaves
from connector.compute.program_files import BYTES_MAX, ProgramFiles
from connector.console import rendering
from connector.console.accounts import Accounts
from connector.console.acts import ACT_BY_ROUTE, FILES_OF
from connector.console.fields import FILES
from connector.console.page import PREFIX, TWIN, Shown
from connector.console.pages import BY_ROUTE
from connector.console.sessions import Sessions
from connector.consumer.acquisition import Acquisitions
from connector.consumer.held_lists import HeldLists
from connector.consumer.steps import FINAL
from connector.identity.space.view import SpaceView
from connector.operation.oidc.provider import Provider
from connector.runtime.errors import Absent, InvalidInput, NotPermitted, PenstockError, Unproven, explain_failure
from connector.runtime.limits import FORM_FIELDS_MAX, LIVE_SECONDS_MAX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.api.call import Call
    from connector.console.page import Page
    from connector.console.sessions import Session

    Source = Callable[[Call], Awaitable[dict[str, Any]]]
    Deed = Callable[[Call, dict[str, str]], Awaitable[str | Shown]]

FORM = "application/x-www-form-urlencoded"
FORM_TOKEN = "form"  # noqa: S105  # a field's name
STATIC = {"console.css": "text/css", "console.js": "text/javascript", "console.svg": "image/svg+xml"}
STATIC_SECONDS = 300
LIVE_STEP_SECONDS = 1.0
HOME = PREFIX + "/overview"
VIEWED = "record.viewed"
PROVIDER, BUYER = frozenset({"provider"}), frozenset({"buyer"})
SIGN_IN_FIELDS = frozenset({"name", "password", "code", "next"})


async def page(call: Call) -> web.Response:
    """Show a page, or its twin."""
    row, session = BY_ROUTE[call.route.path], _session(call)
    _permit(row.roles, session)
    twin = call.path.get("twin", "")
    if twin == ".csv" and not row.columns:
        raise Absent("this page has no table", "ask for its `.json`")
    data = await _found(row.source)(call)
    await _leave_trace(call, row, session)
    if twin == ".json":
        return rendering.as_json(data)
    if twin == ".csv":
        return rendering.as_csv(row, data)
    return _html(call, row, session, data)


def _html(call: Call, row: Page, session: Session, data: dict[str, Any]) -> web.Response:
    space = call.of(SpaceView).last()
    context = {
        "page": row,
        "data": data,
        "form_token": call.of(Sessions).form_token(session),
        "participant": call.core.settings.participant,
        "names": {did: member.name for did, member in space.members.items()},
        "currency": space.currency,
    }
    return rendering.html(call.request, row.name, context, session=session)


async def act(call: Call) -> web.Response:
    """Do what a form says and lead to the page that shows it; what is kept nowhere is shown at once."""
    row, session = ACT_BY_ROUTE[call.route.path], _session(call)
    fields = await _form(call, frozenset(row.fields), session)
    _permit_act(row.roles, session, own=row.own)
    if empty := [name for name in row.fields if name not in row.optional and not fields[name].strip()]:
        raise InvalidInput(f"`{empty[0]}` is empty", "fill it in")
    there = await _found(row.act)(call, fields)
    if isinstance(there, Shown):
        return _html(call, BY_ROUTE[PREFIX + there.path + TWIN], session, there.data)
    return see(PREFIX + there)


async def upload(call: Call) -> web.Response:
    """Take files that are to be published, and lead to the form with them chosen."""
    session = _session(call)
    _permit_act(PROVIDER, session)
    sessions = call.of(Sessions)
    paths = await uploading.take(call, FORM_TOKEN, lambda told: sessions.check_form(call.request, told, session))
    return see(f"{PREFIX}/publish?{urlencode([(FILES, path) for path in paths])}")


async def bring(call: Call) -> web.Response:
    """Take the files of an act's form, and lead to it with them chosen and all else as it was filled in."""
    session, act = _session(call), FILES_OF[call.route.path]
    _permit_act(frozenset(act.roles.split()), session)
    sessions, kinds = call.of(Sessions), {one.name: one.upload for one in act.uploads}
    most = {name: BYTES_MAX[kind] for name, kind in kinds.items()}
    sent = await uploading.take_short(
        call, FORM_TOKEN, lambda told: sessions.check_form(call.request, told, session), most
    )
    keep = call.of(ProgramFiles).keep
    chosen = {name: (await keep(kinds[name], told, content)).digest for name, (told, content) in sent.items()}
    typed = {name: call.request.query[name] for name, _ in leaves(act.asks) if name in call.request.query}
    return see(f"{PREFIX}/acts/{act.slug}?{urlencode(typed | chosen)}")


async def bring_list(call: Call) -> web.Response:
    """Take a list of one's own that is to be tried on a product, and lead to what that costs."""
    session = _session(call)
    _permit_act(BUYER, session)
    sessions = call.of(Sessions)
    with call.of(HeldLists).coming():
        sent = await uploading.take_short(
            call, FORM_TOKEN, lambda told: sessions.check_form(call.request, told, session), trying.MOST
        )
        return see(PREFIX + await trying.hold(call, sent))


async def home(_call: Call) -> web.Response:
    """Lead to the first page."""
    return see(HOME)


async def form(call: Call) -> web.Response:
    """Show where one signs in."""
    return sign_in_page(call, inside(call.request.query.get("next", "")))


async def sign_in(call: Call) -> web.Response:
    """Begin a session with name, password and, for who may act, a one-time code."""
    fields = await _form(call, SIGN_IN_FIELDS, None)
    there = inside(fields["next"])
    try:
        await call.of(Accounts).check(fields["name"], fields["password"], fields["code"])
    except Unproven as fault:
        return sign_in_page(call, there, fields["name"], fault)
    answer = see(there)
    await call.of(Sessions).begin(fields["name"], answer)
    return answer


async def enter(call: Call) -> web.Response:
    """Begin a session with a link that the owner has given out."""
    name = await call.of(Accounts).take_link(call.request.query.get("token", ""))
    answer = see(HOME)
    await call.of(Sessions).begin(name, answer)
    return answer


async def sign_out(call: Call) -> web.Response:
    """End the session."""
    session = _session(call)
    await _form(call, frozenset(), session)
    answer = see(PREFIX + "/sign-in")
    await call.of(Sessions).end(session, answer)
    return answer


async def live(call: Call) -> web.StreamResponse:
    """Say what an acquisition does while it does it, as server-sent events."""
    session, key = _session(call), call.path["id"]
    _permit(frozenset({"buyer"}), session)
    view = await call.of(Acquisitions).view(key)
    headers = {**rendering.HEADERS, "Content-Type": "text/event-stream"}
    answer = web.StreamResponse(headers=headers)
    await answer.prepare(call.request)
    loop, told = asyncio.get_running_loop(), b""
    until = loop.time() + LIVE_SECONDS_MAX
    while loop.time() < until and not call.request.app[CLOSING].is_set():
        if (said := orjson.dumps(view)) != told:
            await answer.write(b"data: " + said + b"\n\n")
            told = said
        if view["state"] in FINAL:
            break
        view = await call.of(Acquisitions).wait(key, view["mark"], LIVE_STEP_SECONDS)
    await answer.write_eof()
    return answer


async def static(call: Call) -> web.Response:
    """Serve the style sheet or the script."""
    name = call.path["name"]
    if name not in STATIC:
        raise Absent(f"there is no file `{name[:100]}` here")
    headers = {**rendering.HEADERS, "Cache-Control": f"max-age={STATIC_SECONDS}"}
    return web.Response(body=_file(name), content_type=STATIC[name], charset="utf-8", headers=headers)


CLOSING = web.AppKey("console-closing", asyncio.Event)


def prepare(app: web.Application) -> None:
    """Give an application the console's templates, and what ends its streams when the server stops."""
    rendering.prepare(app)
    app[CLOSING] = asyncio.Event()

    async def closing(_app: web.Application) -> None:
        app[CLOSING].set()

    app.on_shutdown.append(closing)


def _session(call: Call) -> Session:
    assert call.session is not None, "the row of the route asks for an account"
    return call.session


def _permit(roles: frozenset[str], session: Session) -> None:
    if not roles & session.roles:
        needed = ", ".join(sorted(roles))
        raise NotPermitted(f"this is for accounts with the role {needed}", "ask the owner for such an account")


def _permit_act(roles: frozenset[str], session: Session, *, own: bool = False) -> None:
    _permit(roles, session)
    if not (session.operator or own):
        raise NotPermitted("your account may look and not act", "ask the owner for an account that may act")


async def _leave_trace(call: Call, row: Page, session: Session) -> None:
    """Record what a regulator has looked at: who supervises leaves evidence, too."""
    if not (row.logged and "regulator" in session.roles):
        return
    now = call.core.clock.now()
    about = call.path.get("id", "") or call.request.query.get("q", "")[:200]
    fields = {"account": session.name, "about": about}
    await call.core.store.write(
        lambda tx: call.core.evidence.record(tx, VIEWED, part=row.name, fields=fields, now=now), short=True
    )


async def _form(call: Call, known: frozenset[str], session: Session | None) -> dict[str, str]:
    """Return a form's fields, exactly those that are known; raises InvalidInput, and NotPermitted for a foreign one."""
    if call.request.content_type != FORM:
        raise InvalidInput(f"a form comes as `{FORM}`")
    try:
        raw = (await call.request.read()).decode()
        pairs = parse_qsl(raw, keep_blank_values=True, strict_parsing=bool(raw), max_num_fields=FORM_FIELDS_MAX)
    except ValueError as error:
        raise InvalidInput(f"the form cannot be read: {error}") from error
    fields = dict(pairs)
    call.of(Sessions).check_form(call.request, fields.pop(FORM_TOKEN, ""), session)
    if set(fields) != known or len(pairs) != len(known) + 1:
        raise InvalidInput(f"this form has exactly the fields {', '.join(sorted(known)) or 'none'}")
    return fields


def sign_in_page(call: Call, there: str, name: str = "", fault: PenstockError | None = None) -> web.Response:
    """Return the page where one signs in, with what was refused; it leads to `there`, an address of the console."""
    draft = web.Response()
    token = call.of(Sessions).stranger_token(call.request, draft)
    failure = None if fault is None else explain_failure(fault)
    context: dict[str, Any] = {"there": there, "name": name, "failure": failure, "form_token": token}
    context |= {"participant": call.core.settings.participant, "provider": call.of(Provider).name}
    status = 200 if failure is None else failure.status
    answer = rendering.html(call.request, "sign-in", context, session=None, status=status)
    answer.cookies.update(draft.cookies)
    return answer


def inside(told: str) -> str:
    """Return an address of the console to lead to, its first page for any other."""
    plain = told.isascii() and told.isprintable() and "\\" not in told
    return told if plain and told.startswith(PREFIX + "/") else HOME


def see(there: str) -> web.Response:
    """Return what leads to an address of the console."""
    return web.Response(status=303, headers={**rendering.HEADERS, "Location": quote(there, safe="/?&=%:,+~.-_")})


@cache
def _found(name: str) -> Any:
    """Return a source or act by `module.function`."""
    module, function = name.split(".")
    return getattr(import_module(f"connector.api.pages.{module}"), function)


@cache
def _file(name: str) -> bytes:
    return files("connector.console").joinpath("static", name).read_bytes()
