"""Who may call what: the table is the application, every cell of it is asked, and somebody else's is nobody's."""

from __future__ import annotations

import hmac
import json
import re
from functools import partial
from hashlib import sha256
from itertools import combinations

import pytest

from connector.api import operators, server
from connector.api.authorize import ALL, BODY_BYTES, ROUTES, Who
from connector.api.edc_calls import RELEASES
from connector.channel import wire
from connector.channel.messages import KeyRequest, Released, Resume, Step, VoucherMessage
from connector.core.core import Core
from connector.custody import bearers, passes, tickets
from connector.identity import readers
from connector.negotiation.protocol import messages, states, validation
from connector.operation.health import Health
from connector.operation.metrics import Metrics
from connector.runtime import settings
from connector.runtime.spans import Spans
from connector.store.tenure import Tenure
from contracts import signature
from contracts.typed_data import Order, Range, Voucher
from ledger.dispute.ruling import Ruling
from ledger.dispute.verdict import Finding
from tests.core import Parts, core
from tests.every import every
from tests.fault import extent
from tests.hostile import wire as raw
from tests.hostile.host import CHANNEL, DISPUTE, EDITION, HIDDEN, HOST, NEGOTIATION, TRANSFER
from tests.negotiation import cells as spoken

pytestmark = pytest.mark.asyncio(loop_scope="session")

ERROR_OF = {"negotiations": "ContractNegotiationError", "transfers": "TransferError", "catalog": "CatalogError"}
# below these are numbers, and there is one 0
NUMBERED = ("/log/addenda/", "/console/evidence/", "/management/things/", "/management/traces/")
# heads that every answer has of its own
OWN = frozenset({"Date", "Content-Length", "X-Request-ID"})
ABSENT_PID, ABSENT_ID = "urn:uuid:absent", "0f" * 32


# --- the table is the application


def some(count):
    """Return sets of so many roles: each alone and each pair, of the rest two a run, and in the long run all."""
    sets = list(combinations(sorted(ALL), count))
    return sets if count <= 2 else extent.drawn(sets, 2)


@every("count", range(1, len(ALL) + 1))
async def test_an_application_has_the_routes_of_its_roles_and_all_of_its_owner_s_and_no_others(count):
    own = settings.build({"server.development": True})
    for roles in some(count):
        ground = core(roles=frozenset(roles), settings=own)
        app = server.build(Parts(dict.fromkeys((Spans, Metrics, Tenure, Health)) | {Core: ground}))
        served = [(route.method, route.resource.canonical) for route in app.router.routes()]
        assert len(served) == len(set(served))
        meant = [row for row in ROUTES if row.roles & set(roles) or row.who is Who.OWNER]
        assert set(served) == {(row.method, without_patterns(row.path)) for row in meant}


async def test_every_row_is_whole():
    """Nobody is let in by an oversight: a caller, a role, a handler that exists, and only handlers that have a row."""
    assert len({(row.method, row.path) for row in ROUTES}) == len(ROUTES)
    for row in ROUTES:
        assert callable(operators.handler_of(row))
        assert row.roles
        assert row.roles <= ALL
        assert (row.kind in validation.SCHEMA_OF) == (row.method == "POST" and row.path.startswith("/dsp/"))
        assert (row.who is Who.OWNER) == row.path.startswith("/management/")
    assert set(BODY_BYTES) <= {row.handler for row in ROUTES}


async def test_every_row_is_served(host, say):
    for row in ROUTES:
        said = await say(row.method, filled(row, host))
        assert said.status != 405, row
        assert b"nothing is served under this path" not in said.body, row


# --- every cell of the table

