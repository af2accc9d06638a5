"""Filing a dispute and reading the docket: what the exchange is asked, what is kept here, and who hears of it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from connector.negotiation.notices import DISPUTE
from connector.runtime.errors import Conflict, PeerMisbehaved, PeerUnreachable
from connector.runtime.limits import DISPUTE_BYTES_MAX
from connector.settlement.cases import Cases
from contracts.canonical import sha
from contracts.typed_data import digest
from ledger.dispute import filing as filings
from ledger.dispute.verdict import Finding
from tests.channel.rig import BUYER_DID
from tests.ledger.dispute import test_filing as filed
from tests.ledger.dispute import test_verdict as case
from tests.settlement.ground import ARBITRATOR, Ground, opened

ROW = {"id": "ours", "state": "filed"}
OWNER = SimpleNamespace(
    did="did:web:x", log_vkey=filed.OWNER.log_vkey, former_vkeys=(), address=b"\x0e" * 20, accounts=(b"\x0e" * 20,)
)
SUPERVISOR = SimpleNamespace(did="did:web:supervisor.example", address=b"\x0f" * 20)


class World(Ground):
    """A payee of the disputed channel, and an exchange that answers `answer`, or raises it."""

    def __init__(self):
        super().__init__()
        self.told, self.said, self.looked, self.reply = [], [], [], ROW
        self.core.identity.member = SimpleNamespace(did=self.core.identity.did, accounts=(filed.PARTIES["payee"],))
        self.space = SimpleNamespace(
            domains=case.DOMAINS, by_origin={filed.forked.ORIGIN: OWNER}.get, supervisor=SUPERVISOR
        )
        domains = {"licences": case.DOMAINS.licences}
        programs = SimpleNamespace(channel=self._channel, deployment=SimpleNamespace(domain=domains.__getitem__))
        exchange, notices = SimpleNamespace(ask=self._ask), SimpleNamespace(send=self._send)
        self.cases = Cases(self.core, self.view, programs, exchange, notices)

    async def _channel(self, channel):
        self.looked.append(channel)
        payer, payee = filed.PARTIES["payer"], filed.PARTIES["payee"]
        return opened(payer=payer, signer=payer, payee=payee, arbitrator=ARBITRATOR)

    async def _ask(self, method, path, body=None, *, limit_bytes):
        self.told.append((method, path, body))
        assert limit_bytes == DISPUTE_BYTES_MAX + 64 * 1024
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply

    def _send(self, _tx, row, notice):
        self.said.append((row.peer, notice.kind, notice.agreement, notice.text, notice.at))

    def file(self, document):
        return asyncio.run(self.cases.file(document))

    def case_of(self, document):
        key = sha(document).hex()
        return self.store.act(lambda tx: (tx.get("disputes", id=key), tx.get("dispute_bundles", id=key)))

    def keep_agreement(self, key):
        self.insert("agreements", digest=key, role="provider", peer=BUYER_DID, terms={}, created=self.pair.now)


@pytest.fixture
def world():
    return World()


def test_a_bundle_is_filed_with_our_own_verdict_kept_and_told_to_the_other_party(world):
    bundle = case.CASES[Finding.WRONG_KEY]()
    document, agreement = bundle.json(), digest(case.DOMAINS.licences, bundle.agreement).hex()
    world.keep_agreement(agreement)
    verdict = filings.judge(filings.read(document), filed.SPACE, filed.CHANNEL)
    assert world.file(document) == {**ROW, "proposed": verdict.json()}
    assert world.told == [("POST", "/exchange/disputes", document)]
    row, kept = world.case_of(document)
    assert (row["filer"], row["state"], kept["bundle"]) == (world.core.identity.did, "filed", document)
    key = sha(document).hex()
    assert world.recorded == [("dispute.filed", case.CHANNEL.hex(), {"bundle": key})]
    text = f"we filed the dispute {key} at the exchange: wrong-key in window 7"
    assert world.said == [(BUYER_DID, DISPUTE, agreement, text, world.pair.now)]


def test_the_same_again_is_told_to_nobody(world):
    bundle = case.CASES[Finding.WRONG_KEY]()
    world.keep_agreement(digest(case.DOMAINS.licences, bundle.agreement).hex())
    for _ in range(2):
        world.file(bundle.json())
    assert (len(world.told), len(world.said), len(world.recorded)) == (2, 1, 1)


def test_a_contradiction_is_about_the_agreement_of_its_channel(world):
    document = filed.CONTRADICTIONS["payer"]()
    world.keep_agreement(world.pair.deal.hex())
    proposed = world.file(document)["proposed"]
    assert (proposed["finding"], proposed["atFault"]) == ("payer-equivocated", "payer")
    text = f"we filed the dispute {sha(document).hex()} at the exchange: payer-equivocated"
    assert [(one[2], one[3]) for one in world.said] == [(world.pair.deal.hex(), text)]
    assert set(world.looked) == {case.CHANNEL}


def test_of_a_channel_or_a_log_that_is_not_ours_nobody_else_hears(world):
    world.store.act(lambda tx: tx.execute("DELETE FROM channels"))
    world.keep_agreement(world.pair.deal.hex())
    for document in (filed.CONTRADICTIONS["payer"](), filed.fork()):
        world.file(document)
        assert world.case_of(document)[0] is not None
    assert world.said == []


def test_two_histories_of_a_log_are_judged_without_a_channel(world):
    assert world.file(filed.fork())["proposed"]["finding"] == "log-forked"
    assert world.looked == []


def test_what_the_exchange_does_not_take_is_not_kept(world):
    document = case.CASES[Finding.WRONG_KEY]().json()
    for reply, fault in ((PeerUnreachable("away"), PeerUnreachable), (["no object"], PeerMisbehaved)):
        world.reply = reply
        with pytest.raises(fault):
            world.file(document)
    assert (world.case_of(document), world.recorded, world.said) == ((None, None), [], [])


def test_what_nobody_can_rule_on_is_not_sent(world):
    world.core.identity.member = SimpleNamespace(accounts=(ARBITRATOR,))
    with pytest.raises(Exception, match="only the payer or the payee"):
        world.file(case.CASES[Finding.WRONG_KEY]().json())
    world.space.supervisor = None
    with pytest.raises(Conflict):
        world.file(filed.fork())
    assert world.told == []


def test_a_case_is_shown_with_our_own_verdict(world):
    document = case.CASES[Finding.WRONG_KEY]().json()
    world.reply = {**ROW, "bundle": document, "proposed": "theirs"}
    shown = asyncio.run(world.cases.show(sha(document).hex()))
    assert shown["bundle"] == document
    assert shown["proposed"]["finding"] == "wrong-key"
    assert world.told == [("GET", f"/exchange/disputes/{sha(document).hex()}", None)]
    row, read = asyncio.run(world.cases.read(sha(document).hex()))
    assert (row, read) == (world.reply, filings.read(document))


@pytest.mark.parametrize("shown", [{}, {"bundle": filed.fork()}])
def test_another_document_than_was_filed_is_not_believed(world, shown):
    world.reply = {**ROW, **shown}
    with pytest.raises(PeerMisbehaved, match="another bundle than the one that was filed") as refused:
        asyncio.run(world.cases.show("ab" * 32))
    assert refused.value.hint == "tell the regulator"


def test_a_key_stays_one_part_of_a_path(world):
    with pytest.raises(PeerMisbehaved):
        asyncio.run(world.cases.read("../a b"))
    assert world.told[0][1] == "/exchange/disputes/..%2Fa%20b"


def test_the_docket_is_asked_for_what_concerns_us(world):
    world.reply = {"rows": []}
    assert asyncio.run(world.cases.page()) == {"rows": []}
    assert world.told == [("GET", "/exchange/disputes", None)]
    for wrong in ([], None, "rows"):
        world.reply = wrong
        with pytest.raises(PeerMisbehaved, match="with no object"):
            asyncio.run(world.cases.page())


def test_a_ruling_is_told_under_its_dispute(world):
    read = filings.read(filed.CONTRADICTIONS["payer"]())
    ruling = filings.rule(read, filings.judge(read, filed.SPACE, filed.CHANNEL), filed.CHANNEL, None, "")
    assert asyncio.run(world.cases.tell(ruling, "ab")) == ROW
    body = {"ruling": ruling.json(), "tx": "ab"}
    assert world.told == [("POST", f"/exchange/disputes/{read.id.hex()}/ruling", body)]
