"""What is filed for a ruling: each kind is read strictly, judged from signed values, and ruled on."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from contracts import signature
from contracts.canonical import sha
from contracts.errors import ContractError
from contracts.typed_data import digest
from ledger.dispute import equivocation, filing, fork_proof
from ledger.dispute.ruling import read_ruling
from ledger.dispute.verdict import Finding
from ledger.log import checkpoint as checkpoints
from ledger.log.checkpoint import Checkpoint, origin_id
from tests.every import every
from tests.ledger.dispute import test_fork_proof as forked
from tests.ledger.dispute import test_verdict as case

PARTIES = {"payer": signature.address(case.BUYER), "payee": signature.address(case.PROVIDER)}
CHANNEL = SimpleNamespace(signer=PARTIES["payer"], payee=PARTIES["payee"], claimed=0, deposit=1000)
OWNER = SimpleNamespace(did="did:web:x", log_vkey=forked.VKEY, former_vkeys=())
SPACE = SimpleNamespace(domains=case.DOMAINS, by_origin={forked.ORIGIN: OWNER}.get)


def contradiction(kind, domain, key, **changes):
    """Two messages of the case's channel that differ, each signed."""
    first = getattr(case.make(), kind)
    second = case.sign(domain, replace(first.value, **changes), key)
    return equivocation.document(first.value.channel_id, *((one.value, one.signature) for one in (first, second)))


CONTRADICTIONS = {
    "payer": lambda: contradiction("voucher", case.DOMAINS.channels, case.BUYER, cumulative_amount=200),
    "payee": lambda: contradiction("offer", case.DOMAINS.registry, case.PROVIDER, lock=b"\x01" * 32),
    "payee again": lambda: contradiction("receipt", case.DOMAINS.registry, case.PROVIDER, released_at=9),
}


def fork(size=4, old=3, key=forked.KEY):
    """Two heads of a log and of one with another second entry."""
    first, second = forked.tree(size), forked.tree(size, 1)
    heads = forked.head(first, old, key), forked.head(second, size, key)
    return fork_proof.document(*heads, forked.shown(second, old, size) if old < size else ())


def judged(document, channel=CHANNEL):
    return filing.judge(filing.read(document), SPACE, channel)


@pytest.mark.parametrize("role", CONTRADICTIONS)
def test_who_signed_two_messages_with_one_seq_is_at_fault(role):
    read = filing.read(CONTRADICTIONS[role]())
    verdict = filing.judge(read, SPACE, CHANNEL)
    about = case.make()
    batch = digest(case.DOMAINS.channels, about.voucher.value) if "again" in role else about.offer.value.account_hash
    assert (read.part, read.link, read.origin, verdict.at_fault) == (case.CHANNEL, batch, "", role.split()[0])
    ruling = filing.rule(read, verdict, CHANNEL, None, "")
    assert (ruling.dispute, ruling.channel_id, ruling.division) == (sha(read.document), case.CHANNEL, None)
    assert (ruling.finding, ruling.account_hash, ruling.reason) == (verdict.finding, batch, verdict.reason)
    assert filing.rule(read, verdict, CHANNEL, None, "w" * 1001).reason == "w" * 1000
    assert read_ruling(ruling.json()) == ruling
    with pytest.raises(ContractError, match="no money"):
        filing.rule(read, verdict, CHANNEL, 1, "")


@pytest.mark.parametrize("old", [3, 4])
def test_who_signed_two_histories_is_at_fault(old):
    read = filing.read(fork(old=old))
    verdict = filing.judge(read, SPACE, None)
    denied = forked.tree(4).root(old)
    assert (read.part, read.link, read.origin) == (origin_id(forked.ORIGIN), denied, forked.ORIGIN)
    assert (verdict.finding, verdict.at_fault) == (Finding.LOG_FORKED, "owner")
    assert read_ruling(filing.rule(read, verdict, None, None, "seen by two").json()).reason == "seen by two"


def test_what_proves_nothing_about_a_party_is_dismissed():
    stranger = replace(case.make().voucher.value, cumulative_amount=200), case.STRANGER
    by_another = contradiction("voucher", case.DOMAINS.channels, stranger[1], cumulative_amount=200)
    same = forked.tree(4)
    one_history = fork_proof.document(forked.head(same, 3), forked.head(same, 4), forked.shown(same, 3, 4))
    elsewhere = checkpoints.sign(Checkpoint("localhost:7009/log", 1, b"\x01" * 32), forked.KEY).encode()
    dismissed = [
        judged(by_another),
        judged(CONTRADICTIONS["payer"](), SimpleNamespace(signer=PARTIES["payee"], payee=PARTIES["payee"])),
        judged(CONTRADICTIONS["payer"](), None),
        judged(one_history, None),
        judged(fork_proof.document(elsewhere, elsewhere), None),
    ]
    assert [one.at_fault for one in dismissed] == ["claimant"] * len(dismissed)
    assert [one.reason for one in dismissed] == [
        "this is no proof of equivocation: two keys signed them",
        *["who signed both is not the payer of the channel"] * 2,
        "this is no proof of a fork: the two heads are of one history",
        "no member of the space has this log",
    ]


def test_a_bundle_is_filed_judged_and_ruled_on_as_before():
    bundle = case.CASES[Finding.WRONG_KEY]()
    read = filing.read(bundle.json())
    assert read == filing.of(bundle)
    verdict = filing.judge(read, SPACE, CHANNEL)
    assert verdict.finding is Finding.WRONG_KEY
    ruling = filing.rule(read, verdict, CHANNEL, None, "")
    assert (ruling.division.to_payer, ruling.reason) == (CHANNEL.deposit, verdict.reason)
    assert (read.id, read.part) == (ruling.dispute, ruling.channel_id) == (sha(bundle.json()), case.CHANNEL)


def test_over_a_bundle_whose_channel_the_chain_does_not_know_no_money_moves():
    read = filing.of(case.CASES[Finding.WRONG_KEY]())
    verdict = filing.judge(read, SPACE, None)
    ruling = filing.rule(read, verdict, None, None, "")
    assert (ruling.dispute, ruling.finding, ruling.division) == (read.id, Finding.WRONG_KEY, None)
    with pytest.raises(ContractError, match="no money moves over this: wrong-key"):
        filing.rule(read, verdict, None, 0, "")


@every(
    "document",
    [
        None,
        [],
        {},
        {**fork(), "more": 1},
        {**fork(), "heads": ["no note", "nor this"]},
        {**fork(), "heads": fork()["heads"] * 2},
        {**CONTRADICTIONS["payer"](), "messages": [1, 2]},
        {**CONTRADICTIONS["payer"](), "kind": []},
        {**CONTRADICTIONS["payer"](), "channelId": "00"},
    ],
)
def test_what_is_none_of_these_is_refused(document):
    with pytest.raises(ContractError):
        filing.read(document)
