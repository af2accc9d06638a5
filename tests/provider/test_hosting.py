"""What a provider finds when it holds a host's log against the delegation and the chain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from connector.provider.hosting import reading
from connector.provider.hosting.reading import Deal, Reading
from tests.contracts.test_delegation import UNTIL, made, terms
from tests.ledger.audit.shelf import event

AT = datetime(2026, 6, 1, tzinfo=UTC)
ONE, OTHER = bytes([7]) * 32, bytes([8]) * 32
ROW = SimpleNamespace(id="tides-hosted", digest="ab" * 32, document=made().json())


BLOCK = 7  # of all that the chain tells


class Chain:
    """The licences and channels that a chain tells of."""

    def __init__(self, licences=(), channels=(), revoked=None):
        self._licences, self._channels, self._revoked = licences, channels, revoked

    async def licence(self, _digest):
        return SimpleNamespace(revoked_at=self._revoked)

    async def channel(self, name):
        return SimpleNamespace(claimed=dict(self._channels)[name])

    async def events(self, _program, kind, **_filters):
        if kind == "LicenceGranted":
            told = [{"agreementDigest": one, "editionId": of} for one, of in self._licences]
            return [SimpleNamespace(fields=fields, block=BLOCK) for fields in told]
        if kind == "Claimed":
            return [SimpleNamespace(block=BLOCK - 1), SimpleNamespace(block=BLOCK)]
        split = made().split.hash
        mine = [{"channelId": name, "splitHash": split} for name, _ in self._channels]
        return [SimpleNamespace(fields=fields) for fields in [*mine, {"channelId": OTHER, "splitHash": bytes(32)}]]


def read(chain):
    return Reading(None, None, chain)


async def codes(chain, deals):
    findings, later = await read(chain)._licences(ROW, made(), deals, BLOCK)
    assert not later
    return [one["code"] for one in findings]


@pytest.mark.asyncio
async def test_a_licence_of_our_edition_that_the_log_does_not_show_is_found():
    mine, others = (ONE, made().edition), (OTHER, bytes(32))
    assert await codes(Chain([mine, others]), {}) == ["undisclosed"]
    assert await codes(Chain([mine, others]), {ONE.hex(): Deal(terms(), AT)}) == []


@pytest.mark.asyncio
async def test_what_is_newer_than_the_log_is_counted_and_held_against_nobody():
    chain = Chain([(ONE, made().edition)], [(ONE, 1001)])
    assert await read(chain)._licences(ROW, made(), {}, BLOCK - 1) == ([], 1)
    assert (await read(chain)._money(made(), [], BLOCK - 1))[1:] == ([], 1)


@pytest.mark.asyncio
async def test_what_was_signed_after_a_revocation_is_found():
    mine, late = [(ONE, made().edition)], {ONE.hex(): Deal(terms(), AT)}
    assert await codes(Chain(mine, revoked=AT - timedelta(seconds=1)), late) == ["after-revocation"]
    assert await codes(Chain(mine, revoked=AT), late) == []


def test_an_agreement_is_judged_by_the_delegation():
    def judged(told, at=AT):
        return [one["code"] for one in reading._judged(made(), ONE.hex(), Deal(told, at))]

    assert judged(terms()) == []
    assert judged(terms("399")) == ["outside"]
    assert judged(terms(), UNTIL + timedelta(seconds=1)) == ["after-end"]


@pytest.mark.asyncio
async def test_what_was_claimed_is_ours_but_for_shares_and_was_released_before():
    released = [event("keys.released", ONE.hex(), cumulative=amount) for amount in ("300", "1000")]
    sums, findings, later = await read(Chain(channels=[(ONE, 1000)]))._money(made(), released, BLOCK)
    assert (sums, findings, later) == ({"released": "1000", "claimed": "1000", "ours": "800"}, [], 0)
    _, findings, _ = await read(Chain(channels=[(ONE, 1001)]))._money(made(), released, BLOCK)
    assert [one["code"] for one in findings] == ["claimed-unreleased"]


def test_of_a_log_that_is_what_is_about_the_delegation_alone():
    mine = event("agreement.signed", ONE.hex(), terms=terms())
    theirs = event("agreement.signed", OTHER.hex(), terms=terms() | {"hosted": None})
    channels = [event("channel.opened", of, agreementDigest=of) for of in (ONE.hex(), OTHER.hex())]
    found = reading._of([mine, theirs, *channels, event("hosting.moved", ROW.digest)], ROW, made())
    assert [one.part for one in found] == [ONE.hex(), ONE.hex(), ROW.digest]
