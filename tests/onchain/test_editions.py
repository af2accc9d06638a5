"""The editions program: registration by signature, one owner a series, growing numbers (spec 1.5)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from contracts import blind
from contracts.labels import H
from contracts.typed_data import Edition
from ledger.chain import acts
from ledger.chain.client import Act
from ledger.chain.errors import ChainRefused
from ledger.chain.programs import Pledge

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


async def test_only_the_holder_withdraws_and_once(stage):
    first = edition(1)
    await stage.do(registering(stage, first))
    act = acts.withdraw_edition(stage.deployment, first.edition_id)
    await stage.refuses(act, "editions: not the holder", "stranger")
    await stage.do(act, "provider")
    assert (await stage.programs.edition(first.edition_id)).withdrawn_at is not None
    await stage.refuses(act, "editions: already withdrawn", "provider")


async def test_a_blind_id_is_registered_like_any_other(stage):
    salt = keccak(b"salt")
    first, second = (blind.registered(edition(number), salt) for number in (1, 2))
    assert first.edition_id == H("edition-blind", edition(1).edition_id, salt)
    await stage.do(registering(stage, first))
    assert (await stage.programs.edition(first.edition_id)).provider == stage.account("provider")
    assert await stage.programs.edition(edition(1).edition_id) is None
    await stage.refuses(registering(stage, second, "stranger"), "editions: foreign series")
    await stage.do(registering(stage, second))


# --- rights ---


@pytest.fixture
async def certified(stage):
    """The stage with the first edition of a series, and that edition."""
    await stage.do(registering(stage, edition(1)))
    return stage, edition(1).edition_id


async def test_rights_pass_on_and_the_series_with_the_newest(certified):
    stage, first = certified
    sell = acts.transfer_edition(stage.deployment, first, stage.account("provider"), stage.account("third"))
    await stage.refuses(sell, "certificate: not approved", "third")
    await stage.do(sell, "provider")
    found = await stage.programs.edition(first)
    assert (found.provider, found.holder) == (stage.account("provider"), stage.account("third"))
    await stage.refuses(sell, "certificate: not the holder", "provider")
    await stage.refuses(acts.withdraw_edition(stage.deployment, first), "editions: not the holder", "provider")
    await stage.refuses(registering(stage, edition(2)), "editions: foreign series")
    await stage.do(registering(stage, edition(2), "third"))
    assert (await stage.programs.edition(edition(2).edition_id)).provider == stage.account("third")


async def test_rights_never_go_to_nobody_nor_from_somebody_else(certified):
    stage, first = certified
    provider, third = stage.account("provider"), stage.account("third")
    for sender, receiver, reason in (
        (provider, bytes(20), "certificate: zero address"),
        (third, provider, "certificate: not the holder"),
    ):
        act = acts.transfer_edition(stage.deployment, first, sender, receiver)
        await stage.refuses(act, reason, "provider")
    unknown = acts.transfer_edition(stage.deployment, keccak(b"none"), provider, third)
    await stage.refuses(unknown, "certificate: unknown", "provider")


def on_certificate(stage, function, *args):
    return Act(stage.deployment.program("editions"), function, args)


async def test_whom_the_holder_approved_moves_it_once_and_an_operator_always(certified):
    stage, first = certified
    token, provider, third = int.from_bytes(first, "big"), stage.account("provider"), stage.account("third")
    approve = on_certificate(stage, "approve", third, token)
    await stage.refuses(approve, "certificate: not the holder", "third")
    await stage.do(approve, "provider")
    await stage.do(acts.transfer_edition(stage.deployment, first, provider, stage.account("buyer")), "third")
    back = acts.transfer_edition(stage.deployment, first, stage.account("buyer"), provider)
    await stage.refuses(back, "certificate: not approved", "third")
    await stage.do(on_certificate(stage, "setApprovalForAll", third, True), "buyer")
    await stage.do(back, "third")
    assert (await stage.programs.edition(first)).holder == provider


async def test_a_program_that_takes_no_certificates_gets_none(certified):
    stage, first = certified
    args = (stage.account("provider"), stage.deployment.addresses["token"], int.from_bytes(first, "big"), b"")
    data = keccak(b"safeTransferFrom(address,address,uint256,bytes)")[:4]
    data += encode(["address", "address", "uint256", "bytes"], args)
    key = stage.key("provider")
    nonce = await stage.chain.nonce(stage.account("provider"))
    with pytest.raises(ChainRefused):
        await stage.chain.sign_call(stage.deployment.addresses["editions"], data, nonce=nonce, key=key)


async def test_a_pledged_edition_stays_where_it_is(certified):
    stage, first = certified
    third = stage.account("third")
    pledge = acts.pledge_edition(stage.deployment, first, third, keccak(b"loan"))
    sell = acts.transfer_edition(stage.deployment, first, stage.account("provider"), stage.account("buyer"))
    release = acts.release_edition(stage.deployment, first)
    nobody = acts.pledge_edition(stage.deployment, first, bytes(20), keccak(b"loan"))
    await stage.refuses(pledge, "editions: not the holder", "third")
    await stage.refuses(nobody, "editions: zero address", "provider")
    await stage.refuses(release, "editions: not the creditor", "third")
    await stage.do(pledge, "provider")
    assert await stage.programs.pledge("editions", first) == Pledge(third, keccak(b"loan"))
    await stage.refuses(sell, "certificate: pledged", "provider")
    await stage.refuses(pledge, "editions: pledged", "provider")
    await stage.refuses(acts.withdraw_edition(stage.deployment, first), "editions: pledged", "provider")
    await stage.refuses(release, "editions: not the creditor", "provider")
    await stage.do(registering(stage, edition(2)))
    await stage.do(release, "third")
    await stage.do(sell, "provider")
    names = [event.name for event in await stage.programs.events("editions")]
    assert [name for name in names if name != "Transfer"] == [
        "EditionRegistered",
        "EditionPledged",
        "EditionRegistered",
        "EditionReleased",
    ]
    assert names.count("Transfer") == 3


async def test_a_withdrawn_edition_is_not_pledged(certified):
    stage, first = certified
    await stage.do(acts.withdraw_edition(stage.deployment, first), "provider")
    pledge = acts.pledge_edition(stage.deployment, first, stage.account("third"), bytes(32))
    await stage.refuses(pledge, "editions: already withdrawn", "provider")


async def test_wallets_read_a_certificate(certified):
    stage, first = certified
    token, program = int.from_bytes(first, "big"), stage.deployment.program("editions")

    async def read(function, *args):
        return await stage.chain.call(program, function, *args)

    assert [await read("supportsInterface", bytes.fromhex(each)) for each in ("80ac58cd", "5b5e139f", "01ffc9a7")] == [
        True
    ] * 3
    assert await read("supportsInterface", bytes.fromhex("ffffffff")) is False
    assert (await read("name"), await read("symbol")) == ("Penstock edition", "EDITION")
    assert await read("balanceOf", stage.account("provider")) == 1
    kind, _, body = (await read("tokenURI", token)).partition(",")
    assert kind == "data:application/json;utf8"
    told = json.loads(body)
    assert (told["edition"], told["series"]) == ("0x" + first.hex(), "0x" + SERIES.hex())
    assert told["name"] == "Penstock edition 1"
    with pytest.raises(ChainRefused, match="editions: unknown"):
        await read("tokenURI", 7)
    with pytest.raises(ChainRefused, match="certificate: unknown"):
        await read("ownerOf", 7)
