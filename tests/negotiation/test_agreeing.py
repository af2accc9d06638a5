"""A policy that does not check, or is for others, makes no agreement; what was decided is recorded."""

from __future__ import annotations

import pytest
import pytest_asyncio

from connector.negotiation.protocol.states import PROVIDER
from tests.api.running import PEER, rule, running
from tests.negotiation.cells import negotiation

pytestmark = pytest.mark.asyncio(loop_scope="module")

VOID = {"permission": [{"action": "read"}], "prohibition": [{"action": "use"}]}
NOTHING = rule(("purpose", "isA", "urn:a"), ("unheardOf", "eq", "1"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("agreeing")) as made:
        yield made


@pytest.mark.parametrize(
    ("policy", "words", "recorded"),
    [
        (rule(("count", "lteq", "3"), ("purpose", "isA", "urn:a")), "", "allow"),
        (VOID, "policy does not check: always-forbidden", None),
        (NOTHING, "policy does not check: unknown left operand `unheardOf`", None),
        (rule(assignee="did:web:third.example"), "`assignee` of the rule is not that of the policy", None),
        (rule(("recipient", "isAnyOf", ["did:web:third.example"])), "", "deny"),
    ],
)
async def test_what_is_on_the_table(provider, policy, words, recorded):
    """Who receives it is not known of somebody who is no member: that stays open until an order is decided."""
    connector, now = provider.connector, provider.connector.clock.now()
    terms = {"policy": policy, "product": f"p-{len(str(policy))}-{recorded}", "tier": "kept", "editionId": "00" * 32}
    row = negotiation(id=f"urn:{terms['product']}", role=PROVIDER, peer=PEER, terms=terms)
    said = await provider.store.write(lambda tx: connector.audience.agrees(tx, row, now))
    assert words in said
    assert bool(said) is bool(words)
    made = await provider.decisions(terms["product"], "negotiation")
    assert [one["outcome"] for one in made] == ([] if recorded is None else [recorded])
