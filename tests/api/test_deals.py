"""Deals that were made elsewhere (备案交易): filed by one side, confirmed or contested by the other, and graded."""

from __future__ import annotations

import hashlib
import json

import pytest

from contracts.filed_deal import CONFIRMED, FILED, digest_of, signed_part
from contracts.signature import is_by, sign
from tests.api.command import commanded, penstock
from tests.api.refusals import refused
from tests.api.test_console_story import entered
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

MADE = "2025-11-03T08:00:00+08:00"
NAMES = ("id", "name", "product", "provider", "consumer", "signed", "amount", "currency", "text", "papers")


async def filed(space, name, *more, other="buyer", role="provider", code=0):
    """File a deal of the provider's as its owner would; returns what is told of it."""
    party = space.did(other) if other in space.people else other
    words = ("deal", "file", f"Tides {name}", "--with", party, "--as", role, "--signed", MADE, "--id", name)
    return await penstock(space, "provider", *words, *more, code=code)


def document(deal):
    return {"v": 1, **{name: deal[name] for name in NAMES}}


async def test_what_one_side_files_and_the_other_confirms_is_of_the_best_grade_with_its_papers(space, tmp_path):
    papers = {"contract": tmp_path / "contract.pdf", "payment": tmp_path / "receipt.txt"}
    for kind, path in papers.items():
        path.write_text(f"the {kind}")
    shown = [word for kind, path in papers.items() for word in ("--paper", f"{kind}={path}")]
    deal = await filed(space, "deal-whole", "--amount", "4200.00", "--text", "a year of gauges", *shown)
    assert (deal["grade"], deal["state"], deal["by"]) == ("C", "filed", space.did("provider"))
    assert (deal["amount"], deal["signed"]) == ("420000", "2025-11-03T00:00:00+00:00")
    assert [(one["kind"], one["name"], one["digest"]) for one in deal["papers"]] == [
        (kind, path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for kind, path in papers.items()
    ]
    # filed again under its id nothing is filed twice
    assert await filed(space, "deal-whole", "--amount", "4200.00", "--text", "a year of gauges", *shown) == deal
    await filed(space, "deal-whole", "--amount", "4300.00", code=2)
    [row] = [one for one in (await penstock(space, "buyer", "deal", "list"))["deals"] if one["id"] == deal["id"]]
    assert row == deal
    await penstock(space, "buyer", "deal", "confirm", "deal-whole", "--digest", "00" * 32, code=2)
    done = await penstock(space, "buyer", "deal", "confirm", "deal-whole", "--digest", deal["digest"])
    assert (done["grade"], done["state"]) == ("A", "confirmed")
    # both words verify by what the space knows, over what is shown
    digest = digest_of(document(done))
    assert digest.hex() == done["digest"]
    for role, word in (("provider", FILED), ("buyer", CONFIRMED)):
        [said] = [one for one in done["words"] if one["did"] == space.did(role)]
        assert said["word"] == word
        over = signed_part(digest, word)
        assert is_by(space.keys(role).address, over, bytes.fromhex(said["signature"]))
        assert [one for one in told(space, role, "deal.signed") if one["part"] == done["digest"]]
    moves = [one for one in told(space, "exchange", "deal.moved") if one["part"] == done["digest"]]
    assert len(moves) == 2
    ended = await commanded("deal", "show", "deal-whole", "--data", space.people["buyer"].data)
    assert b"grade A: both sides say so" in ended.out
    assert b"4,200.00" in ended.out or b"4200.00" in ended.out
    # what both said stands
    await penstock(space, "provider", "deal", "withdraw", "deal-whole", code=2)
    await penstock(space, "buyer", "deal", "contest", "deal-whole", "--reason", "no", code=2)


async def test_whoever_is_no_party_and_does_not_supervise_hears_of_nothing(space):
    await filed(space, "deal-theirs")
    for role in ("exchange", "regulator"):
        assert "deal-theirs" in [one["id"] for one in (await penstock(space, role, "deal", "list"))["deals"]]
    assert (await penstock(space, "other", "deal", "list"))["deals"] == []
    for words in (("show",), ("confirm",), ("contest", "--reason", "x"), ("withdraw",)):
        await penstock(space, "other", "deal", words[0], "deal-theirs", *words[1:], code=4)


async def test_one_side_alone_is_a_word_and_a_word_against_it_is_told(space):
    deal = await filed(space, "deal-contested", "--paper", f"contract={__file__}")
    assert deal["grade"] == "D", "a contract alone shows no performance"
    told_ = await penstock(space, "buyer", "deal", "contest", "deal-contested", "--reason", "it was for half of that")
    assert (told_["grade"], told_["state"], told_["reason"]) == ("E", "contested", "it was for half of that")
    # its own word its filer does not confirm
    await penstock(space, "provider", "deal", "confirm", "deal-contested", code=2)
    assert (await penstock(space, "buyer", "deal", "confirm", "deal-contested"))["grade"] == "B"
    outside = await filed(space, "deal-outside", other="潮汐研究所(非成员)", role="consumer")
    assert (outside["provider"], outside["consumer"]) == ("潮汐研究所(非成员)", space.did("provider"))
    gone = await penstock(space, "provider", "deal", "withdraw", "deal-outside", "--reason", "filed twice")
    assert (gone["grade"], gone["state"]) == ("E", "withdrawn")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--signed", "2999-01-01T00:00:00Z"), "to come"),
        (("--signed", "2025-11-03"), "time zone"),
        (("--as", "broker"), "no side"),
        (("--paper", "gossip=README.md"), "no kind of paper"),
        (("--paper", "contract=/nowhere/at-all"), "No such file"),
        (("--amount", "1", "--currency", "X" * 201), "currency"),
        (("--currency", "CNY"), "currency"),
        (("--id", "i" * 65), "id"),
        (("--text", "t" * 4001), "text"),
    ],
)
async def test_what_is_wrong_is_said_before_anything_is_signed(space, more, words):
    before = len(told(space, "provider", "deal.signed"))
    line = ("deal", "file", "Wrong", "--with", space.did("buyer"), "--as", "provider", "--signed", MADE, *more)
    ended = await commanded(*line, "--data", space.people["provider"].data, "--json")
    assert ended.code == 2, ended
    assert words in (ended.out + ended.err).decode()
    assert len(told(space, "provider", "deal.signed")) == before


