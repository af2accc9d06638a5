"""A request on its way: who answers for it, what its body must be, and the act that uses up the token."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import orjson
import pytest
from aiohttp.test_utils import make_mocked_request

from connector.api.authorize import Route, Who
from connector.api.call import Call, Kept
from connector.identity.tokens import Claims
from connector.runtime.errors import InvalidInput, TokenError
from connector.runtime.limits import JSON_LEVELS_MAX
from contracts.errors import ContractError
from tests.core import core
from tests.every import every
from tests.negotiation.side import Tables

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROUTE = Route("POST", "/x/{id}", Who.PEER, frozenset(), "management.settle")
CLAIMS = Claims("did:web:peer", "did:web:us", "once", NOW, NOW, None)


class Store:
    """Acts at once, on tables in memory."""

    def __init__(self):
        self.tables = Tables()

    async def write(self, act):
        return self.tables.act(act)


def call(path="/x/7?first=3", body=b"", **more):
    request = make_mocked_request("POST", path, match_info={"id": "7"})
    request._read_bytes = body
    return Call(None, core(did="did:web:us", store=Store()), request, ROUTE, **more)


def test_a_request_tells_its_path_as_it_was_asked():
    assert call().path == {"id": "7"}
    assert call("/x/7%2F?a=%20b").target == "/x/7%2F?a=%20b"


def test_an_earlier_request_stands_in_the_place_of_its_own():
    earlier = call(kept=Kept({"id": "8"}, {"a": 1}, "/y/8"))
    assert (earlier.path, earlier.target) == ({"id": "8"}, "/y/8")


async def test_the_body_of_an_earlier_request_is_what_was_kept():
    assert await call(body=b"{", kept=Kept({}, {"a": 1})).document() == {"a": 1}


def test_our_own_people_are_the_owner_or_an_operator_by_name():
    assert call().who == "did:web:us"
    assert call(operator=SimpleNamespace(name="Li Na")).who == "Li Na"


def test_who_answers_for_a_request():
    ticket = SimpleNamespace(edition=b"\x01", subject=b"\x02")
    carried = SimpleNamespace(edition=b"\x03", nonce=b"\x04")
    assert call().caller == ""
    assert call(peer="did:web:peer").caller == "did:web:peer"
    assert call(ticket=ticket).caller == "01:02"
    assert call(carrying=(carried, {})).caller == "03:04"
    assert call(session=SimpleNamespace(name="ann"), peer="did:web:peer").caller == "account:ann"


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a":1,"a":2}', b"[" * (JSON_LEVELS_MAX + 1) + b"]" * (JSON_LEVELS_MAX + 1)]
)
async def test_a_body_is_read_strictly(body):
    with pytest.raises(ContractError):
        await call(body=body).document()


async def test_a_body_of_json_is_read():
    assert await call(body=b'[1,"a"]').document() == [1, "a"]
    assert await call(body=b'{"a":null}').object() == {"a": None}
    for other in (b"[]", b'"a"', b"null"):
        with pytest.raises(InvalidInput, match=r"^the body must be a JSON object$"):
            await call(body=other).object()


KNOWN = {"name": "text", "note": "text?", "rows": "list", "all": "truth", "more": "document"}
GOOD = {"name": "a", "note": None, "rows": [], "all": True, "more": {}}
WORDS = "the body must have exactly `name`: a text, `note`: a text or null, `rows`: a list, `all`: true or false, "
WORDS += "`more`: an object"


async def test_a_body_with_just_the_members_that_are_known_is_taken():
    for body in (GOOD, GOOD | {"note": "b"}):
        assert await call(body=orjson.dumps(body)).members(KNOWN) == body
    assert await call(body=b'{"b":"x","a":"y"}').texts("a", "b") == {"a": "y", "b": "x"}
    assert await call(body=b"{}").texts() == {}


@every("change", [{"name": 7}, {"name": None}, {"rows": {}}, {"all": 1}, {"more": []}, {"x": 1}])
async def test_a_body_with_other_members_is_refused_with_what_it_must_have(change):
    with pytest.raises(InvalidInput) as caught:
        await call(body=orjson.dumps(GOOD | change)).members(KNOWN)
    assert str(caught.value) == WORDS


async def test_a_body_without_a_member_that_it_needs_is_refused():
    with pytest.raises(InvalidInput, match=r"^the body must have exactly `a`: a text$"):
        await call(body=b"{}").texts("a")
    with pytest.raises(InvalidInput, match=r"^the body must have exactly no member$"):
        await call(body=b'{"a":"x"}').texts()


@pytest.mark.parametrize(
    ("query", "row"), [("", 0), ("?first=0", 0), ("?first=7", 7), ("?first=120", 120), ("?first=007", 7)]
)
def test_a_page_begins_at_the_row_that_was_asked_for(query, row):
    assert call("/x" + query).first(120) == row


@every("told", ["121", "-1", "", "a", "1.5", "0007", "\u0663", "\u00b2", "9" * 5000])
def test_a_page_begins_nowhere_else(told):
    with pytest.raises(InvalidInput, match=r"^`first` is no number up to 120$"):
        call(f"/x?first={told}").first(120)


async def test_an_act_uses_the_token_up_and_returns_what_it_did():
    asked = call(claims=CLAIMS)
    assert await asked.act(lambda tx: len(tx.find("tokens_seen"))) == 1
    with pytest.raises(TokenError, match=r"^the token was used before$"):
        await asked.act(lambda tx: None)


async def test_an_act_that_is_refused_leaves_the_token():
    asked = call(claims=CLAIMS)
    with pytest.raises(ZeroDivisionError):
        await asked.act(lambda tx: 1 // 0)
    await asked.spend()
    with pytest.raises(TokenError):
        await asked.spend()


async def test_the_owner_has_no_token_to_use_up():
    asked = call()
    assert [await asked.act(lambda tx: len(tx.find("tokens_seen"))) for _ in "12"] == [0, 0]
