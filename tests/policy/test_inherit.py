"""Inheritance: the parents that a policy names, each pinned, and what becomes of their rules."""

from __future__ import annotations

import hashlib

import pytest

from policy.errors import PolicyError
from policy.inherit import digest
from policy.parse import parse

PARENT = {"@id": "urn:parent", "@type": "Set", "prohibition": [{"action": "distribute"}], "conflict": "prohibit"}


def child(agreement, parent=None, **members):
    pin = {"@id": "urn:parent", "penstock:digest": digest(parent or PARENT)}
    return agreement(**{"inheritFrom": [pin], "conflict": "prohibit", **members})


def refusal(document, parents):
    with pytest.raises(PolicyError) as caught:
        parse(document, parents)
    return caught.value.code, caught.value.path, caught.value.problem, caught.value.hint


def test_a_child_has_its_parents_rules_after_its_own(agreement):
    """The rules lie where the parent is named, and are called by its name where they have none."""
    rules = {
        "permission": [{"action": "print", "target": "urn:b", "assignee": "urn:c"}],
        "obligation": [{"uid": "theirs", "action": "inform"}],
    }
    parent = PARENT | rules
    policy = parse(child(agreement, parent, obligation=[{"action": "delete"}]), {"urn:parent": parent})
    assert [(rule.id, rule.path, rule.actions) for rule in policy.permissions] == [
        ("permission/0", "/permission/0", ("use",)),
        ("urn:parent#permission/0", "/inheritFrom/0", ("print",)),
    ]
    assert [(rule.id, rule.path) for rule in policy.prohibitions] == [("urn:parent#prohibition/0", "/inheritFrom/0")]
    assert [(duty.id, duty.path) for duty in policy.obligations] == [
        ("obligation/0", "/obligation/0"),
        ("theirs", "/inheritFrom/0"),
    ]


def test_a_policy_is_pinned_by_the_digest_of_its_one_form():
    canonical = b'{"@id":"urn:a","@type":"Set","permission":[{"action":"use"}]}'
    pin = "sha-256:" + hashlib.sha256(canonical).hexdigest()
    plain = {"permission": [{"action": "use"}], "@type": "Set", "@id": "urn:a"}
    spelled = {"odrl:permission": {"odrl:action": {"@id": "odrl:use"}}, "@type": "odrl:Set", "uid": "urn:a"}
    assert digest(plain) == digest(spelled) == pin


PINNED = "a parent is named by its IRI and pinned by the digest of its document"


@pytest.mark.parametrize("written", ["urn:parent", {"@id": "urn:parent"}, {"digest": "sha-256:0"}])
def test_a_parent_is_named_and_pinned(agreement, written):
    said = ("missing", "/inheritFrom/0", PINNED, 'write {"@id": IRI, "digest": "sha-256:…"}')
    assert refusal(agreement(inheritFrom=written), {"urn:parent": PARENT}) == said


def test_a_parent_that_is_not_the_one_agreed_is_refused(agreement):
    changed = {**PARENT, "prohibition": [{"action": "sell"}]}
    assert refusal(child(agreement), {"urn:parent": changed}) == (
        "contradiction",
        "/inheritFrom/0",
        f"the parent `urn:parent` has the digest {digest(changed)}",
        "pin what was agreed",
    )
    assert refusal(child(agreement), {}) == (
        "unknown-term",
        "/inheritFrom/0",
        "the parent `urn:parent` is not here",
        "give its document too",
    )


def test_parent_and_child_settle_conflicts_in_one_way(agreement):
    assert refusal(child(agreement, conflict="perm"), {"urn:parent": PARENT}) == (
        "contradiction",
        "/inheritFrom/0",
        "`urn:parent` settles conflicts by `prohibit`, this policy by `perm`",
        "write the same `conflict` in both",
    )


def test_a_policy_has_so_many_parents_and_no_more(agreement):
    documents = {f"urn:parent:{number}": {**PARENT, "@id": f"urn:parent:{number}"} for number in range(17)}
    pins = [{"@id": name, "penstock:digest": digest(document)} for name, document in documents.items()]
    assert len(parse(child(agreement, inheritFrom=pins[:16]), documents).prohibitions) == 16
    said = ("too-large", "/inheritFrom", "more than 16 parents, or parents nested deeper than 8", "")
    assert refusal(child(agreement, inheritFrom=pins), documents) == said


def test_parents_have_parents_so_deep_and_no_deeper(agreement):
    """Eight policies one above the other, the one that is read included."""
    above, documents = PARENT, {"urn:parent": PARENT}
    for level in range(1, 8):
        pin = {"@id": above["@id"], "penstock:digest": digest(above)}
        read = parse(agreement(inheritFrom=[pin], conflict="prohibit"), documents)
        assert len(read.prohibitions) == level
        above = {**PARENT, "@id": f"urn:parent:{level}", "inheritFrom": [pin]}
        documents[above["@id"]] = above
    pin = {"@id": above["@id"], "penstock:digest": digest(above)}
    with pytest.raises(PolicyError, match="nested deeper than 8"):
        parse(agreement(inheritFrom=[pin], conflict="prohibit"), documents)


def test_a_policy_that_inherits_from_itself_is_refused(agreement):
    one = {
        **PARENT,
        "@id": "urn:parent",
        "inheritFrom": [{"@id": "urn:penstock:agreement:1", "penstock:digest": "sha-256:0"}],
    }
    with pytest.raises(PolicyError, match="inherits from itself"):
        parse(child(agreement, one), {"urn:parent": one, "urn:penstock:agreement:1": {}})
