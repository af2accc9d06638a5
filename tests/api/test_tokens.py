"""Who is not proven gets nowhere: 404 with the typed body on DSP, 401 elsewhere, and nothing is stored."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import timedelta

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec

from connector.identity import tokens
from connector.identity.keys import Signer
from connector.negotiation.protocol import validation
from tests.api.conftest import SMALL
from tests.api.test_dsp_faults import CATALOG, UNKNOWN, is_error

pytestmark = pytest.mark.asyncio(loop_scope="session")

EDITION = "00" * 32
# method, path, body of every kind of route that only a proven peer may use
DSP_ROUTES = [
    ("POST", "/dsp/catalog/request", CATALOG),
    ("GET", "/dsp/catalog/request?continuationToken=PmQ", None),
    ("GET", f"/dsp/catalog/datasets/{SMALL}", None),
    ("GET", f"/dsp/negotiations/{UNKNOWN}", None),
    ("POST", "/dsp/negotiations/request", {}),
    ("GET", f"/dsp/transfers/{UNKNOWN}", None),
    ("POST", "/dsp/transfers/request", {}),
]
PEER_ROUTES = [
    ("provider", "POST", f"/channel/{EDITION}/request", {}),
    ("provider", "POST", f"/channel/{EDITION}/voucher", {}),
    ("provider", "POST", f"/review/{EDITION}", {}),
    ("provider", "POST", "/witness/attest", {"heads": []}),
    ("exchange", "GET", "/exchange/search?q=small", None),
    ("exchange", "POST", "/exchange/products", {}),
]


def recoded(token, header=None, claims=None):
    """Return the token with other members and the old signature."""
    parts = token.split(".")
    for place, changes in ((0, header), (1, claims)):
        raw = json.loads(base64.urlsafe_b64decode(parts[place] + "=="))
        raw = {key: value for key, value in (raw | (changes or {})).items() if value is not None}
        parts[place] = base64.urlsafe_b64encode(json.dumps(raw).encode()).decode().rstrip("=")
    return ".".join(parts)


def made(space, role, *, key=None, audience=None, ago=0, seconds=120):
    """Return a token of the buyer for `role`, or what somebody would like to pass for one."""
    now = space.now() - timedelta(seconds=ago)
    key = key or space.keys("buyer").token
    return tokens.issue(Signer(key, space.did("buyer") + "#token"), audience or space.did(role), now, seconds)


def unsigned(token):
    return recoded(token, header={"alg": "none"}).rsplit(".", 1)[0] + "."


WRONG = {
    "none": lambda _space, _role: None,
    "another scheme": lambda _space, _role: "Basic dXNlcjpzZWNyZXQ=",
    "no token": lambda _space, _role: "Bearer ",
    "noise": lambda _space, _role: "Bearer " + secrets.token_urlsafe(64),
    "forged": lambda space, role: "Bearer " + made(space, role, key=ec.generate_private_key(ec.SECP256R1())),
    "somebody else's key": lambda space, role: "Bearer " + made(space, role, key=space.keys("regulator").token),
    "changed": lambda space, role: "Bearer " + recoded(made(space, role), claims={"jti": "another"}),
    "alg none": lambda space, role: "Bearer " + unsigned(made(space, role)),
    "alg HS256": lambda space, role: "Bearer " + recoded(made(space, role), header={"alg": "HS256"}),
    "key in the token": lambda space, role: "Bearer " + recoded(made(space, role), header={"jwk": {"kty": "EC"}}),
    "expired": lambda space, role: "Bearer " + made(space, role, ago=1000),
    "not yet": lambda space, role: "Bearer " + made(space, role, ago=-1000),
    "for another": lambda space, role: "Bearer " + made(space, role, audience=space.did("regulator")),
    "of nobody": lambda space, role: "Bearer " + recoded(made(space, role), claims={"iss": "did:web:localhost%3A1"}),
}


KEEPING = ("provider", "exchange")


def code_of(wrong):
    """Return how it is told: a clock that is wrong looks as an old token does."""
    return "clock" if wrong in ("expired", "not yet") else "token"


@pytest_asyncio.fixture(loop_scope="session")
async def unchanged(space, rest):
    """After the test every row and the log are what they were before it."""
    await space.calm()
    before = {role: space.stored(role) for role in KEEPING}
    entries = {role: len(space.rows(role, "log_entries")) for role in KEEPING}
    yield
    told = {role: [row["kind"] for row in space.rows(role, "log_entries")[entries[role] :]] for role in KEEPING}
    assert not space.changed(before), told


def used_up(space, role, header):
    """Whether the token that was shown, genuine or not, counts as seen; others' tokens come and go meanwhile."""
    parts = header.get("Authorization", "").split(".")
    shown = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))["jti"] if len(parts) == 3 else None
    return any(row["jti"] == shown for row in space.rows(role, "tokens_seen"))


def headers(space, role, wrong):
    value = WRONG[wrong](space, role)
    return {} if value is None else {"Authorization": value}


@pytest.mark.parametrize("wrong", [name for name in WRONG if name != "of nobody"])
async def test_dsp(space, say, unchanged, wrong):
    for method, path, body in DSP_ROUTES:
        shown = headers(space, "provider", wrong)
        is_error(await say(method, space.url("provider") + path, body, shown), 404, path, code_of(wrong))
        assert not used_up(space, "provider", shown)


@pytest.mark.parametrize("wrong", [name for name in WRONG if name != "of nobody"])
async def test_elsewhere(space, say, unchanged, wrong):
    for role, method, path, body in PEER_ROUTES:
        shown = headers(space, role, wrong)
        said = await say(method, space.url(role) + path, body, shown)
        assert (said.status, said.json["code"]) == (401, code_of(wrong)), (path, said.body)
        assert said.json["text"]
        assert not used_up(space, role, shown)


