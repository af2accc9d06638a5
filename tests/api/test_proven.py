"""What a peer is, proven by credentials: asked for by a policy, refused without, and cut when it is revoked meanwhile.

Three processes: an exchange that issues, a provider that sends slowly and looks often, and a buyer.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest
import pytest_asyncio

from connector.runtime.clock import Clock
from contracts.legal_codes import credit_check
from tests.api.command import penstock
from tests.api.refusals import refused
from tests.api.sourcing import constraint, mandate, permitting
from tests.api.space import Space
from tests.every import every

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEGAL = "LegalPersonCredential"
SUBJECT = "91440000MA0000005"
SUBJECT += credit_check(SUBJECT)
# so long a check counts, and so often peers' credentials are looked at: in production 300 and 20
FRESH_SECONDS = ROUND_SECONDS = 1
# by when a revocation must have stopped a transfer: fresh, the age of a list, a round; and what a slow machine takes
LATENCY_SECONDS, SLACK_SECONDS = 2 * FRESH_SECONDS + ROUND_SECONDS, 7
SIZE, RATE = 4 << 20, 200_000
SLOW = ("agreement_bytes_per_second = 0", f"agreement_bytes_per_second = {RATE}")
WITHIN_SECONDS = 20
BLOCK_BYTES = 512


class Proving(Space):
    """A provider that asks for legal identity and looks often, and a buyer that shows all that it holds."""

    kinds: ClassVar = {"exchange": "exchange", "provider": "provider", "buyer": "buyer"}
    anchors_every = ROUND_SECONDS

    def prepare(self, roles, public=None):
        """Write settings: what the provider asks for, how soon it notices, and how slowly it sends."""
        ports = super().prepare(roles, public)
        self.told("provider", "asked = []", f'asked = ["{LEGAL}"]')
        self.told("provider", "fresh_seconds = 300", f"fresh_seconds = {FRESH_SECONDS}")
        self.told("provider", *SLOW)
        return ports

    def told(self, role, before, after):
        path = self.folder / role / "penstock.toml"
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after, 1))

    async def grant(self, kind, **claims):
        """Have the exchange grant the buyer a credential, and the buyer hold it; returns its name at the issuer."""
        said = [word for name, value in claims.items() for word in ("--claims", f"{name}={value}")]
        await penstock(self, "exchange", "exchange", "credential", "grant", self.did("buyer"), kind, *said)
        await penstock(self, "buyer", "credential", "request", kind)
        async with asyncio.timeout(WITHIN_SECONDS):
            while True:
                listed = (await penstock(self, "buyer", "credential", "list"))["credentials"]
                names = {one["name"] for one in listed if one["type"] == kind}
                issued = (await penstock(self, "exchange", "exchange", "credential", "list"))["credentials"]
                valid = [one["credential"] for one in issued if one["type"] == kind and one["state"] == "valid"]
                if names & set(valid):
                    return (names & set(valid)).pop()
                await asyncio.sleep(0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def space(tmp_path_factory):
    made = Proving(tmp_path_factory.mktemp("proving"), Clock().now)
    made.prepare(tuple(Proving.kinds))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def test_a_transfer_that_a_policy_asks_proof_for_is_cut_when_the_proof_is_revoked(space):
    asked = [constraint("legalForm", "eq", "159"), constraint("identityLevel", "gteq", "2")]
    rules = {"permission": [permitting("use", *asked)]}
    paths = space.files("legal", (SIZE,))
    await space.publish_files("provider", "legal", paths, tier="plain", purpose=None, region=None, rules=rules)
    asking = {"product": "legal", "mandate": mandate()}
    status, why = await refused(space.doors["buyer"].call("POST", "foresights", asking))
    assert status == 409, why
    assert f"the legal form in the {LEGAL} was not given" in why
    claims = {"unifiedSocialCreditCode": SUBJECT, "legalName": "Tide", "legalForm": "159", "country": "CN"}
    credential = await space.grant(LEGAL, **claims, level="3")
    await space.get("legal")
    async with asyncio.timeout(WITHIN_SECONDS):
        while not received(space):
            await asyncio.sleep(0.1)
    [shown] = (await penstock(space, "provider", "credential", "shown"))["shown"]
    assert shown["claims"]["unifiedSocialCreditCode"] == SUBJECT
    # what was shown is known after a restart, which pauses nothing
    await space.people["provider"].kill()
    await space.people["provider"].start()
    assert (await penstock(space, "provider", "credential", "shown"))["shown"] == [shown]
    await asyncio.sleep(ROUND_SECONDS)
    assert transfer(space)["state"] == "STARTED"
    await penstock(space, "exchange", "exchange", "credential", "revoke", credential, "--reason", "it was withdrawn")
    async with asyncio.timeout(LATENCY_SECONDS + SLACK_SECONDS):
        while (row := transfer(space))["state"] == "STARTED" and not row["pending"]:
            await asyncio.sleep(0.1)
    assert f"the legal form in the {LEGAL} was not given" in row["reason"]
    assert (await penstock(space, "provider", "credential", "shown"))["shown"] == []
    had = received(space)
    await asyncio.sleep(1)
    assert 0 < received(space) == had < SIZE
    # it goes on when its buyer calls and shows a new one
    await space.grant(LEGAL, **claims, level="2")
    async with asyncio.timeout(WITHIN_SECONDS):
        while transfer(space)["state"] != "STARTED" or received(space) == had:
            await penstock(space, "buyer", "find", "--at", space.url("provider") + "/dsp")
            await asyncio.sleep(0.5)


async def test_what_is_sealed_is_bought_and_opened_by_what_both_sides_see_proven(space):
    """The buyer's own connector decides each opening by what it holds."""
    asked = [constraint("memberRole", "eq", "buyer"), constraint("country", "isPartOf", "CN")]
    rules = {"permission": [permitting("use", *asked)]}
    paths = space.files("firms", (100_000,))
    await space.publish_files("provider", "firms", paths, purpose=None, region=None, rules=rules)
    await space.get("firms")
    await space.complete("firms")
    assert await space.opened("firms") == [path.read_bytes() for path in paths]


