"""What an exchange tells of its changes, to a reader, a stranger and nobody; and that what it told can be proven."""

from __future__ import annotations

import base64
import json

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.exchange.federation import changes
from connector.runtime.clock import Clock
from connector.runtime.errors import PeerMisbehaved
from tests.api.stranger import called
from tests.federation.exchanges import exchange, product, put, withdraw


@pytest.fixture
async def far(tmp_path):
    async with exchange(tmp_path / "far") as made:
        yield made


@pytest.fixture
async def reader(tmp_path):
    async with called(tmp_path / "reader", Clock().now) as made:
        yield made


async def ask(far, reader, query="", *, proven=True):
    headers = reader.bearer(far.did) if proven else {}
    async with (
        aiohttp.ClientSession() as session,
        session.get(far.url + changes.PATH + query, headers=headers) as answer,
    ):
        return answer.status, await answer.read(), answer.headers.get(changes.HEADER, "")


async def test_it_tells_each_product_once_in_the_order_of_its_newest_change(far, reader):
    await put(far, product("a"), product("b"), product("c"))
    await withdraw(far, "a")
    await put(far, product("b", "another title", edition=2))
    status, body, note = await ask(far, reader)
    told = json.loads(body)
    assert status == 200
    changes.check(body, note, far.did, far.identity.keys.log.public_key().public_bytes_raw())
    assert [(line["id"], line["state"]) for line in told["entries"]] == [
        ("c", "listed"),
        ("a", "gone"),
        ("b", "listed"),
    ]
    assert told["next"] == told["entries"][-1]["seq"]
    assert (told["more"], told["reset"]) == (False, False)
    _, body, _ = await ask(far, reader, f"?after={told['next']}&epoch={told['epoch']}")
    assert json.loads(body)["entries"] == []
    _, body, _ = await ask(far, reader, f"?after={told['next'] + 1}&epoch={told['epoch']}")
    assert json.loads(body)["reset"]
    _, body, _ = await ask(far, reader, f"?after={told['next']}&epoch=other")
    assert json.loads(body)["reset"]


async def test_pages_bring_all_of_it_and_no_page_is_long(far, reader, monkeypatch):
    monkeypatch.setattr(changes, "CHANGES_BYTES", 20_000)
    await put(far, *(product(f"p{number:03}") for number in range(130)))
    after, seen, pages, epoch = 0, [], 0, ""
    while True:
        _, body, _ = await ask(far, reader, f"?after={after}&epoch={epoch}")
        told = json.loads(body)
        assert len(body) < 24_000
        seen += [line["id"] for line in told["entries"]]
        after, epoch, pages = told["next"], told["epoch"], pages + 1
        if not told["more"]:
            break
    assert sorted(seen) == sorted(set(seen)) == [f"p{number:03}" for number in range(130)]
    assert pages > 5


@pytest.mark.parametrize(
    "query", ["?after=-1", "?after=x", "?after=" + "9" * 19, "?epoch=" + "e" * 65, "?more=1", "?after=٣"]
)
async def test_a_question_that_is_none_is_refused(far, reader, query):
    assert (await ask(far, reader, query))[0] == 400


async def test_who_is_not_proven_or_not_named_is_told_nothing(tmp_path, reader):
    async with exchange(tmp_path / "far", {}) as far:
        assert (await ask(far, reader, proven=False))[0] == 401
        status, body, _ = await ask(far, reader)
        assert (status, b"does not tell its changes" in body) == (403, True)
    async with exchange(tmp_path / "far", {"PENSTOCK_FEDERATION_READERS": f"did:web:x.example,{reader.did}"}) as far:
        assert (await ask(far, reader))[0] == 200


async def test_a_note_holds_for_one_answer_of_one_exchange(far, reader):
    log = far.identity.keys.log.public_key().public_bytes_raw()
    body, own = b'{"entries": []}', far.did
    header = changes.signed(body, own, far.identity.keys.log)
    changes.check(body, header, own, log)
    for wrong in (
        (body + b" ", header, own, log),
        (body, header, "did:web:x.example", log),
        (body, header, own, bytes(32)),
    ):
        with pytest.raises(PeerMisbehaved):
            changes.check(*wrong)
    checkpoint = base64.b64encode(await far.store.write(far.evidence.checkpoint)).decode()
    with pytest.raises(PeerMisbehaved):
        changes.check(body, checkpoint, own, log)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode()))
def test_whatever_stands_in_the_header_it_is_a_note_or_refused(header):
    with pytest.raises(PeerMisbehaved):
        changes.check(b"{}", header, "did:web:far.example", bytes(32))
