"""Statements in the audit: decided before they begin, billed as they were answered, the same in both logs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

from contracts import call_receipt, joint, signature
from contracts.assent import Assent
from contracts.canonical import sha
from contracts.coverage import Coverage
from contracts.gate import Gate
from contracts.joint import Joint
from contracts.lookup import LookUp
from contracts.noise import Noise
from contracts.program import Programs
from contracts.records import Run
from contracts.tariff import Tariff
from ledger.audit import computations
from ledger.audit.report import Report
from tests.every import every
from tests.ledger.audit.shelf import book, event, found, shelf

SELLER, BUYER, AGREEMENT, TRANSFER = "did:web:seller", "did:web:buyer", "a1" * 32, "07" * 32
JOB, ANSWER = "0b" * 32, "cc" * 32
KEY, OTHER_KEY = bytes(range(1, 33)), bytes(range(3, 35))
REVIEWER = "did:web:reviewer"
PROVIDER = signature.address(KEY)
RECEIPT = {
    "v": 1, "call": JOB, "at": "2026-03-01T12:00:00+00:00", "agreement": AGREEMENT, "request": "dd" * 32,
    "status": "200", "answer": ANSWER,
}  # fmt: skip


def signed(receipt=RECEIPT, key=KEY):
    return {"receipt": receipt, "signature": signature.sign(call_receipt.digest(receipt), key).hex()}


def decided(outcome="allow", job=JOB, part=AGREEMENT):
    return event("decision.made", part, sha({"compute": job}).hex(), outcome=outcome, place="compute")


def started(job=JOB, **more):
    return event("computation.started", AGREEMENT, TRANSFER, job, statement="ee" * 32, **more)


def ended(outcome="released", answer=ANSWER, job=JOB):
    return event("computation.ended", AGREEMENT, TRANSFER, job, outcome=outcome, rows="3", answer=answer)


def served(calls="1"):
    return event("copy.served", AGREEMENT, TRANSFER, "1", calls=calls)


def received(**told):
    return event("answer.received", AGREEMENT, AGREEMENT, JOB, **{**signed(), **told})


QUERY, EPSILON = Tariff("query", 50, 1, "CNY"), Tariff("epsilon", 200, 100, "CNY")
MATCH = Tariff("match", 50, 1, "CNY")


def checked(seller, buyer=(), noise=None, lookup=None, joint=None, tariff=QUERY, coverage=None, programs=None,
            attested=None):  # fmt: skip
    terms = SimpleNamespace(tier="computed", tariff=tariff, product="firms")
    terms.gate = Gate(("district",), "firm", noise=noise, lookup=lookup, joint=joint, coverage=coverage,
                      programs=programs, attested=attested)  # fmt: skip
    deal = SimpleNamespace(terms=terms, provider=SELLER, buyer=BUYER, agreement=SimpleNamespace(provider=PROVIDER))
    report = Report()
    members = {
        SELLER: SimpleNamespace(address=PROVIDER, accounts=(PROVIDER,)),
        REVIEWER: SimpleNamespace(address=(reviewer := signature.address(OTHER_KEY)), accounts=(reviewer,)),
    }
    space = SimpleNamespace(members=members)
    computations.check(space, shelf(book(SELLER, *seller), book(BUYER, *buyer)), {AGREEMENT: deal}, report)
    return [(code, who) for code, who, _ in found(report)]


HONEST = (decided(), started(), ended(), served())


def test_what_was_decided_answered_billed_and_received_is_nobodys_fault():
    assert checked(HONEST, [received()]) == []
    assert checked((decided(), started(), ended("withheld", ""), served("0"))) == []


@every("seller", [
    (started(), ended(), served()),
    (started(), decided(), ended(), served()),
    (decided("deny"), started(), ended(), served()),
    (decided(job="0c" * 32), started(), ended(), served()),
    (decided(part="a2" * 32), started(), ended(), served()),
    (decided(), decided("deny"), started(), ended(), served()),
])  # fmt: skip
def test_a_statement_without_its_own_allowing_decision_is_found(seller):
    assert checked(seller) == [("computation-undecided", SELLER)]


@every("seller", [
    (decided(), started(), ended(), served("2")),
    (decided(), started(), ended("withheld", ""), served("1")),
    (decided(), started(), ended(), event("copy.served", AGREEMENT, TRANSFER, "1")),
    (decided(), started(), ended(), event("copy.served", AGREEMENT, "08" * 32, "1", calls="1")),
])  # fmt: skip
def test_a_transfer_that_bills_other_than_was_answered_is_found(seller):
    assert checked(seller) == [("computations-miscounted", SELLER)]


def asked(*outcomes, epsilon="0.50"):
    """Return statements that ended so, each under an id of its own."""
    told = []
    for at, outcome in enumerate(outcomes):
        job = f"{at:064x}"
        told += [decided(job=job), started(job, epsilon=epsilon), ended(outcome, job=job)]
    return (*told, served(str(outcomes.count("released"))))


def looked_up(*keys):
    """Return look-ups of so many keys, each under an id of its own."""
    told = []
    for at, many in enumerate(keys):
        job = f"{at:064x}"
        told += [decided(job=job), started(job, keys=str(many)), ended(job=job)]
    return (*told, served(str(sum(keys))))


def test_what_is_looked_up_beyond_its_keys_is_found_and_each_key_is_billed():
    terms = LookUp(10, 1)
    assert checked(looked_up(5, 5), lookup=terms) == []
    assert checked(looked_up(5, 6), lookup=terms) == [("lookups-overdrawn", SELLER)]
    odd = checked((decided(), started(keys="many"), ended(), served()), lookup=terms)
    assert odd == [("field-malformed", SELLER)]
    billed = (*looked_up(5)[:-1], served("1"))
    assert checked(billed, lookup=terms) == [("computations-miscounted", SELLER)]


def matched(*asked, calls=None):
    """Return look-ups of so many keys, of which so many are there and have their rows told; what is billed of them."""
    told, paid = [], 0
    for at, (keys, there) in enumerate(asked):
        for job, about in ((f"{at:064x}", {"keys": str(keys)}), (f"{at + 100:064x}", {"matched": str(there)})):
            if about.get("matched") != "0":
                told += [decided(job=job), started(job, **about), ended(job=job)]
        paid += there
    return (*told, served(str(paid if calls is None else calls)))


def test_where_subjects_found_have_the_price_those_whose_rows_were_told_are_billed():
    terms = LookUp(10, 1)
    assert checked(matched((5, 2), (5, 0)), lookup=terms, tariff=MATCH) == []
    assert checked(matched((3, 0)), lookup=terms, tariff=MATCH) == []
    for calls in (0, 1, 3, 7, 10):
        odd = checked(matched((5, 2), (5, 0), calls=calls), lookup=terms, tariff=MATCH)
        assert odd == [("computations-miscounted", SELLER)], calls
    odd = (decided(), started(matched="many"), ended(), served("1"))
    assert checked(odd, lookup=terms, tariff=MATCH) == [("field-malformed", SELLER)]


def test_neither_keys_nor_rows_of_more_subjects_than_agreed_are_told():
    terms = LookUp(10, 1)
    assert checked(matched((5, 5), (5, 5)), lookup=terms, tariff=MATCH) == []
    assert checked(matched((5, 0), (6, 0)), lookup=terms, tariff=MATCH) == [("lookups-overdrawn", SELLER)]
    assert checked(matched((5, 5), (5, 6)), lookup=terms, tariff=MATCH) == [("lookups-overdrawn", SELLER)]


def test_a_receipt_says_of_how_many_subjects_rows_were_told():
    seller = (decided(), started(matched="2"), ended(), served("2"))
    for told, finding in (({"matched": "2"}, []), ({"matched": "1"}, None), ({}, None)):
        receipt = received(**signed({**RECEIPT, **told}))
        found = checked(seller, [receipt], lookup=LookUp(10, 1), tariff=MATCH)
        assert found == ([("answer-differs", SELLER)] if finding is None else finding)
    claimed = received(**signed({**RECEIPT, "matched": "2"}))
    found = checked((decided(), started(keys="2"), ended(), served("0")), [claimed], lookup=LookUp(10, 1), tariff=MATCH)
    assert found == [("answer-differs", SELLER)], "who is there was told, and rows are what it signed for"


def test_what_is_told_beyond_a_budget_is_found():
    noise = Noise(50, 100)
    assert checked(asked("released", "withheld", "failed", "failed"), noise=noise) == []
    assert checked(asked("released", "withheld", "released"), noise=noise) == [("privacy-overspent", SELLER)]
    assert checked(asked("released", "released", "released", epsilon=""), noise=noise) == [
        ("privacy-overspent", SELLER)
    ]
    # fittings tell what their own coins say; of a statement nobody says that it told nothing
    fittings = asked(*["released"] * 4, epsilon="0.00")
    assert checked(fittings, noise=noise, coverage=Coverage(140, 900)) == []
    assert checked(fittings[:4], noise=noise)[:1] == [("epsilon-unagreed", SELLER)]
    assert checked(asked(*["released"] * 4)) == []


def chosen(*epsilons, outcome="released", calls=None):
    """Return statements that were begun with these ε, each under an id of its own."""
    told = []
    for at, epsilon in enumerate(epsilons):
        job = f"{at:064x}"
        told += [decided(job=job), started(job, epsilon=epsilon), ended(outcome, job=job)]
    return (*told, served(str(len(epsilons) if calls is None else calls)))


def test_what_buyers_chose_is_added_as_it_was_begun_and_found_beyond_their_choice():
    noise = Noise(50, 300, choice=(10, 200))
    assert checked(chosen("2.00", "0.50", "0.50"), noise=noise) == []
    assert checked(chosen("2.00", "0.50", "0.51"), noise=noise) == [("privacy-overspent", SELLER)]
    assert checked(chosen("2.01"), noise=noise) == [("epsilon-unagreed", SELLER)]
    assert checked(chosen("0.09"), noise=noise) == [("epsilon-unagreed", SELLER)]
    assert checked(chosen("much"), noise=noise) == [("field-malformed", SELLER)]
    assert checked(chosen("0.51"), noise=Noise(50, 300)) == [("epsilon-unagreed", SELLER)]
    # begun with much and cut, begun anew with little and told: that little was told
    anew = (decided(), started(epsilon="2.00"), ended("failed", ""), decided(), started(epsilon="0.10"), ended())
    assert checked((*anew, served("10")), noise=noise, tariff=EPSILON) == []


def test_where_epsilon_has_the_price_each_hundredth_is_billed():
    noise = Noise(50, 300, choice=(10, 200))
    assert checked(chosen("2.00", "0.50", calls=250), noise=noise, tariff=EPSILON) == []
    for calls in (2, 249, 251):
        odd = checked(chosen("2.00", "0.50", calls=calls), noise=noise, tariff=EPSILON)
        assert odd == [("computations-miscounted", SELLER)]
    assert checked(chosen("2.00", outcome="withheld", calls=0), noise=noise, tariff=EPSILON) == []


def timed(took, most="2.0", calls="13"):
    """Return a statement that took so many CPU seconds of those that its buyer said."""
    told = {"outcome": "released", "rows": "3", "answer": ANSWER, "seconds": took}
    end = event("computation.ended", AGREEMENT, TRANSFER, JOB, **told)
    return (decided(), started(atMost=most), end, served(calls))


def test_cpu_seconds_are_billed_as_they_were_measured_and_never_beyond_what_was_said():
    tariff = Tariff("second", 20, 10, "CNY")
    assert checked(timed("1.3"), tariff=tariff) == []
    assert checked(timed("2.0", calls="20"), tariff=tariff) == []
    for odd in (timed("1.3", calls="14"), timed("2.1", calls="21"), timed("1.3", most="1.2")):
        assert checked(odd, tariff=tariff) == [("computations-miscounted", SELLER)]
    assert ("field-malformed", SELLER) in checked(timed("1.33"), tariff=tariff)
    for told, finding in (("1.3", []), ("1.2", [("answer-differs", SELLER)])):
        receipt = received(**signed({**RECEIPT, "seconds": told}))
        assert checked(timed("1.3"), [receipt], tariff=tariff) == finding


def test_rows_are_billed_as_the_terms_say_how_many_there_are():
    tariff = Tariff("scanned", 5, 1000, "CNY", records=(Run(1, 3, 500, 1200),))
    assert checked((decided(), started(), ended(), served("1200")), tariff=tariff) == []
    assert checked((decided(), started(), ended(), served("1201")), tariff=tariff) == [
        ("computations-miscounted", SELLER)
    ]


def test_a_receipt_says_the_epsilon_of_its_providers_log():
    noise = Noise(50, 300, choice=(10, 200))
    seller = (decided(), started(epsilon="0.50"), ended(), served("50"))
    for told, finding in (("0.50", []), ("2.00", [("answer-differs", SELLER)])):
        receipt = received(**signed({**RECEIPT, "epsilon": told}))
        assert checked(seller, [receipt], noise=noise, tariff=EPSILON) == finding


OTHERS = ("did:web:b", "did:web:c", "did:web:d")
QUESTION = bytes(range(32))


def opened(*members, by=SELLER, keys=None):
    """Return a part that was opened with these, who signed it, each with its own key or with that of `keys`."""
    about = joint.opened(QUESTION, members)
    signed = {did: signature.sign(about, (keys or {}).get(did, KEY)).hex() for did in members}
    fields = {"question": QUESTION.hex(), "members": list(members), "signatures": signed}
    made = event("computation.ended", AGREEMENT, TRANSFER, JOB, outcome="released", rows="3", answer=ANSWER, **fields)
    return (decided(), started(), made, served())


def test_a_part_is_opened_with_enough_of_those_who_are_named_and_signed_it():
    terms = Joint(OTHERS, 3)
    noise = Noise(50, 100)
    assert checked(opened(SELLER, "did:web:b", "did:web:c"), noise=noise, joint=terms) == []
    for odd in (
        opened(SELLER, "did:web:b"),
        opened("did:web:b", "did:web:c", "did:web:d"),
        opened(SELLER, "did:web:b", "did:web:x"),
        opened(SELLER, SELLER, "did:web:b"),
        opened(SELLER, "did:web:b", "did:web:c", keys={SELLER: bytes(range(2, 34))}),
    ):
        assert checked(odd, noise=noise, joint=terms) == [("joint-unsigned", SELLER)]
    two = (*opened(SELLER, "did:web:b", "did:web:c"), *opened(SELLER, "did:web:b", "did:web:d")[2:3])
    found = checked(two, noise=noise, joint=terms)
    assert ("joint-split", SELLER) in found
    odd = (decided(), started(), event("computation.ended", AGREEMENT, TRANSFER, JOB, outcome="released", rows="3",
                                       answer=ANSWER, question="?", members=[], signatures={}), served())  # fmt: skip
    assert checked(odd, noise=noise, joint=terms) == [("field-malformed", SELLER)]


def test_a_part_of_a_total_has_the_epsilon_that_its_terms_leave_and_bills_it():
    terms, noise = Joint(OTHERS, 3), Noise(50, 100, choice=(10, 100))

    def part(epsilon, calls):
        made = opened(SELLER, "did:web:b", "did:web:c")[2]
        return (decided(), started(epsilon=epsilon), made, served(calls))

    assert checked(part("0.90", "90"), noise=noise, joint=terms, tariff=EPSILON) == []
    assert checked(part("0.90", "50"), noise=noise, joint=terms, tariff=EPSILON) == [
        ("computations-miscounted", SELLER)
    ]
    assert ("epsilon-unagreed", SELLER) in checked(part("0.09", "9"), noise=noise, joint=terms, tariff=EPSILON)
    assert set(checked(part("1.01", "101"), noise=noise, joint=terms, tariff=EPSILON)) == {
        ("epsilon-unagreed", SELLER), ("privacy-overspent", SELLER)
    }  # fmt: skip


def test_an_answer_that_was_signed_and_is_not_in_the_log_is_its_signers_fault():
    assert checked((decided(), started(), served("0")), [received()]) == [("answer-unlogged", SELLER)]
    assert checked((decided(), started(), ended("withheld", ""), served("0")), [received()]) == [
        ("answer-unlogged", SELLER)
    ]
    assert checked((decided(), started(), ended(answer="ff" * 32), served()), [received()]) == [
        ("answer-differs", SELLER)
    ]


@every("told", [
    signed(key=bytes(range(2, 34))),
    signed({**RECEIPT, "agreement": "a2" * 32}),
    signed({**RECEIPT, "call": "0c" * 32}),
    {"signature": "00" * 65},
    {"receipt": "none"},
])  # fmt: skip
def test_nobody_is_accused_by_a_receipt_that_is_not_the_providers(told):
    accused = checked((decided(), started(), served("0")), [received(**told)])
    assert accused == [("field-malformed", BUYER)]


ASSENT = Assent(
    "sha-256:" + "ab" * 32, "select age from firms", (("mean", 0.0, 1.0),), None, "firms", SELLER, BUYER, REVIEWER,
    datetime(2026, 3, 2, tzinfo=UTC), "a mean",
)  # fmt: skip


def by_assent(assent=ASSENT, key=OTHER_KEY, parameters=("2.5",), **more):
    """Return a program that was begun by an assent, whoever signed it, with these parameters."""
    numbers = tuple(map(float, parameters))
    told = {"document": assent.json(), "signature": signature.sign(assent.digest, key).hex()}
    fields = {"assent": {**told, "parameters": list(parameters)}, "program": ASSENT.program, **more}
    statement = more.pop("statement", None) or assent.statement_digest(numbers)
    begun = event("computation.started", AGREEMENT, TRANSFER, JOB, **{**fields, "statement": statement})
    return (decided(), begun, ended(), served())


REVIEWED = Programs(5, REVIEWER)


def test_a_program_by_its_reviewers_assent_is_nobodys_fault_and_takes_no_budget():
    assert checked(by_assent(), programs=REVIEWED) == []
    noise = Noise(50, 50)
    whole = (*by_assent(epsilon="0.00")[:3], *asked("released", epsilon="0.50")[:3], served("2"))
    assert checked(whole, noise=noise, programs=REVIEWED) == []
    assert checked(by_assent(replace(ASSENT, parameters=(2.5,))), programs=REVIEWED) == []
    # without an assent it had noise, and so it took of the budget
    assert checked((decided(), started(program=ASSENT.program, epsilon="0.50"), ended(), served()), noise=noise,
                   programs=REVIEWED) == []  # fmt: skip


@every("seller", [
    by_assent(key=KEY),
    by_assent(replace(ASSENT, reviewer="did:web:other")),
    by_assent(replace(ASSENT, buyer="did:web:other")),
    by_assent(replace(ASSENT, provider="did:web:other")),
    by_assent(replace(ASSENT, product="other")),
    by_assent(replace(ASSENT, until=datetime(2026, 3, 1, 11, tzinfo=UTC))),
    by_assent(replace(ASSENT, parameters=(2.0,))),
    by_assent(program="sha-256:" + "ac" * 32),
    by_assent(statement="ee" * 32),
    (decided(), started(program=ASSENT.program), ended(), served()),
])  # fmt: skip
def test_a_program_that_was_run_without_an_assent_that_lets_it_is_found(seller):
    assert checked(seller, programs=REVIEWED) == [("program-unassented", SELLER)]


def test_terms_without_a_reviewer_have_no_assent_and_what_is_none_is_malformed():
    assert checked(by_assent(), noise=Noise(50, 100), programs=Programs(5)) == [("program-unassented", SELLER)]
    for odd in (
        "none",
        {},
        {"document": ASSENT.json(), "signature": "00", "parameters": []},
        {"document": {**ASSENT.json(), "more": 1}, "signature": "00" * 65, "parameters": []},
        {"document": ASSENT.json(), "signature": "00" * 65, "parameters": [2.5]},
    ):
        seller = (decided(), started(program=ASSENT.program, assent=odd), ended(), served())
        assert checked(seller, programs=REVIEWED) == [("field-malformed", SELLER)], odd


def test_a_receipt_names_the_assent_of_its_providers_log():
    for name, finding in ((ASSENT.digest.hex(), []), ("00" * 32, [("answer-differs", SELLER)])):
        receipt = received(**signed({**RECEIPT, "assent": name}))
        assert checked(by_assent(), [receipt], programs=REVIEWED) == finding
