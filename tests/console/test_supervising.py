"""What a supervisor has at hand: logs and chain as far as they were read, and one audit at a time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from connector.api.pages import supervising
from connector.regulator import chain_book, logbooks
from connector.regulator.audits import Audits
from connector.runtime.errors import Conflict
from ledger.chain.programs import Programs
from ledger.chain.standing import did_digest

session = pytest.mark.asyncio(loop_scope="session")
AGREEMENT = "0b" * 32
WITHIN_SECONDS = 10


async def said(connector):
    """Leave an event about an agreement in the own log, under a head that is served."""

    def act(tx):
        fields = {"reason": "done", "by": connector.did}
        connector.evidence.record(tx, "agreement.ended", part=AGREEMENT, fields=fields, now=connector.clock.now())

    await connector.store.write(act)
    await connector.store.write(connector.evidence.checkpoint)


@session
async def test_a_log_or_chain_that_was_not_read_to_its_end_is_named(connector, enter, monkeypatch):
    regulator = await enter("reader-of-logs", ("regulator",))

    async def looked():
        told = json.loads((await regulator.open(f"timeline/{AGREEMENT}.json")).text)
        return len(told["rows"]), {one["source"]: one["trouble"] for one in told["troubles"]}

    await said(connector)
    assert await looked() == (1, {})
    await said(connector)
    monkeypatch.setattr(logbooks, "LOGBOOK_EVENTS_MAX", 0)
    monkeypatch.setattr(chain_book, "CHAIN_EVENTS_KEPT_MAX", 0)
    forgetful = chain_book.ChainBook(connector.programs)
    monkeypatch.setitem(connector.parts._found, chain_book.ChainBook, forgetful)
    for _ in range(2):
        rows, troubles = await looked()
        assert rows == 1
        assert troubles["log"] == "only 0 events of all logs are kept at hand"
        assert troubles["chain"].startswith("only 0 events are kept at hand, those up to block")
    page = (await regulator.open(f"timeline/{AGREEMENT}")).text
    assert "chain: only" in page
    assert f"{connector.did}: only 0 events" in page
    monkeypatch.undo()
    assert await looked() == (2, {})


@session
async def test_an_exchange_that_says_too_late_a_beginning_hides_nothing(connector, monkeypatch):
    space = did_digest(connector.did).hex()
    told = await chain_book.ChainBook(connector.programs).naming([space])
    assert told
    late = replace(connector.programs.deployment, since=(await connector.chain.newest()).number + 1)
    monkeypatch.setattr(connector, "programs", Programs(connector.chain, late))
    assert await chain_book.ChainBook(connector.programs).naming([space]) == told


@session
async def test_of_two_audits_that_are_begun_at_once_one_is_refused(connector, monkeypatch):
    audits, asked = Audits(connector.core), []

    async def ask():
        asked.append(1)
        return {"findings": []}, ""

    monkeypatch.setattr(audits, "_ask", ask)
    begun = await asyncio.gather(audits.begin(), audits.begin(), return_exceptions=True)
    assert [type(one) for one in begun] == [str, Conflict]
    async with asyncio.timeout(WITHIN_SECONDS):
        while (await audits.newest()).state == "running":
            await asyncio.sleep(0.01)
    assert len(asked) == 1


def test_findings_stand_under_their_cause_with_what_follows_and_the_proof():
    below = {"severity": "warning", "code": "closed-short", "subject": "channel", "en": "b", "zh": "b"}
    one = {"severity": "error", "code": "forked", "subject": "did:web:a", "en": "a", "zh": "a", "index": 7}
    alone = {"severity": "warning", "code": "no-such-code", "subject": "c", "en": "c", "zh": "c"}
    found = supervising._causes([alone, {**one, "follows": [below]}, {**one, "index": None}])
    assert [(cause["code"], cause["count"]) for cause in found] == [("forked", 2), ("no-such-code", 1)]
    first, second = found[0]["findings"]
    assert first["proof"] == "7@did:web:a"
    assert [one["code"] for one in first["follows"]] == ["closed-short"]
    assert second["proof"] == ""
    assert found[1]["check"] == {"en": [], "zh": []}


def test_of_many_findings_of_a_cause_the_rest_is_counted():
    one = {"severity": "error", "code": "x", "subject": "s", "en": "a", "zh": "a"}
    [cause] = supervising._causes([one] * (supervising.SHOWN + 3))
    assert (len(cause["findings"]), cause["count"], cause["more"]) == (supervising.SHOWN, supervising.SHOWN + 3, 3)
