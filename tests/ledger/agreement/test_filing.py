"""A filed contract: both sides make the same bytes of it, two open it, and what is changed is refused."""

from __future__ import annotations

import copy
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import digital_contract
from contracts.errors import ContractError
from contracts.typed_data import Agreement, digest
from contracts.typed_json import from_json
from ledger.agreement import filing as filings
from tests.contracts.test_agreement import DOMAIN
from tests.contracts.test_digital_contract import CONSUMER, PROVIDER, agreed
from tests.every import every

SELLS, BUYS, ELSE = (X25519PrivateKey.from_private_bytes(bytes([at]) * 32) for at in (1, 2, 3))
AGREED = agreed()
DIGEST = digest(DOMAIN, from_json(Agreement, AGREED.agreement))
CONTRACT = digital_contract.written(AGREED, "signed", DOMAIN)


def key(own=SELLS, other=BUYS, agreement=DIGEST):
    return filings.key_of(own, other.public_key().public_bytes_raw(), agreement)


def body():
    return json.loads(json.dumps(filings.written(CONTRACT, DIGEST, key())))


def test_both_sides_file_the_same_and_both_open_it():
    assert key() == key(BUYS, SELLS)
    assert filings.written(CONTRACT, DIGEST, key(BUYS, SELLS)) == body()
    filing = filings.read(body())
    assert filing.parties == (PROVIDER, CONSUMER)
    assert filing.opened([key(BUYS, SELLS)]) == CONTRACT
    provider, consumer = (bytes.fromhex(AGREED.agreement[side].removeprefix("0x")) for side in ("provider", "buyer"))
    filing.check(DOMAIN, provider, consumer)
    for accounts in ((consumer, provider), (provider, provider), (bytes(20), consumer)):
        with pytest.raises(ContractError, match="did not sign"):
            filing.check(DOMAIN, *accounts)


@every("other", [key(ELSE), key(SELLS, ELSE), key(agreement=bytes(32)), bytes(64)])
def test_nobody_else_opens_it(other):
    with pytest.raises(ContractError, match="does not open"):
        filings.read(body()).opened([other])


def test_nothing_of_price_and_rules_is_to_be_read():
    told = body()
    told["contractExpansionItem"].pop("sealed")
    for word in ("minor", "tariff", "constraint", "permission", "leftOperand"):
        assert word not in json.dumps(told)


def test_what_is_sealed_belongs_to_its_agreement():
    told, other = body(), copy.deepcopy(body())
    other["contractExpansionItem"]["agreement"] = "00" * 32
    assert filings.read(other).sealed == filings.read(told).sealed
    with pytest.raises(ContractError, match="does not open"):
        filings.read(other).opened([key()])


PATHS = [
    ("contractName",), ("contractId",), ("strategy",), ("strategy", "subjectInfo"), ("strategy", "executionNodeInfo"),
    ("strategy", "subjectInfo", "dataProductId"), ("strategy", "executionNodeInfo", "consumerNodeId"),
    ("signatoryEntities",), ("signatoryTime",), ("contractExpansionItem",), ("contractExpansionItem", "v"),
    ("contractExpansionItem", "agreement"), ("contractExpansionItem", "sealed"),
    ("signatoryEntities", 0, "signature"), ("signatoryEntities", 1, "signatorytype"),
]  # fmt: skip
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=60), st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(PATHS), ODD)
def test_what_is_odd_is_refused_in_words_or_is_the_same(path, value):
    told = body()
    place = told
    for step in path[:-1]:
        place = place[step]
    before, place[path[-1]] = place[path[-1]], value
    try:
        filing = filings.read(told)
    except ContractError:
        return
    # a name or a product may be any text; everything else stands or falls with signatures and seal
    free = {"contractName", "dataProductId"}
    assert path[-1] in free or value == before or filing != filings.read(body())


def test_a_time_is_read_as_on_the_interface_and_as_in_the_dictionary():
    told = body()
    told["signatoryTime"] = CONTRACT["signTime"]
    assert filings.read(told).signed == filings.read(body()).signed
    told["signatoryTime"] = "2026-01-01"
    with pytest.raises(ContractError, match="with its zone"):
        filings.read(told)
