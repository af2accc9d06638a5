"""Programs under any order of acts by anybody: what their events tell is what they keep, and their laws hold.

Each machine does lawful and unlawful acts alike; a refusal leaves no event. After each step the invariants hold:
`nothing_shrinks` (what `growing` reads only grows), and `nothing_is_made_or_lost` of money. At the end the state is
folded from events and compared with what the program answers. With `PENSTOCK_TEST_FAULTS=all` a machine takes 10,000
steps; how many it took, and how many acts the program did, is counted and told.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from dataclasses import replace

import pytest
from eth_hash.auto import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from contracts import typed_data
from contracts.onchain import artifacts
from contracts.typed_data import Edition, Final, Head
from ledger.chain import acts, membership, standing
from ledger.chain.membership import Keys

from . import folding
from .machine import OnChain
from .stage import ACTORS, DAY, DEPOSIT, Clock
from .test_licences import agreed, granting
from .test_sub_licences import Link

LONG = os.environ.get("PENSTOCK_TEST_FAULTS") == "all"
STEPS = 10_000 if LONG else 45
# longer ones would end with all editions registered and all licences revoked: most steps would be refusals
STEPS_A_RUN = 15
RUNS_MAX = 50  # before the steps are counted again
WHO = st.sampled_from(("provider", "buyer", "third", "exchange"))
FEW = st.integers(0, 3)
CAUSE = keccak(b"cause")
BELONGING = ("admit", "role", "keys", "suspend", "resume", "revoke", "credential")


class Editions(OnChain):
    told = ("editions",)

    async def growing(self):
        _, newest = await self.ask("editions", "series", keccak(b"series"))
        known = [await self.stage.programs.edition(self.edition(number).edition_id) for number in range(4)]
        registered = [each for each in known if each is not None]
        withdrawn = sum(each.withdrawn_at is not None for each in registered)
        return {"number": newest, "registered": len(registered), "withdrawn": withdrawn}

    def edition(self, number):
        return Edition(keccak(b"edition %d" % number), keccak(b"series"), number)

    @initialize()
    def first(self):
        self.register("provider", 0)

    @rule(who=WHO, number=FEW)
    def register(self, who, number):
        value = self.edition(number)
        self.attempt(acts.register_edition(self.stage.deployment, value, self.stage.sign(value, who, "editions")), who)

    @rule(who=WHO, sender=WHO, to=WHO, number=FEW)
    def sell(self, who, sender, to, number):
        accounts = self.stage.account(sender), self.stage.account(to)
        self.attempt(acts.transfer_edition(self.stage.deployment, self.edition(number).edition_id, *accounts), who)

    @rule(who=WHO, to=WHO, number=FEW)
    def pledge(self, who, to, number):
        edition, creditor = self.edition(number).edition_id, self.stage.account(to)
        self.attempt(acts.pledge_edition(self.stage.deployment, edition, creditor, CAUSE), who)

    @rule(who=WHO, number=FEW)
    def release(self, who, number):
        self.attempt(acts.release_edition(self.stage.deployment, self.edition(number).edition_id), who)

    @rule(who=WHO, number=FEW)
    def withdraw(self, who, number):
        self.attempt(acts.withdraw_edition(self.stage.deployment, self.edition(number).edition_id), who)


class Licences(OnChain):
    told = ("licences",)

    async def growing(self):
        domain = self.stage.deployment.domain("licences")
        found = [await self.stage.programs.licence(typed_data.digest(domain, each)) for each in self.known]
        return {"granted": len(found), "revoked": sum(each.revoked_at is not None for each in found)}

    @initialize()
    def first(self):
        agreement = self.runner.run(agreed(self.stage, not_after=2_000_000_000))
        self.known = [agreement]
        self.attempt(granting(self.stage, agreement), "provider")

    def digest(self, index):
        domain = self.stage.deployment.domain("licences")
        return typed_data.digest(domain, self.known[index % len(self.known)])

    @rule(index=FEW, holder=WHO, child=WHO, longer=st.booleans())
    def pass_on(self, index, holder, child, longer):
        link = Link(self.stage, self.known[index % len(self.known)], self.digest(0), child)
        if longer:
            link.sub = replace(link.sub, not_after=link.above.not_after + 1)
        before = self.done
        self.attempt(link.act(holder), "third")
        if self.done > before:
            self.known.append(link.below)

    @rule(index=FEW, who=WHO, what=st.sampled_from(("suspend", "resume", "revoke", "pledge", "release")))
    def turn(self, index, who, what):
        deployment, digest = self.stage.deployment, self.digest(index)
        self.attempt(
            {
                "suspend": acts.suspend_licence(deployment, digest, CAUSE),
                "resume": acts.resume_licence(deployment, digest),
                "revoke": acts.revoke_licence(deployment, digest, CAUSE),
                "pledge": acts.pledge_licence(deployment, digest, self.stage.account("third"), CAUSE),
                "release": acts.release_licence(deployment, digest),
            }[what],
            who,
        )


class Channels(OnChain):
    told = ("channels", "token")

    async def growing(self):
        found = {each: await self.stage.programs.channel(each) for each in self.open_ones}
        return {
            (channel, name): getattr(row, name)
            for channel, row in found.items()
            for name in ("deposit", "claimed", "expiry", "frozen_for", "closed")
        }

    async def nothing_is_made_or_lost(self):
        assert await self._everywhere() == await self.ask("token", "totalSupply")

    async def _everywhere(self):
        holders = [*(self.stage.account(actor) for actor in ACTORS), self.stage.deployment.addresses["channels"]]
        return sum([await self.stage.programs.balance(holder) for holder in holders])

    @initialize()
    def first(self):
        self.seq, self.open_ones = 0, []
        self.begin(30)
        self.turn(0, "buyer", "top")

    @rule(days=st.integers(1, 40))
    def begin(self, days):
        async def act():
            return await self.stage.open(expiry=await self.stage.now() + days * DAY)

        self.open_ones.append(self.runner.run(act()))

    def channel(self, index):
        return self.open_ones[index % len(self.open_ones)]

    @rule(
        index=FEW, amount=st.integers(1, DEPOSIT + 1), locked=st.booleans(), signer=st.sampled_from(("signer", "third"))
    )
    def claim(self, index, amount, locked, signer):
        self.seq += 1
        preimage = keccak(b"t %d" % self.seq)
        lock = hashlib.sha256(preimage).digest() if locked else bytes(32)
        voucher = self.stage.voucher(self.channel(index), amount, seq=self.seq, lock=lock)
        signed = self.stage.sign(voucher, signer)
        self.attempt(acts.claim(self.stage.deployment, voucher, signed, preimage if locked else bytes(32)), "third")

    @rule(index=FEW, amount=st.integers(0, DEPOSIT + 1), payee=st.sampled_from(("provider", "exchange")))
    def finalise(self, index, amount, payee):
        final = Final(self.channel(index), amount, CAUSE, 0)
        signed = self.stage.sign(final, "signer"), self.stage.sign(final, payee)
        self.attempt(acts.finalise(self.stage.deployment, final, *signed), "third")

    @rule(
        index=FEW,
        who=st.sampled_from(("buyer", "provider", "arbitrator")),
        what=st.sampled_from(("top", "extend", "close", "refund", "freeze", "divide")),
    )
    def turn(self, index, who, what):
        deployment, channel = self.stage.deployment, self.channel(index)
        if what == "top":
            self.runner.run(self.stage.fund(100))
        later = int(Clock().now.timestamp()) + 60 * DAY
        self.attempt(
            {
                "top": acts.top_up(deployment, channel, 100),
                "extend": acts.extend(deployment, channel, later),
                "close": acts.close(deployment, channel),
                "refund": acts.refund(deployment, channel),
                "freeze": acts.freeze(deployment, channel, DAY),
                "divide": acts.divide(deployment, channel, 7, CAUSE),
            }[what],
            who,
        )

    @rule(who=WHO)
    def withdraw(self, who):
        self.attempt(acts.withdraw(self.stage.deployment), who)


class Anchors(OnChain):
    told = ("anchors",)

    async def growing(self):
        grown = {}
        for origin in self.origins:
            head = await self.stage.programs.head(origin)
            grown[origin, "size"], grown[origin, "block"] = (head.size, head.block) if head else (-1, 0)
            grown[origin, "forked"] = await self.ask("anchors", "forked", origin)
        return grown

    @initialize()
    def first(self):
        self.origins = [keccak(b"origin %d" % each) for each in range(2)]
        self.register("provider", 0, {"w1", "w2"}, 2)

    @rule(
        who=WHO,
        origin=st.integers(0, 1),
        witnesses=st.sets(st.sampled_from(("w1", "w2", "w3")), min_size=1),
        quorum=FEW,
    )
    def register(self, who, origin, witnesses, quorum):
        owner, accounts = self.stage.account("provider"), [self.stage.account(each) for each in witnesses]
        self.attempt(acts.register_log(self.stage.deployment, self.origins[origin], owner, accounts, quorum), who)

    def head(self, origin, size, root):
        return Head(self.origins[origin], size, keccak(b"root %d" % root), 1_700_000_000)

    def signed(self, head, signers):
        return [self.stage.sign(head, each, "anchors") for each in signers]

    @rule(
        origin=st.integers(0, 1),
        size=st.integers(0, 6),
        root=st.integers(0, 1),
        signers=st.sets(st.sampled_from(("w1", "w2", "w3"))),
    )
    def anchor(self, origin, size, root, signers):
        head = self.head(origin, size, root)
        self.attempt(acts.anchor(self.stage.deployment, head, CAUSE, self.signed(head, signers)), "third")

    @rule(
        origin=st.integers(0, 1), roots=st.tuples(FEW, FEW), signers=st.sets(st.sampled_from(("w1", "w2")), min_size=2)
    )
    def report(self, origin, roots, signers):
        a, b = (self.head(origin, 3, root) for root in roots)
        self.attempt(
            acts.report_fork(self.stage.deployment, a, self.signed(a, signers), b, self.signed(b, signers)), "third"
        )


class Spaces(OnChain):
    told = ("spaces",)

    async def growing(self):
        assert await self.ask("spaces", "exchangeCount", self.space) >= 1, "one exchange remains"
        grown = {}
        for number, actor in enumerate(("provider", "buyer", "third", "exchange")):
            member = await self.ask("spaces", "member", self.space, self.stage.account(actor))
            grown |= {(actor, name): member[name] for name in ("admittedAt", "revokedAt")}
            grown[number] = await self.ask("spaces", "revokedAt", self.space, keccak(b"%d" % number))
        return grown

    @initialize()
    def first(self):
        self.space = keccak(b"space")
        self.attempt(membership.found(self.stage.deployment, self.space), "exchange")

    @rule(
        who=WHO,
        whom=WHO,
        what=st.sampled_from(("name_exchange", "dismiss_exchange", "name_arbitrator", "dismiss_arbitrator")),
    )
    def appoint(self, who, whom, what):
        self.attempt(getattr(membership, what)(self.stage.deployment, self.space, self.stage.account(whom)), who)

    @rule(who=WHO, whom=WHO, key=FEW, what=st.sampled_from(BELONGING))
    def belong(self, who, whom, key, what):
        deployment, account = self.stage.deployment, self.stage.account(whom)
        keys = Keys(bytes([key]) * 32, b"\x01" * 32, b"\x02" * 48)
        self.attempt(
            {
                "admit": membership.admit(deployment, self.space, account, "did:web:x", "buyer", keys),
                "role": membership.change_role(deployment, self.space, account, standing.ROLES[key]),
                "keys": membership.change_keys(deployment, self.space, keys),
                "suspend": membership.suspend_member(deployment, self.space, account, CAUSE),
                "resume": membership.resume_member(deployment, self.space, account, CAUSE),
                "revoke": membership.revoke_member(deployment, self.space, account, CAUSE),
                "credential": membership.revoke(deployment, self.space, keccak(b"%d" % key), CAUSE),
            }[what],
            who,
        )


@pytest.mark.parametrize("machine", [Editions, Licences, Channels, Anchors, Spaces], ids=lambda each: each.__name__)
def test_events_tell_all_and_the_laws_hold(machine, embedded_file, tmp_path, capsys):
    shutil.copy(embedded_file[0], tmp_path / "source.sqlite")
    machine.source = tmp_path / "source.sqlite", embedded_file[1]
    examples = settings(
        max_examples=min(STEPS // STEPS_A_RUN, RUNS_MAX),
        stateful_step_count=STEPS_A_RUN,
        deadline=None,
        database=None,
    )
    # a run may end early, so the steps are counted and not the runs
    while machine.steps < STEPS:
        run_state_machine_as_test(machine, settings=examples)
    with capsys.disabled():
        sys.stdout.write(f"\n{machine.__name__}: {machine.steps} steps, {machine.done_in_all} acts done\n")
    assert machine.done_in_all > 0


def test_every_event_of_every_program_is_folded():
    told = {
        (name, each["name"])
        for name in artifacts.PROGRAMS
        for each in artifacts.load(name).abi
        if each["type"] == "event"
    }
    # who may move a certificate is told by ERC-721's own events and asked of the program alone
    assert told - {("editions", "Approval"), ("editions", "ApprovalForAll")} == set(folding.FOLDS)