SEQUENCE = "0123456789abcdef" * 2  # of a push that was never asked for
# kind of caller → its header; the bearer of a ticket has one for the host's own edition
CALLERS = {
    "nobody": lambda _host, _stranger: {},
    "noise": lambda _host, _stranger: {"Authorization": "Bearer x.y.z"},
    "another scheme": lambda _host, _stranger: {"Authorization": "Basic dXNlcjpzZWNyZXQ="},
    "a key that nobody has": lambda _host, _stranger: {"Authorization": "Bearer key.x"},
    "a letter beyond ASCII": lambda _host, _stranger: {"Authorization": "Bearer \u00fc\U0001f511"},
    "a peer": lambda host, stranger: stranger.bearer(host.identity),
    "a peer of somebody else": lambda _host, stranger: stranger.bearer("did:web:elsewhere.example"),
    "the member": lambda host, _stranger: host.member,
    "a ticket": lambda host, _stranger: {"Authorization": ticket(host)},
    "a token": lambda host, _stranger: {"Authorization": token(host)},
    "a pass": lambda host, _stranger: {"Authorization": a_pass(host)},
    "the member by its log": lambda host, _stranger: a_reader(host, host.identity),
    "the member's log, for another": lambda host, _stranger: a_reader(host, "did:web:elsewhere.example"),
    "a control plane": lambda host, _stranger: host.plane,
    "a data plane": lambda host, _stranger: host.mover,
    "a data plane that pushes": lambda host, _stranger: sender(host),
    "a provider that pushes": lambda host, _stranger: sender(host, b"ndi-push", SEQUENCE),
    "the owner": lambda host, _stranger: host.owner,
    "an account": lambda host, _stranger: host.account,
}
# who is let in by a row; a peer that is no member is told that nothing is there
LETS_IN = {
    Who.ANYONE: set(CALLERS),
    Who.PEER: {"a peer", "the member"},
    Who.PARTY: {"a peer", "the member"},
    Who.MEMBER: {"the member"},
    Who.TICKET: {"a ticket"},
    Who.BEARER: {"a token"},
    Who.PASS: {"a pass"},
    Who.READER: {"the member by its log"},
    Who.PLANE: {"a control plane"},
    Who.MOVER: {"a data plane"},
    Who.SENDER: {"a data plane that pushes"},
    Who.OWNER: {"the owner"},
    Who.ACCOUNT: {"an account"},
}


def ticket(host):
    return tickets.SCHEME + tickets.issue(*about(host))


def token(host):
    return bearers.SCHEME + bearers.issue(*about(host))


def about(host):
    key = (host.people[HOST].data / "keys" / "ticket.key").read_bytes()
    return key, bytes.fromhex(host.edition), tickets.NO_SUBJECT, tickets.NO_TRANSFER, host.now()


def sender(host, door=b"flow-in", number=CHANNEL):
    """Return what proves to us who sends by a flow or a push, whether there is one or not."""
    ours = hmac.digest(about(host)[0], b"penstock/%s/v1\x00" % door, sha256)
    return {"Authorization": "Bearer " + hmac.digest(ours, number.encode(), sha256).hex()}


def a_reader(host, holder):
    """Return what proves the host, which is the space's one member, to a holder."""
    return readers.header(host.keys(HOST).log, host.identity, holder, host.now())


def a_pass(host):
    """Return a pass to what is held here, by a signer who may be anybody."""
    sign = partial(signature.sign, private_key=bytes(31) + b"\1")
    return passes.SCHEME + passes.issue(sign, bytes.fromhex(host.edition), host.identity, host.now())


def entitled(row, host, stranger):
    """Return the header of somebody whom a route lets in."""
    return {
        Who.ANYONE: dict,
        Who.PEER: lambda: stranger.bearer(host.identity),
        Who.PARTY: lambda: stranger.bearer(host.identity),
        Who.MEMBER: lambda: host.member,
        Who.TICKET: lambda: {"Authorization": ticket(host)},
        Who.BEARER: lambda: {"Authorization": token(host)},
        Who.PASS: lambda: {"Authorization": a_pass(host)},
        Who.PLANE: lambda: host.plane,
        Who.MOVER: lambda: host.mover,
        Who.OWNER: lambda: host.owner,
        Who.ACCOUNT: lambda: host.account,
    }[row.who]()


def named(row, name):
    """Return a route's path with a name in every place."""
    ids = dict.fromkeys(
        ("pid", "id", "edition", "tail", "path", "index", "name", "face", "alias", "number", "sequence", "assent"), name
    )
    return without_patterns(row.path).format(**ids, act="release", step="offer", twin="")


def filled(row, host):
    pid = TRANSFER if "transfers" in row.path else NEGOTIATION
    ids = {"pid": pid, "id": CHANNEL, "edition": host.edition, "tail": "0/000", "index": 0, "name": "console.css"}
    ids |= {"path": "a.csv", "alias": "vc11-sl2021", "number": 0, "sequence": SEQUENCE, "assent": "0" * 64}
    return without_patterns(row.path).format(act="release", move="withdraw", step="offer", face="dcat", twin="", **ids)


def without_patterns(path):
    """Return a path with the names of its variables alone, as the router shows it."""
    return re.sub(r":[^{}]+(?=})", "", path)


def verdict(row, said):
    """Return whether the caller was let in; what a refusal looks like is checked here."""
    if row.path.startswith("/dsp/"):
        refused = said.status == 404 and said.json["code"] in ("token", "unproven")
        if refused:
            kind = ERROR_OF[row.path.split("/")[2]]
            assert said.json["@type"] == kind
            assert validation.agrees(kind, said.json)
        return not refused
    if said.status == 401 and row.method == "HEAD":
        return False
    if said.status == 401 and row.path.startswith(RELEASES):
        assert [one["type"] for one in said.json] == ["AuthenticationFailed"]
        return False
    if said.status == 401:
        assert said.json["code"] in ("token", "unproven")
        assert said.json["whose"] == "caller"
        return False
    return not (row.who is Who.MEMBER and said.status == 404 and "not a member" in said.json["text"])


