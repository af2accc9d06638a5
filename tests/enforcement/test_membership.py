"""Who is in a collection is what the operator says; a decision hears of no collection that its policy does not name."""

from __future__ import annotations

import pytest

from connector.enforcement.membership import Membership
from connector.runtime.errors import SettingsError
from connector.runtime.settings import load
from policy.parse import parse

ALICE, BOB = "did:web:alice", "did:web:bob"
LINES = (f"urn:barred {ALICE} urn:team", f"urn:team {BOB}", "urn:empty", f"urn:private {ALICE}")


def policy(assignee, **more):
    return parse({"permission": [{"action": "use"}], "prohibition": [{"action": "use", "assignee": assignee, **more}]})


def test_members_are_told_with_the_collections_between():
    told = Membership(LINES).told(policy({"source": "urn:barred"}), BOB, "urn:asset")
    assert told == {BOB: {"urn:barred"}, "urn:asset": set(), "urn:barred": set()}


def test_what_the_policy_does_not_name_is_not_told():
    assert Membership(LINES).told(policy({"source": "urn:barred"}), ALICE)[ALICE] == {"urn:barred"}
    assert Membership(LINES).told(policy({"source": "urn:unheard"}), ALICE) == {}
    assert Membership().told(policy({"source": "urn:barred"}), ALICE) == {}


def test_a_collection_without_members_is_known_to_have_none():
    assert Membership(LINES).told(policy({"source": "urn:empty"}), ALICE) == {ALICE: set(), "urn:empty": set()}


def test_whom_a_duty_names_is_told_too():
    remedy = {"action": "inform", "assignee": {"source": "urn:team"}}
    assert "urn:team" in Membership(LINES).told(policy(ALICE, remedy=[remedy]), BOB)


def settings(folder, line):
    (folder / "penstock.toml").write_text(f"[server]\ndevelopment = true\n[negotiation]\ncollections = {line}\n")
    return load(folder, {})


def test_the_setting_is_read_and_what_it_cannot_mean_is_refused(tmp_path):
    assert settings(tmp_path, '["urn:a did:web:b"]').negotiation.collections == ("urn:a did:web:b",)
    for wrong in ('[""]', '["urn:a did:web:b", "urn:a did:web:c"]'):
        with pytest.raises(SettingsError, match="has `"):
            settings(tmp_path, wrong)
