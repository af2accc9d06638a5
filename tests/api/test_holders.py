"""A holder serves what it holds to whoever has a pass of the provider; and who is named as a carrier at all."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import aiohttp
import pytest
import pytest_asyncio

from connector.consumer.holding import DRAWN_EDITIONS
from connector.custody import passes, replicas
from connector.enforcement import performed
from connector.provider import carriers
from connector.store.rows.agreement import AgreementRow
from contracts import signature
from contracts.ranges import RowSet
from contracts.typed_data import Agreement
from contracts.typed_json import to_json
from policy.world import Act
from tests.api.running import rule, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROVIDER = b"\x42" * 32  # the secret of the provider from whom this holder bought
OTHERS = "did:web:another.example"
ANYWHERE = rule(("count", "lteq", "9"))


def typed(edition):
    """Return an agreement in which nothing but the edition and the provider matters."""
    zero = bytes(20)
    return Agreement(
        provider=signature.address(PROVIDER), buyer=zero, product=bytes(32), edition_id=edition, terms_digest=bytes(32),
        token=zero, price_cap=0, not_after=0, split_hash=bytes(32), summary="",
    )  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def holder(tmp_path_factory):
    """A connector that holds a whole replica of an edition and serves it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_VAULT_SERVE", "true")
        async with running(tmp_path_factory.mktemp("holder"), roles=("provider", "buyer")) as made:
            made.agreement = await held(made)
            yield made


async def held(made):
    connector, now = made.connector, made.connector.clock.now()
    digest, _ = await made.agree(ANYWHERE)
    new = replicas.prepare(connector.secrets, made.edition, made.sealed.header.json(), made.sealed.table.data)

    def act(tx):
        told = {"role": "consumer", "agreement": to_json(typed(made.edition))}
        tx.update("agreements", {"digest": digest}, **told)
        return replicas.record(tx, new, agreement=digest, now=now)

    made.replica = await made.store.write(act)
    intake = replicas.intake(connector.blobs.folder, made.replica)
    with connector.blobs.open(made.edition, made.sealed.table) as sealed:
        for number, piece in enumerate(sealed.read_pieces(0, made.rows)):
            intake.accept(number, piece)
    intake.sync()
    intake.close()
    every = RowSet(((0, made.rows),))
    await made.store.write(lambda tx: replicas.note_bytes(tx, made.replica.id, every))
    return digest


def a_pass(holder, *, key=PROVIDER, edition=None, did=None, ago=0):
    now = holder.connector.clock.now() - timedelta(seconds=ago)
    sign = partial(signature.sign, private_key=key)
    return passes.SCHEME + passes.issue(sign, edition or holder.edition, did or holder.connector.did, now)


async def draw(holder, told, first=0, count=1, edition=None):
    url = f"{holder.connector.url}/held/{(edition or holder.edition).hex()}/pieces?first={first}&count={count}"
    async with aiohttp.ClientSession() as session, session.get(url, headers={"Authorization": told}) as said:
        return said.status, await said.read()


async def test_the_bearer_of_a_pass_draws_exactly_what_the_provider_serves(holder):
    with holder.connector.blobs.open(holder.edition, holder.sealed.table) as sealed:
        expected = list(sealed.read_pieces(0, holder.rows))
    told = a_pass(holder)
    assert await draw(holder, told, 0, holder.rows) == (200, b"".join(expected))
    assert await draw(holder, told, 3, 2) == (200, b"".join(expected[3:5]))
    assert (await draw(holder, told, holder.rows, 1))[0] == 400


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"key": b"\x43" * 32}, 404),  # signed, but not by the provider of this edition
        ({"edition": b"\x09" * 32}, 404),
        ({"did": OTHERS}, 401),
        ({"ago": passes.PASS_SECONDS}, 401),
    ],
)
async def test_any_other_pass_opens_nothing(holder, changes, status):
    assert (await draw(holder, a_pass(holder, **changes)))[0] == status


async def test_a_pass_draws_its_edition_twice_over_and_then_another_is_needed(holder):
    told = a_pass(holder)
    drawn = [(await draw(holder, told, 0, holder.rows))[0] for _ in range(DRAWN_EDITIONS + 1)]
    assert drawn == [200] * DRAWN_EDITIONS + [402]
    assert (await draw(holder, a_pass(holder)))[0] == 200