@pytest.mark.parametrize("caller", CALLERS)
async def test_every_cell(host, say, stranger, caller):
    """A body that is none: whoever is let in is refused for that, so nothing changes either way."""
    before, wrong = host.stored(HOST), []
    for row in ROUTES:
        lets_in = caller in ({"a provider that pushes"} if "{sequence}" in row.path else LETS_IN[row.who])
        if lets_in and row.who is Who.OWNER and row.method == "POST":
            continue  # some of these acts need no body
        body = b"{" if row.method == "POST" else None
        said = await say(row.method, filled(row, host), body, CALLERS[caller](host, stranger))
        if verdict(row, said) != lets_in or said.status >= 500:
            wrong.append((row.method, row.path, said))
    assert not wrong
    assert host.stored(HOST) == before


async def test_a_header_that_is_no_text_proves_nobody(host, unchanged):
    for row in ROUTES:
        if row.who is Who.ANYONE:
            continue
        async with raw.wire(host.address) as caller:
            await caller.send(
                raw.head(row.method, filled(row, host), b"Authorization: Bearer \xff\xfe", "Content-Length: 0")
            )
            said = await caller.answer()
        assert not verdict(row, said), row
        assert said.status in (401, 404)


async def test_refusals_use_no_token_up(host, say, stranger, unchanged):
    """What was not let in has spent nothing: the same token is still good where it belongs."""
    header = stranger.bearer(host.identity)
    for row in ROUTES:
        if row.who in (Who.MEMBER, Who.TICKET, Who.OWNER):
            await say(row.method, filled(row, host), b"{" if row.method == "POST" else None, header)


# --- somebody else's is nobody's


def in_channel(kind):
    number, zeros = 1, bytes(32)
    order = Order(zeros, zeros, zeros, 0, (Range(0, 1),), 1, zeros)
    request = KeyRequest((order,), ({},), zeros, 0)
    paid = VoucherMessage(Voucher(zeros, number, 1, zeros, zeros, 1), bytes(65))
    return {
        "request": lambda: request,
        "voucher": lambda: paid,
        "step": lambda: Step(paid, request),
        "acknowledge": lambda: paid,
        "resume": lambda: Resume(0, zeros, ()),
        "acknowledgement": lambda: Released(0, zeros),
    }[kind]()


def ruling_on(dispute):
    zeros = bytes(32)
    return Ruling(bytes.fromhex(dispute), zeros, zeros, Finding.BUYER_LIES, "dismissed", None)


def message_for(row, pid):
    """Return a valid message of the path's kind about our process `pid`."""
    process = states.TRANSFER if "/transfers/" in row.path else states.NEGOTIATION
    name = next(name for (of, name), kind in messages.TYPE_OF.items() if (of, kind) == (process, row.kind))
    return spoken.said(process, name, pid, "urn:uuid:theirs", states.PROVIDER)


def pairs(host):
    """Yield (row, path of somebody else's, path of nobody's, body for either) for every id in a path."""
    for row in ROUTES:
        if "{pid}" in row.path:
            theirs = TRANSFER if "/transfers/" in row.path else NEGOTIATION
            made = [message_for(row, pid) if row.method == "POST" else None for pid in (theirs, ABSENT_PID)]
            yield row, theirs, ABSENT_PID, made
        elif row.path == "/channel/{id}/close":
            yield row, CHANNEL, ABSENT_ID, [{"agreement": "ab" * 32}] * 2
        elif row.path.startswith("/channel/"):
            body = wire.encode(in_channel(row.path.rsplit("/", 1)[1]))
            yield row, CHANNEL, ABSENT_ID, [body, body]
        elif row.path.startswith("/review/"):
            body = {"seed": "00" * 32, "reader": "00" * 32}
            yield row, host.edition, ABSENT_ID, [body, body]
        elif "/disputes/" in row.path and row.who is Who.MEMBER:
            ruled = [{"ruling": ruling_on(key).json(), "tx": ""} for key in (DISPUTE, ABSENT_ID)]
            yield row, DISPUTE, ABSENT_ID, ruled if row.method == "POST" else [None, None]
        elif row.path.endswith("/ticket"):
            yield row, EDITION, ABSENT_ID, [{"transfer": TRANSFER}] * 2
        elif row.who in (Who.TICKET, Who.BEARER):
            yield row, EDITION, ABSENT_ID, [None, None]
        elif row.path.endswith(("/withdrawal", "/unlisting")) and row.who is Who.MEMBER:
            yield row, HIDDEN, "nowhere", [{"reason": "mine"}] * 2
        elif row.path == "/exchange/services/{id}/roll-back":
            yield row, HIDDEN, "nowhere", [{"version": "1", "reason": "mine"}] * 2
        elif row.path == "/exchange/projects/{id}/signature":
            yield row, HIDDEN, "nowhere", [{"signature": "0x" + "00" * 65}] * 2
        elif row.path == "/exchange/projects/{id}/results":
            yield row, HIDDEN, "nowhere", [{"name": "a", "digest": "ab" * 32, "size": 1, "note": "", "madeOf": []}] * 2
        elif row.path in ("/exchange/projects/{id}/{move}", "/exchange/deals/{id}/{move}"):
            yield row, HIDDEN, "nowhere", [{"reason": "mine"}] * 2
        elif row.path == "/exchange/complaints/{id}/{move}":
            yield row, HIDDEN, "nowhere", [{"words": "mine"}] * 2
        elif "{id}" in row.path and row.who in (Who.PEER, Who.PARTY, Who.MEMBER):
            yield row, HIDDEN, "nowhere", [None if row.method == "GET" else {}] * 2