async def test_an_issuer_that_does_not_answer_is_asked_to_come_again(space, say, unchanged):
    """Its keys cannot be had now; that is not the caller's fault, and it proves nothing either."""
    said = await say(
        "GET", space.url("exchange") + "/exchange/search?q=x", None, headers(space, "exchange", "of nobody")
    )
    assert said.status in (401, 503)
    assert said.json["code"] in ("token", "peer-unreachable")


async def test_nobody_learns_what_exists(space, say, unchanged):
    """Without a proof an existing dataset and one that never was look the same."""
    told = [
        (await say("GET", f"{space.url('provider')}/dsp/catalog/datasets/{name}")).body for name in (SMALL, "nothing")
    ]
    assert told[0] == told[1]


async def test_a_token_is_used_once(space, say):
    to = space.url("provider")
    once = space.bearer("buyer", "provider")
    first = await say("GET", f"{to}/dsp/catalog/datasets/{SMALL}", None, once)
    assert first.status == 200
    assert validation.agrees("Dataset", first.json)
    assert used_up(space, "provider", once)
    before = space.stored("provider")
    is_error(await say("GET", f"{to}/dsp/catalog/datasets/{SMALL}", None, once), 404, "/dsp/catalog/", "token")
    is_error(await say("POST", f"{to}/dsp/catalog/request", CATALOG, once), 404, "/dsp/catalog/", "token")
    assert space.stored("provider") == before
    once = space.bearer("buyer", "exchange")
    search = space.url("exchange") + "/exchange/search?q=small"
    assert (await say("GET", search, None, once)).status == 200
    said = await say("GET", search, None, once)
    assert (said.status, said.json["code"]) == (401, "token")


async def test_a_used_token_stays_used_after_a_restart(space, say):
    once = space.bearer("buyer", "regulator")
    attest = space.url("regulator") + "/witness/attest"
    body = {"heads": [{"origin": "nobody/log", "size": "1", "root": EDITION}]}
    assert (await say("POST", attest, body, once)).status == 409  # asked in order, refused for what it asks
    await space.people["regulator"].kill()
    await space.people["regulator"].start(space.environment)
    said = await say("POST", attest, body, once)
    assert (said.status, said.json["code"]) == (401, "token")


async def test_a_refused_message_costs_no_token(space, say):
    """What was refused was not done, so the token that permitted it is still good."""
    to, once = space.url("provider"), space.bearer("buyer", "provider")
    is_error(await say("POST", f"{to}/dsp/negotiations/request", {}, once), 400, "/dsp/negotiations/", "malformed")
    assert (await say("GET", f"{to}/dsp/catalog/datasets/{SMALL}", None, once)).status == 200


async def test_a_stranger_is_no_member(space, say, stranger, unchanged):
    for path in ("/exchange/search?q=small", f"/exchange/products/{SMALL}"):
        said = await say("GET", space.url("exchange") + path, None, stranger.bearer(space.did("exchange")))
        assert (said.status, said.json["code"]) == (404, "absent")


@pytest.mark.parametrize("authorization", [None, "Bearer ", "Bearer wrong", "bearer"])
async def test_the_management_api_wants_its_own_token(space, say, unchanged, authorization):
    given = {} if authorization is None else {"Authorization": authorization}
    for role, method, path in (
        ("provider", "GET", "status"),
        ("provider", "POST", "products"),
        ("exchange", "POST", "credits"),
        ("exchange", "POST", "members"),
    ):
        said = await say(method, f"{space.url(role)}/management/{path}", {}, given)
        assert (said.status, said.json["code"]) == (401, "unproven")
    peer = space.bearer("buyer", "provider")
    assert (await say("GET", f"{space.url('provider')}/management/status", None, peer)).status == 401


async def test_sealed_bytes_want_a_ticket(space, say, unchanged):
    edition = space.rows("provider", "editions")[0]["id"]
    pieces = f"{space.url('provider')}/sealed/{edition}/pieces?first=0&count=1"
    forged = base64.urlsafe_b64encode(bytes.fromhex(edition) + bytes(72)).decode()
    peer = space.bearer("buyer", "provider")
    for given in ({}, {"Authorization": "Ticket "}, {"Authorization": f"Ticket {forged}"}, peer):
        said = await say("GET", pieces, None, given)
        assert (said.status, said.json["code"]) == (401, "unproven")


async def test_bodies_that_are_none(space, say, unchanged):
    """Routes outside DSP explain malformed bodies, too."""
    edition = space.rows("provider", "editions")[0]["id"]
    cases = [
        ("buyer", "provider", f"/channel/{EDITION}/request"),
        ("buyer", "provider", f"/channel/{EDITION}/voucher"),
        ("buyer", "provider", f"/channel/{EDITION}/acknowledge"),
        ("buyer", "provider", f"/channel/{EDITION}/resume"),
        ("exchange", "provider", f"/review/{edition}"),
        ("buyer", "provider", "/witness/attest"),
        ("provider", "exchange", "/exchange/products"),
    ]
    for sender, role, path in cases:
        for body in (b"", b"{", b"[]", b"{}", b'{"rows": "all", "heads": [7]}', b'{"rows": [0], "heads": [{}]}'):
            said = await say("POST", space.url(role) + path, body, space.bearer(sender, role))
            assert said.status in (400, 409), (path, body, said.body)
            assert said.json["text"]
            assert said.json["code"] != "unexpected"
