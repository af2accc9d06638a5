"""A delegation to a host: read strictly, and what may be sold under it, member by member."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts import address, delegation
from contracts.delegation import ACTS, Delegation
from contracts.errors import ContractError
from contracts.split import Split
from policy.offer import offer_rules
from tests.every import every

PROVIDER, HOST, EXCHANGE = (bytes([at]) * 20 for at in (1, 2, 3))
TERMS = {
    "v": 1,
    "product": "tides-hosted",
    "title": "Tides",
    "editionId": "0e" * 32,
    "tariff": {"unit": "byte", "minor": "500", "per": "1048576", "currency": "CNY"},
    "token": address.show(bytes([9]) * 20),
    "split": Split(((HOST, 1_000), (PROVIDER, 8_000), (EXCHANGE, 1_000))).json(),
    "maxExposure": "4000",
    "lockTtl": 86_400,
    "tier": "kept",
    "notAfter": "2027-12-31T00:00:00Z",
}
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
RULES = offer_rules(purpose="Research", region=None, until=datetime(2027, 12, 31, tzinfo=UTC))
NARROWER = offer_rules(purpose="Research", region=None, until=datetime(2027, 6, 30, tzinfo=UTC))
WIDER = offer_rules(purpose="Research", region=None, until=datetime(2028, 6, 30, tzinfo=UTC))
MOST = ("list", "negotiate", "sign", "deliver")


def made(**changed):
    told = {
        "provider": "did:web:provider",
        "host": "did:web:host",
        "payee": PROVIDER,
        "acts": MOST,
        "terms": TERMS,
        "policy": RULES,
        "floor": 400,
        "until": UNTIL,
    }
    return Delegation(**{**told, **changed})


def terms(minor="500", policy=RULES, **changed):
    tariff = {**TERMS["tariff"], "minor": minor}
    return {**TERMS, "tariff": tariff, "salt": "5a" * 32, "policy": policy, "hosted": made().json(), **changed}


def test_it_is_read_as_it_was_written_and_its_digest_covers_all():
    assert delegation.from_json(made().json()) == made()
    others = [
        made(floor=401), made(acts=MOST[1:]), made(policy=NARROWER), made(until=UNTIL.replace(year=2028)),
        made(terms=TERMS | {"title": "Other"}), made(provider="did:web:other"), made(host="did:web:third"),
    ]  # fmt: skip
    assert len({one.digest for one in [made(), *others]}) == len(others) + 1
    licence = made().licence
    assert (licence.provider, licence.buyer, licence.terms_digest) == (PROVIDER, HOST, made().digest)
    assert (licence.price_cap, licence.split_hash) == (0, Split.from_json(TERMS["split"]).hash)
    assert "tides-hosted" in licence.summary
    assert "10 %" in licence.summary


@every(
    "changed",
    [
        {"provider": "did:web:host"},
        {"host": "host"},
        {"acts": ()},
        {"acts": ("sign", "list")},
        {"acts": ("sign", "sign")},
        {"acts": ("steal",)},
        {"payee": HOST},
        {"payee": bytes([8]) * 20},
        {"floor": 501},
        {"floor": -1},
        {"until": datetime(2027, 1, 1, 0, 0, 0, 5, UTC)},
        {"terms": TERMS | {"project": "aa" * 32}},
        {"terms": TERMS | {"blindSalt": "aa" * 32}},
        {"terms": TERMS | {"policy": RULES}},
        {"terms": {name: value for name, value in TERMS.items() if name != "split"}},
        {"terms": TERMS | {"title": "x" * delegation.DELEGATION_BYTES_MAX}},
    ],
    ids=str,
)
def test_what_is_none_is_refused(changed):
    with pytest.raises(ContractError):
        made(**changed)


@every(
    "document",
    [
        None,
        [],
        {},
        made().json() | {"more": 1},
        made().json() | {"v": 2},
        made().json() | {"v": True},
        made().json() | {"acts": "sign"},
        made().json() | {"acts": [1]},
        made().json() | {"terms": []},
        made().json() | {"policy": None},
        made().json() | {"floor": 400},
        made().json() | {"payee": "0x00"},
        made().json() | {"until": "2027-01-01"},
        made().json() | {"host": 7},
    ],
    ids=str,
)
def test_what_strangers_send_is_read_strictly(document):
    with pytest.raises(ContractError):
        delegation.from_json(document)


def test_a_host_sells_at_its_provider_s_terms_and_between_floor_and_any_price_above():
    for minor in ("400", "500", "9000"):
        assert made().refusal(terms(minor), HOST) == ""
    assert made().refusal(terms(policy=NARROWER), HOST) == ""
    assert made().refusal(terms(maxExposure="1"), HOST) == ""
    fixed = made(acts=("list", "sign", "deliver"))
    assert fixed.refusal(terms(), HOST) == ""
    assert [bool(fixed.refusal(terms(minor), HOST)) for minor in ("400", "501")] == [True, True]


@every(
    ("changed", "word"),
    [
        ({"minor": "399"}, "price"),
        ({"minor": "-1"}, "decimal"),
        ({"policy": WIDER}, "rules"),
        ({"policy": None}, "rules"),
        ({"policy": {"permission": "all"}}, "rules"),
        ({"product": "other"}, "product"),
        ({"editionId": "0f" * 32}, "editionId"),
        ({"split": Split(((HOST, 9_000), (PROVIDER, 1_000))).json()}, "split"),
        ({"tier": "plain"}, "tier"),
        ({"tier": "computed"}, "compute"),
        ({"notAfter": "2028-12-31T00:00:00Z"}, "notAfter"),
        ({"inherit": True}, "inherit"),
        ({"columns": {"mm": "1"}}, "columns"),
        ({"parent": "aa" * 32}, "parent"),
        ({"lockTtl": 1}, "lockTtl"),
        ({"tariff": TERMS["tariff"] | {"per": "1"}}, "counts otherwise"),
        ({"tariff": None}, "counts otherwise"),
    ],
    ids=str,
)
def test_what_was_not_delegated_is_refused_by_name(changed, word):
    assert word in made().refusal(terms(**changed), HOST)


def test_nobody_else_sells_and_what_an_act_is_missing_for_is_not_done():
    assert "another host" in made().refusal(terms(), EXCHANGE)
    assert "sign" in made(acts=("list", "deliver")).refusal(terms(), HOST)
    assert "deliver" in made(acts=("list", "sign")).refusal(terms(), HOST)
    assert set(made().acts) <= set(ACTS)