REFUSED = {
    "what nobody here asks peers for": ("certification", '"CertificationCredential" to `trust.asked`'),
    "of a person without its organisation": ("mandate", '"HandlingPersonCredential" to `trust.asked`'),
}


@every("name", REFUSED)
async def test_a_policy_that_asks_for_what_nobody_is_asked_for_is_not_published(space, name):
    operand, words = REFUSED[name]
    rules = {"permission": [permitting("use", constraint(operand, "eq", "x"))]}
    paths = space.files(operand, (10,))
    status, why = await refused(
        space.publish_files("provider", operand, paths, purpose=None, region=None, rules=rules, tier="plain")
    )
    assert (status, words in why) == (400, True), why


async def test_nobody_says_of_itself_what_has_to_be_proven(space):
    asking = {"product": "legal", "mandate": mandate({"legalForm": "159"})}
    status, why = await refused(space.doors["buyer"].call("POST", "foresights", asking))
    assert (status, "`legalForm` is not for the asker to say" in why) == (400, True), why


def transfer(space):
    [row] = [row for row in space.rows("provider", "transfers") if row["format"] == "HttpData-PULL"]
    return row


def received(space):
    """Return how many bytes of a copy are at the buyer; the file has its whole length from the beginning, in holes."""
    parts = [path.stat() for path in (space.folder / "buyer/sealed").rglob("*.copy/*") if path.is_file()]
    return sum(part.st_blocks * BLOCK_BYTES for part in parts)


async def test_an_offer_reaches_its_holder_and_nobody_is_offered_what_it_may_not_have(space):
    issuer, body = space.doors["exchange"], {"holder": space.did("buyer"), "reason": "you are a member now"}
    status, why = await refused(issuer.call("POST", "issued/offers", body | {"type": "AuditCredential"}))
    assert status == 403, why
    assert "may have no `AuditCredential`" in why
    await issuer.call("POST", "issued/offers", body | {"type": "MembershipCredential"})
    async with asyncio.timeout(WITHIN_SECONDS):
        while not (offers := (await penstock(space, "buyer", "credential", "offers"))["offers"]):
            await asyncio.sleep(0.1)
    said = {(one["issuer"], one["type"], one["reason"]) for one in offers}
    assert said == {(space.did("exchange"), "MembershipCredential", body["reason"])}
    assert len(offers) == 2, "one for each profile"