# a path of the provider's own server; under whose contract it is called the header says (tests/ndi/delivered.py)
NO_ID = ("/apiCall/{tail:.*}",)
HAS_ITS_OWN = (Who.PEER, Who.PARTY, Who.MEMBER, Who.TICKET, Who.BEARER)


async def test_somebody_elses_looks_like_nobodys(host, say, stranger):
    before, asked = host.stored(HOST), 0
    for row, theirs, absent, bodies in pairs(host):
        seen = []
        for named, body in zip((theirs, absent), bodies, strict=True):
            header = {
                Who.PEER: lambda: stranger.bearer(host.identity),
                Who.PARTY: lambda: stranger.bearer(host.identity),
                Who.MEMBER: lambda: host.member,
                Who.TICKET: lambda: {"Authorization": ticket(host)},
                Who.BEARER: lambda: {"Authorization": token(host)},
                Who.PASS: lambda: {"Authorization": a_pass(host)},
            }[row.who]()
            of = {"act": "release", "move": "withdraw", "face": "dcat", "tail": "a", "path": "a", "index": "1"}
            of |= {"step": "offer"}
            path = without_patterns(row.path).format(pid=named, id=named, edition=named, **of)
            said = await say(row.method, path + "?first=0&count=1" * (row.who is Who.TICKET), body, header)
            assert said.status == 404, (row, said)
            kept = {name: value for name, value in said.headers.items() if name not in OWN}
            seen.append((kept, said.body.replace(named.encode(), b"ID")))
        assert seen[0] == seen[1], row
        asked += 1
    covered = [row for row in ROUTES if "{" in row.path and row.who in HAS_ITS_OWN and row.path not in NO_ID]
    assert asked == len(covered)
    assert host.stored(HOST) == before


async def test_a_number_longer_than_any_entry_names_no_addenda(host, say):
    for index in ("9" * 5_000, "0-" + "9" * 5_000):
        said = await say("GET", f"/log/addenda/{index}")
        assert said.status == 404, said


async def test_ids_are_looked_up_and_nothing_else(host, say, stranger):
    before = host.stored(HOST)
    """Paths, patterns, statements and half characters: an id is a key of a row, and these are keys of none."""
    ids = [
        "%2e%2e", "..%2f..%2fetc%2fpasswd", "..%5c..%5c", "%00", "x%00y", "%ED%A0%80", "%FF", "%C0%AF", "%25", "*",
        "%27", "'%20OR%20'1'='1", "1;DROP%20TABLE%20negotiations", "{pid}", "urn:uuid:%2A", "%F0%9F%94%91", "a" * 4000,
        "-1", "%0d%0aX:%20y", "\uff0e\uff0e", "0", "null", "undefined", "__proto__", "%u002e", "..;", "~", "C:%5c",
        "file:%2f%2f",
    ]  # fmt: skip
    for row in ROUTES:
        if "{" not in without_patterns(row.path).replace("{twin}", "") or row.method != "GET":
            continue
        for name in ids:
            header = entitled(row, host, stranger)
            path = named(row, name)
            said = await say("GET", path, None, header)
            known = (400, 404, 403) if row.who is Who.ACCOUNT else (400, 404)  # not for the roles of this account
            assert said.status in known or (name == "0" and row.path.startswith(NUMBERED)), (path, said)
            assert b"root:" not in said.body
            if said.headers["Content-Type"].startswith("application/json"):
                told = json.loads(said.body)
                listed = told if isinstance(told, list) else [{"type": told.get("code")}]
                assert not {one["type"] for one in listed} & {"unexpected", "InternalServerError"}
    assert "Traceback" not in host.log
    assert host.stored(HOST) == before
