"""What a member believes of its exchange's answers: all of it proven, or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.log.note import NoteError
from ledger.space.answer import CHANGES_MAX, Answer
from ledger.space.document import SUSPENDED, SpaceError
from ledger.space.entry import ADDRESS, DID, KINDS, ORIGIN, Entry
from ledger.space.head import Head, contradict
from ledger.space.met import Met
from ledger.space.roll import Roll
from tests.every import every
from tests.ledger.space.exchange import Exchange
from tests.ledger.space.test_document import member


@pytest.fixture
def exchange():
    return Exchange()


@pytest.fixture
def met(exchange):
    return Met().take(exchange.answer())


def test_who_begins_knows_those_who_act_and_nobody_else(exchange, met):
    assert met.head == exchange.head(1)
    assert set(met.entries) == {f"did:web:{role}" for role in ("exchange", "regulator", "buyer", "node")}
    space, whole = met.space(), exchange.roll.space
    assert (space.supervisor, space.node, space.fee_bps) == (whole.supervisor, whole.node, whole.fee_bps)
    for did in met.entries:
        assert space.witnesses_of(did) == whole.witnesses_of(did)


@every("kind", KINDS)
def test_a_member_is_found_by_each_of_its_names_and_nobody_is_proven_to_be_nobody(kind):
    exchange = Exchange()
    names = dict(exchange.roll.entry("did:web:provider").names())
    met = Met().take(exchange.answer())
    assert not met.knows(kind, names[kind])
    after = met.take(exchange.answer(1, (kind, names[kind])), [(kind, names[kind])])
    assert all(after.knows(one, name) for one, name in names.items())
    assert after.space().members["did:web:provider"].role == "provider"
    name = {ADDRESS: "0x" + "0" * 40}.get(kind, "did:web:nobody")
    nobody = after.take(exchange.answer(1, (kind, name)), [(kind, name)])
    assert nobody.knows(kind, name)
    assert nobody.entries == after.entries


def test_a_change_reaches_who_is_known_and_says_of_others_only_that_they_changed(exchange, met):
    met = met.take(exchange.answer(1, (DID, "did:web:provider")), [(DID, "did:web:provider")])
    exchange.admit("did:web:late")
    exchange.bar("did:web:provider")
    after = met.take(exchange.answer(1))
    assert (after.head.number, after.space().barred) == (3, {"did:web:provider": SUSPENDED})
    assert "did:web:late" not in after.entries
    exchange.bar("did:web:provider", "")
    assert after.take(exchange.answer(3)).space().barred == {}
    assert after.take(exchange.answer(4 - 1)).entries["did:web:provider"] == met.entries["did:web:provider"]


def test_who_was_proven_absent_is_so_until_it_is_admitted(exchange, met):
    asked = [(DID, "did:web:late")]
    met = met.take(exchange.answer(1, *asked), asked)
    exchange.bar("did:web:service")
    met = met.take(exchange.answer(1))
    assert met.knows(*asked[0])
    exchange.admit("did:web:late")
    met = met.take(exchange.answer(2))
    assert not met.knows(*asked[0])


def leave_out(answer):
    _, *rest = sorted(answer.changes)
    return replace(answer, changes={one: answer.changes[one] for one in rest})


def keep_quiet(answer):
    return replace(answer, entries=())


def say_otherwise(answer):
    return replace(answer, entries=tuple(replace(one, state="") for one in answer.entries))


def of_another_time(answer):
    return replace(answer, since=2)


def another_past(answer):
    return replace(answer, changes={one: (bytes(32), after) for one, (_, after) in answer.changes.items()})


def another_map(answer):
    return replace(answer, proof=Exchange().roll.changed([Entry(member("buyer", 77))]).map.prove(answer.changes))


def another_root(answer):
    return replace(answer, head=replace(answer.head, root=bytes(32)))


def another_fee(answer):
    return replace(answer, head=replace(answer.head, fee_bps=0))


def unsigned(answer):
    own = Ed25519PrivateKey.generate()
    return replace(
        answer, head=answer.head.signed(replace(Exchange().own(), log_key=own.public_key().public_bytes_raw()), own)
    )


def shorter(answer):
    return replace(answer, proof=answer.proof[:-32])


def longer(answer):
    return replace(answer, proof=answer.proof + b"\0")


LIES = (
    leave_out,
    keep_quiet,
    say_otherwise,
    of_another_time,
    another_past,
    another_map,
    another_root,
    another_fee,
    unsigned,
    shorter,
    longer,
)


@every("lie", LIES)
def test_a_false_account_of_a_change_is_refused_as_a_whole(lie):
    exchange = Exchange()
    asked = [(DID, "did:web:provider")]
    met = Met().take(exchange.answer(None, *asked), asked)
    exchange.bar("did:web:provider")
    exchange.admit("did:web:late")
    exchange.rolls.pop(2)  # both in one head
    told = exchange.answer(1)
    assert met.take(told).space().barred
    with pytest.raises(SpaceError):
        met.take(lie(told))
    assert not met.space().barred


def test_a_proof_of_another_head_and_a_name_that_is_not_answered_are_refused(exchange, met):
    asked = [(DID, "did:web:provider")]
    right = exchange.answer(1, *asked)
    for wrong in (replace(right, entries=()), exchange.answer(1), exchange.answer(1, (DID, "did:web:service"))):
        with pytest.raises(SpaceError):
            met.take(wrong, asked)
    forged = replace(right.entries[0], member=replace(right.entries[0].member, url="http://elsewhere"))
    with pytest.raises(SpaceError, match="does not say who"):
        met.take(replace(right, entries=(forged,)), asked)
    exchange.admit("did:web:late")
    with pytest.raises(SpaceError, match="another head"):
        met.take(replace(right, shown=exchange.answer(2, *asked).shown), asked)


def test_an_older_head_and_another_of_the_same_number_are_refused_and_the_two_are_a_proof(exchange, met):
    exchange.admit("did:web:late")
    newer, liar = met.take(exchange.answer(1)), Exchange()
    for since in (None, 1):
        with pytest.raises(SpaceError, match="after head 2"):
            newer.take(replace(exchange.answer(since), head=exchange.head(1)))
    liar.admit("did:web:other")
    with pytest.raises(SpaceError, match="two heads 2"):
        newer.take(liar.answer())
    one, other, own = exchange.head().note, liar.head().note, exchange.own()
    assert contradict(one, other, own)
    assert not contradict(one, one, own)
    assert not contradict(one, exchange.head(1).note, own)
    with pytest.raises(NoteError):
        contradict(one, other.replace("2", "3", 1), own)


def test_who_comes_back_after_very_much_begins_anew(exchange, met):
    asked = [(DID, "did:web:provider"), (DID, "did:web:nobody")]
    met = met.take(exchange.answer(1, *asked), asked)
    exchange.admit("did:web:late")
    anew = met.take(exchange.answer())
    assert anew.head.number == 2
    assert "did:web:provider" not in anew.entries, "to be asked for again"
    assert not anew.absent
    assert not any(anew.knows(*one) for one in asked)
    again = anew.take(exchange.answer(2, *asked), asked)
    assert again.entries["did:web:provider"] == met.entries["did:web:provider"]


def test_an_answer_of_any_length_is_no_answer(exchange):
    long = exchange.answer().json() | {
        "since": 1,
        "proof": "",
        "changes": [["00" * 32, "", "11" * 32]] * (CHANGES_MAX + 1),
    }
    for broken in (None, [], {}, {"entries": []}, long, exchange.answer().json() | {"more": 1}):
        with pytest.raises(SpaceError):
            Answer.from_json(broken)


@every("name", ["number", "count", "root", "acting", "note", "exchange", "deployment", "feeBps", "label"])
def test_a_head_that_lacks_something_is_refused(name):
    told = Exchange().head().json()
    for broken in ({one: value for one, value in told.items() if one != name}, told | {name: None}):
        with pytest.raises(SpaceError):
            Head.from_json(broken)


def test_a_roll_that_is_changed_is_the_roll_of_its_document():
    exchange = Exchange()
    exchange.admit("did:web:late")
    exchange.bar("did:web:late")
    moved = replace(
        exchange.roll.entry("did:web:late").member, role="provider", url="http://there", address=b"\x01" * 20
    )
    changed, built = exchange.roll.changed([Entry(moved)]), None
    built = Roll.of(type(changed.space).from_json(changed.space.json()))
    assert changed.map.root == built.map.root
    for name in ("_by_address", "_by_origin", "_by_role", "members", "barred"):
        assert getattr(changed.space, name) == getattr(built.space, name)
    assert changed.found(ORIGIN, "late/log") is None
    assert changed.found(ORIGIN, "there/log").member == moved
