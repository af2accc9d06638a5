"""The steps that a page shows can be done again by anybody, and lead to the root for every leaf of every tree."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.api.pages.proving import LEFT, walk
from connector.regulator import verifying
from connector.runtime.errors import InvalidInput
from contracts.canonical import canonical
from contracts.errors import ContractError
from contracts.labels import H
from contracts.signature import address, sign
from ledger.audit import view
from ledger.log import merkle
from tests.every import every
from tests.ledger.spans import span_of

KEY = bytes(31) + b"\x07"


@given(size=st.integers(1, 70), data=st.data())
def test_the_steps_lead_from_the_leaf_to_the_root(size, data):
    index = data.draw(st.integers(0, size - 1))
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    path = merkle.inclusion_proof(span_of(leaves), index, size)
    steps = walk(leaves[index], index, size, path)
    value = leaves[index].hex()
    for step in steps:
        pair = (step["sibling"], value) if step["side"] == LEFT else (value, step["sibling"])
        assert step["value"] == value
        value = merkle.node_hash(*map(bytes.fromhex, pair)).hex()
        assert step["result"] == value
    assert value == merkle.root(leaves).hex()


def viewed(**more):
    said = {"view": {"v": 1, "page": "timeline", "rows": [], "proofs": [], **more}, "issuer": "did:web:r", "at": "now"}
    return {**said, "signature": sign(H(view.LABEL, canonical(said)), KEY).hex()}


def test_a_view_says_who_signed_it_and_a_changed_one_somebody_else():
    told = viewed()
    assert view.signer(told) == address(KEY)
    changed = {**told, "at": "later"}
    assert view.signer(changed) != address(KEY)


def test_a_view_says_what_it_could_not_read_to_its_end(tmp_path):
    path = tmp_path / "view.json"
    path.write_text(json.dumps(viewed(troubles=[{"source": "log", "did": "did:web:p", "trouble": "it is away"}])))
    finding = verifying.verify(path, verifying.Aids())
    assert finding.document["troubles"] == ["did:web:p: it is away"]
    assert any("did:web:p: it is away" in line for line in finding.lines)


@every(
    "more",
    [{"v": 2}, {"troubles": {}}, {"troubles": [1]}, {"proofs": None}, {"proofs": [{"did": "x"}]}, {"proofs": [1]}],
)
def test_what_is_no_view_is_refused(more):
    with pytest.raises((ContractError, InvalidInput)):
        view.signer(viewed(**more))