async def test_a_word_of_somebody_elses_key_counts_for_nothing(space):
    deal = await filed(space, "deal-forged")
    over = signed_part(bytes.fromhex(deal["digest"]), CONFIRMED)
    path, wrong = "/exchange/deals/deal-forged/confirm", sign(over, space.keys("provider").agreement).hex()

    async def said(role, body, at=path):
        url = space.url("exchange") + at
        return await space.outbound.request("POST", url, body=body, headers=space.bearer(role, "exchange"))

    for signature in (wrong, "00" * 65, "zz"):
        found = await refused(said("buyer", {"reason": "", "signature": signature}))
        assert found[0] in (400, 401), found
    for body in ({}, {"reason": ""}, {"reason": "", "signature": wrong, "more": ""}, {"reason": 5, "signature": wrong}):
        assert (await refused(said("buyer", body)))[0] == 400
    assert (await refused(said("buyer", {"reason": ""}, "/exchange/deals/deal-forged/forget")))[0] == 404
    other = json.loads(json.dumps(document(deal))) | {"id": "deal-forged-2"}
    body = {"document": other, "signature": next(one["signature"] for one in deal["words"])}
    assert (await refused(said("provider", body, "/exchange/deals")))[0] == 401
    assert (await refused(said("other", body, "/exchange/deals")))[0] == 403


async def test_the_console_shows_them_and_confirms_one(space):
    deal = await filed(space, "deal-on-console")
    async with await entered(space, "buyer", "dealer") as buyer:
        page = await buyer.open("deals")
        assert page.status == 200
        assert deal["name"] in page.text
        form = await buyer.open("acts/deal-confirm", params={"preview": "1", "deal": deal["id"]})
        assert deal["id"] in form.text
        said = await buyer.send(form, "/acts/deal-confirm")
        assert said.status == 200, said.text
    assert (await penstock(space, "provider", "deal", "show", deal["id"]))["grade"] == "B"
    async with await entered(space, "regulator", "dealer") as regulator:
        assert deal["name"] in (await regulator.open("deals")).text
