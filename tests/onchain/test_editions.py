"""The editions program: registration by signature, one owner a series, growing numbers (spec 1.5)."""

from __future__ import annotations

from dataclasses import replace

from eth_hash.auto import keccak

from contracts.typed_data import Edition
from ledger import acts

from .test_channels import high_s

SERIES = keccak(b"series")


def edition(number, name=b"edition", series=SERIES):
    return Edition(keccak(name + bytes([number])), series, number)


def registering(stage, value, actor="provider"):
    return acts.register_edition(stage.deployment, value, stage.sign(value, actor, "editions"))


async def test_a_stranger_may_bring_the_providers_registration(stage):
    first = edition(1)
    assert await stage.programs.edition(first.edition_id) is None
    await stage.do(registering(stage, first), "stranger")
    found = await stage.programs.edition(first.edition_id)
    assert (found.provider, found.series, found.number) == (stage.account("provider"), SERIES, 1)
    assert int(found.registered_at.timestamp()) == await stage.now()
    assert found.withdrawn_at is None
    [event] = await stage.programs.events("editions", "EditionRegistered", provider=stage.account("provider"))
    assert event.fields["editionId"] == first.edition_id
    assert await stage.programs.events("editions", "EditionRegistered", provider=stage.account("buyer")) == []


async def test_registering_twice_is_refused(stage):
    act = registering(stage, edition(1))
    await stage.do(act)
    await stage.refuses(act, "editions: already registered")


async def test_a_foreign_series_is_refused(stage):
    await stage.do(registering(stage, edition(1)))
    await stage.refuses(registering(stage, edition(2), "stranger"), "editions: foreign series")


async def test_a_stale_number_is_refused(stage):
    await stage.do(registering(stage, edition(2)))
    await stage.refuses(registering(stage, edition(1)), "editions: stale number")
    await stage.refuses(registering(stage, edition(2, b"other")), "editions: stale number")
    await stage.do(registering(stage, edition(7)))


async def test_an_empty_id_is_refused(stage):
    await stage.refuses(registering(stage, replace(edition(1), edition_id=bytes(32))), "editions: empty id")


async def test_high_s_is_refused(stage):
    value = edition(1)
    act = acts.register_edition(stage.deployment, value, high_s(stage.sign(value, "provider", "editions")))
    await stage.refuses(act, "typed: high s")


async def test_only_the_provider_withdraws_and_once(stage):
    first = edition(1)
    await stage.do(registering(stage, first))
    act = acts.withdraw_edition(stage.deployment, first.edition_id)
    await stage.refuses(act, "editions: not the provider", "stranger")
    await stage.do(act, "provider")
    assert (await stage.programs.edition(first.edition_id)).withdrawn_at is not None
    await stage.refuses(act, "editions: already withdrawn", "provider")
