"""What the exchange stops is cut as when a policy stops holding, and goes on when it is lifted; turns are recorded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import pytest_asyncio

from catalog.watching import Stop
from connector.licence import halts
from connector.store.rows.agreement import AgreementRow
from tests.api.running import SIZE, rule, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXCHANGE = "did:web:exchange.example"
AT = datetime(2026, 11, 30, tzinfo=UTC)
REASON = "the source was attacked"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("halted")) as made:
        yield made


async def told(provider, *digests, stop="0a" * 16):
    """Have exactly these agreements stopped; returns for which that is new."""
    connector = provider.connector
    stops = [Stop(stop, digest, REASON, AT) for digest in digests]

    def act(tx):
        turned = halts.follow(tx, connector.core.evidence, stops, EXCHANGE, connector.did, connector.clock.now())
        for digest in turned:
            connector.core.topics.agreement_touched.after(tx, digest)
        return turned

    return await provider.store.write(act)


async def over(provider, digest):
    row = await provider.row(AgreementRow, digest=digest)
    standing, now = provider.connector.standing, provider.connector.clock.now()
    return await provider.store.read(lambda tx: standing.over(tx, row, now))


async def test_what_runs_is_cut_and_what_was_lifted_stands_again(provider):
    digest, pid = await provider.agree(rule(("count", "lteq", "10")))
    other, _ = await provider.agree(rule(("count", "lteq", "10")))
    drawing = await provider.draw(digest, pid)
    assert await told(provider, digest) == {digest}
    assert await drawing < SIZE
    row = await provider.row("transfers", id=pid)
    assert (row["pending"], row["paused"]) == ("SUSPENDED", "policy")
    assert await provider.draw(digest, pid) is None
    assert await over(provider, digest) == f"the exchange `{EXCHANGE}` has stopped its use: {REASON}"
    assert await over(provider, other) == ""
    assert await told(provider, digest) == set()  # heard again
    assert await told(provider) == {digest}
    assert await over(provider, digest) == ""
    turns = await provider.events(halts.MOVED, digest)
    assert len(turns) == 2


async def test_what_stands_under_a_stopped_agreement_does_not_stand(provider):
    parent, _ = await provider.agree(rule(("count", "lteq", "10")))
    child, _ = await provider.agree(rule(("count", "lteq", "10")), parent=parent)
    await told(provider, parent)
    assert REASON in await over(provider, child)
    await told(provider)
    assert await over(provider, child) == ""


async def test_a_stop_after_another_is_the_newer_one_and_cuts_nothing_anew(provider):
    digest, _ = await provider.agree(rule(("count", "lteq", "10")))
    await told(provider, digest)
    assert await told(provider, digest, stop="0b" * 16) == set()
    row = await provider.row("halts", agreement=digest)
    assert row["stop"] == "0b" * 16
    assert len(await provider.events(halts.MOVED, digest)) == 2
    assert await told(provider, digest, stop="0b" * 16) == set()
    assert len(await provider.events(halts.MOVED, digest)) == 2
