"""Whatever else a person signs for a participant is within an authority, too: what it is, and that nothing is kept."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.licence.partnership import Partnership
from connector.licence.sublicence.granting import Granting
from connector.operation.ndi import paying
from connector.operation.ndi.service_desk import ServiceDesk
from connector.provider.hosting.hosting import Hosting
from connector.runtime import actor
from connector.runtime.errors import NotPermitted
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.contract import ServiceContractRow
from contracts.project import Party, Project
from contracts.signature import sign
from policy.purposes import resolve
from tests.negotiation.test_authority import START, account, grant
from tests.negotiation.world import agree

WEEK = START + timedelta(days=7)
CODE = "the code of a contract"
STRATEGY = {
    "subjectInfo": {"dataProductId": "urn:penstock:product:tides"},
    "executionNodeInfo": {"providerNodeId": "did:web:provider", "consumerNodeId": "did:web:reader"},
    "actions": ["download"],
}


class Signing:
    """A core that signs as a party, and counts how often it has."""

    def __init__(self, party):
        self.times = 0
        keys = SimpleNamespace(address=party.peer.address)
        self.identity = SimpleNamespace(did=party.did, keys=keys, sign=self._sign, sign_part=self._sign)
        self.store, self.evidence, self.clock, self._key = party.store, party.evidence, party.clock, party.key

    def _sign(self, part):
        self.times += 1
        return sign(part[:32].ljust(32, b"\0"), self._key)


class PassingError(Exception):
    """The check was passed, and what comes after it is no matter here."""


async def serve(party, core):
    row = ServiceContractRow(
        code=CODE,
        name="Tides",
        provider="did:web:provider",
        consumer="did:web:reader",
        agreement="ab" * 32,
        strategy=STRATEGY,
        signatures=dict.fromkeys(("did:web:provider", "did:web:reader"), "00"),
        role="broker",
        bps=100,
        state="asked",
        created=START,
    )
    await party.store.write(lambda tx: tx.put(row))
    return lambda: ServiceDesk(core, None).sign(CODE)


async def develop(party, core, role="developer"):
    parties = (Party(party.did, role, party.peer.address, 4000), Party("did:web:other", "provider", bytes(20), 6000))
    made = Project("tides-model", "A model of the tides", "", parties, WEEK)
    return lambda: Partnership(core, None, None)._sign(made)


async def bring(party, core):
    return await develop(party, core, "provider")


async def pass_on(party, core):
    async def member(_did):
        return SimpleNamespace(did="did:web:child")

    async def unpledged(*_):
        return None

    def passed(*_):
        raise PassingError

    (row,) = await party.rows("agreements")
    space, programs = SimpleNamespace(require=member), SimpleNamespace(pledge=unpledged)
    granting = Granting(core, space, programs, None, None, None)
    granting._own = lambda tx, digest, _now: tx.get(AgreementRow, digest=digest)
    granting._signed = passed
    return lambda: granting.grant(row["digest"], "did:web:child", SimpleNamespace(until=WEEK))


async def host(party, core):
    async def delegated(*_):
        raise PassingError

    hosting = object.__new__(Hosting)
    hosting._core, hosting._delegating = core, SimpleNamespace(delegate=delegated)
    return lambda: hosting.delegate("tides", "did:web:host", "10", WEEK.isoformat(), (), "tides-hosted")


async def keep(party, core):
    async def accepted(*_):
        raise PassingError

    hosting = object.__new__(Hosting)
    hosting._core, hosting._keeping = core, SimpleNamespace(accept=accepted)
    return lambda: hosting.accept("tides-hosted", "did:web:provider")


# what is signed → how, in which role, and whether it is signed here (else what follows is cut off)
SIGNED = {
    "a contract as its service party": (serve, "service", True),
    "a project as its developer": (develop, "service", True),
    "a project as who brings data": (bring, "provider", True),
    "a sub-licence": (pass_on, "buyer", False),
    "a delegation to a host": (host, "provider", False),
    "a delegation that is taken up": (keep, "provider", False),
}
ROLES = ("provider", "buyer", "service")


@pytest.mark.parametrize("what", SIGNED)
async def test_it_is_signed_within_an_authority_alone(pair, what):
    provider, buyer = pair
    begin, role, is_here = SIGNED[what]
    await agree(provider, buyer)
    core = Signing(buyer)
    signs = await begin(buyer, core)
    others = tuple(one for one in ROLES if one != role)
    await grant(buyer, "bob")
    await buyer.store.write(lambda tx: tx.put(account()))
    with actor.acting("account:ada"), pytest.raises(NotPermitted, match="`ada` may not sign this: nothing was granted"):
        await signs()
    await grant(buyer, roles=others)
    why = re.escape(f"it is for the role {' or '.join(others)}, not {role}")
    with actor.acting("account:ada"), pytest.raises(NotPermitted, match=why):
        await signs()
    assert (core.times, await buyer.rows("signings")) == (0, []), "nothing was signed"
    granted = await grant(buyer, roles=(role,))
    with actor.acting("account:ada"):
        await passed(signs, is_here)
    if is_here:
        (signing,) = await buyer.rows("signings")
        assert (signing["authority"], signing["role"], core.times) == (granted, role, 1)


async def passed(signs, is_here):
    if is_here:
        await signs()
    else:
        with pytest.raises(PassingError):
            await signs()


@pytest.mark.parametrize("what", SIGNED)
async def test_the_owner_signs_it_as_ever(pair, what):
    provider, buyer = pair
    begin, _, is_here = SIGNED[what]
    await agree(provider, buyer)
    signs = await begin(buyer, Signing(buyer))
    await grant(buyer, "bob", most=0)
    with actor.acting("owner"):
        await passed(signs, is_here)
    assert await buyer.rows("signings") == []


BOUNDS = {
    "another product": ({"products": ("urn:penstock:product:gauges",)}, "other products"),
    "a purpose that the rules do not name": ({"purposes": (resolve("Research"),)}, "another purpose"),
    "its product": ({"products": ("urn:penstock:product:tides",)}, ""),
}


@pytest.mark.parametrize("what", BOUNDS)
async def test_a_service_party_signs_for_the_product_and_purposes_of_the_contract(pair, what):
    _, buyer = pair
    bounds, why = BOUNDS[what]
    signs = await serve(buyer, Signing(buyer))
    await grant(buyer, roles=("service",), **bounds)
    with actor.acting("account:ada"):
        if not why:
            assert (await signs())["state"] == "signed"
            return
        with pytest.raises(NotPermitted, match=why):
            await signs()


async def test_a_project_is_no_product_of_an_authority_that_names_some(pair):
    _, buyer = pair
    signs = await develop(buyer, Signing(buyer))
    await grant(buyer, roles=("service",), products=("tides",))
    with actor.acting("account:ada"), pytest.raises(NotPermitted, match="other products than `tides-model`"):
        await signs()
    await grant(buyer, roles=("service",), products=("tides-model",))
    with actor.acting("account:ada"):
        assert await signs() == await signs(), "signed before, it is told"


PAID = {  # number, amount → may an account pay it
    "its price": (1, None, True),
    "less": (1, 999, True),
    "more": (1, 1001, False),
    "a second time": (2, None, False),
}


@pytest.mark.parametrize("what", PAID)
@pytest.mark.parametrize("who", ["account:ada", "owner"])
async def test_an_account_pays_a_contract_once_and_no_more_than_its_price(pair, monkeypatch, what, who):
    _, buyer = pair
    number, amount, is_its = PAID[what]
    await buyer.store.write(lambda tx: tx.put(account()))
    talk = SimpleNamespace(price=1000, digest="ab", agreement={}, offer={})
    bought = SimpleNamespace(peer="did:web:provider"), talk, {}
    monkeypatch.setattr(paying.contracts, "require_bought", lambda *_: bought)

    async def asked():
        return await buyer.store.write(lambda tx: paying._bought(tx, CODE, number, amount))

    with actor.acting(who):
        if is_its or who == "owner":
            assert (await asked()).total == (amount or 1000)
        else:
            with pytest.raises(NotPermitted, match="no more than its price"):
                await asked()