@pytest.mark.parametrize(
    ("table", "key", "changes"),
    [
        ("agreements", "digest", {"state": "ended"}),
        ("agreements", "digest", {"role": "provider"}),
        ("replicas", "id", {"state": "receiving"}),
        ("replicas", "id", {"state": "deleted"}),
    ],
)
async def test_what_is_not_whole_or_not_ours_to_use_is_not_served(holder, table, key, changes):
    name = holder.agreement if table == "agreements" else holder.replica.id
    before = await holder.row(table, **{key: name})
    was = {column: before[column] for column in changes}
    await holder.store.write(lambda tx: tx.update(table, {key: name}, **changes))
    assert (await draw(holder, a_pass(holder)))[0] == 404
    await holder.store.write(lambda tx: tx.update(table, {key: name}, **was))
    assert (await draw(holder, a_pass(holder)))[0] == 200


# --- who is named as a carrier

REGULATED, FREE = {"grade": 3}, {"grade": 2}
IN_US = rule(("spatial", "isPartOf", "US"))
NOT_IN_TEXAS = {**ANYWHERE, "prohibition": [{"action": "use", "constraint": [
    {"leftOperand": "spatial", "operator": "isPartOf", "rightOperand": "US-TX"}]}]}  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "region", "dataset", "named"),
    [
        (ANYWHERE, "US-NY", FREE, True),
        (ANYWHERE, "FR", FREE, True),
        (ANYWHERE, "FR", REGULATED, False),
        (ANYWHERE, "US-CA", REGULATED, True),
        (ANYWHERE, "FR", None, False),  # a grade that nobody gave is the strictest
        (IN_US, "US-CA", FREE, True),
        (IN_US, "FR", FREE, False),
        (NOT_IN_TEXAS, "US-TX", FREE, False),
        (NOT_IN_TEXAS, "US-NY", FREE, True),
        ({}, "US-NY", FREE, False),  # a policy that permits nothing permits no carrier
    ],
)
async def test_a_carrier_is_where_the_policy_lets_the_data_be(holder, policy, region, dataset, named):
    assert await is_named(holder, policy, region, dataset) is named


async def is_named(holder, policy, region, dataset, *, buyer_policy=None, change=None, buyer=OTHERS):
    connector, product = holder.connector, f"product-{os.urandom(4).hex()}"
    mine, _ = await holder.agree(policy)
    theirs, _ = await holder.agree(policy if buyer_policy is None else buyer_policy, peer=buyer)

    def act(tx):
        now = connector.clock.now()
        told = {"dataset": dataset, "offer": product, "state": "registered", "created": now, "updated": now}
        tx.insert("products", id=product, title="", tier="kept", **told)
        for digest in (mine, theirs):
            row = tx.get("agreements", digest=digest)
            tx.update("agreements", {"digest": digest}, product=product, terms={**row["terms"], "product": product})
        if change is not None:
            change(tx, mine)
        own = tx.get(AgreementRow, digest=mine)
        member = SimpleNamespace(did=own.peer, region=region, url="http://holder.example")
        one = carriers.Carrier(own, member, tx.get(AgreementRow, digest=theirs))
        return connector.carriers.names(tx, one, now)

    return await holder.store.write(act)


async def test_the_buyer_s_own_policy_counts_for_the_carrier_too(holder):
    assert not await is_named(holder, ANYWHERE, "FR", FREE, buyer_policy=IN_US)
    assert await is_named(holder, ANYWHERE, "US-CA", FREE, buyer_policy=IN_US)


def _ended(tx, digest):
    tx.update("agreements", {"digest": digest}, state="ended")


def _deleted(tx, digest):
    row = tx.get("agreements", digest=digest)
    performed.record(tx, digest, "delete/r", Act(performed.DELETE, row["created"], row["peer"]))


@pytest.mark.parametrize("change", [_ended, _deleted])
async def test_a_holder_whose_agreement_or_replica_is_gone_is_not_named(holder, change):
    assert not await is_named(holder, ANYWHERE, "US-NY", FREE, change=change)


async def test_nobody_is_named_to_itself(holder):
    row = await holder.row("agreements", digest=holder.agreement)
    assert not await is_named(holder, ANYWHERE, "US-NY", FREE, buyer=row["peer"])


async def test_the_bearer_of_a_ticket_alone_learns_sources_and_only_of_its_edition(holder):
    digest, pid = await holder.agree(ANYWHERE)
    url = f"{holder.connector.url}/sealed/{holder.edition.hex()}/sources"
    async with aiohttp.ClientSession() as session:
        for header, edition, status in (
            ({}, holder.edition, 401),
            ({"Authorization": holder.ticket(digest, pid)}, b"\x01" * 32, 404),
            ({"Authorization": holder.ticket(digest, pid)}, holder.edition, 200),
        ):
            async with session.get(url.replace(holder.edition.hex(), edition.hex()), headers=header) as said:
                assert said.status == status
