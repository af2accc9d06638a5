"""Codes in the audit: assigned by a node alone, each once, and no thing has two."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from catalog.registration import drawn
from ledger.audit import codes
from ledger.audit.report import Report
from tests.ledger.audit.shelf import book, event, found, shelf

NODE, PROVIDER, LEFT = "did:web:node", "did:web:provider", "did:web:left"
MEMBERS = {NODE: SimpleNamespace(role="node"), PROVIDER: SimpleNamespace(role="provider")}
ONE, OTHER = (drawn("product", "91440000MA00000001", "4400") for _ in range(2))


def assigned(code=ONE, about="tides", holder=PROVIDER, kind="product"):
    return event("code.assigned", code, code, kind=kind, holder=holder, about=about, title="Tides", by=holder)


def checked(*events, by=NODE):
    report = Report()
    codes.check(SimpleNamespace(members=MEMBERS), shelf(book(by, *events)), report)
    return [(code, who) for code, who, _ in found(report)]


def test_codes_of_different_things_are_nobodys_fault():
    assert checked() == []
    assert checked(assigned(), assigned(OTHER, "depths")) == []
    assert checked(assigned(), assigned(OTHER, holder="did:web:other")) == []
    assert checked(assigned(), assigned(OTHER, kind="resource")) == []


def test_a_code_that_is_given_away_twice_is_found():
    assert checked(assigned(), assigned(ONE, "depths")) == [("code-assigned-twice", NODE)]


def test_a_second_code_of_the_same_thing_is_found():
    assert checked(assigned(), assigned(OTHER)) == [("code-assigned-twice", NODE)]
    # of what was not disclosed nobody says that it is the same
    assert checked(event("code.assigned", ONE), event("code.assigned", OTHER)) == []


@pytest.mark.parametrize("by", [PROVIDER, LEFT])
def test_who_is_no_node_assigns_nothing(by):
    assert checked(assigned(), by=by) == [("code-unfounded", by)]


def test_a_code_that_fails_its_check_character_is_found():
    wrong = ONE[:-1] + next(one for one in "01" if one != ONE[-1])
    assert checked(assigned(wrong)) == [("code-unfounded", NODE)]
    assert checked(event("code.assigned", "")) == [("code-unfounded", NODE)]
