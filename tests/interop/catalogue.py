"""What the kit expects to find: its data sets, agreements and ids, and the rows that a connector needs for them."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.negotiation.protocol.states import CONSUMER, FINALIZED, PROVIDER
from connector.runtime.data_folder import DATABASE
from connector.store.store import Store
from connector.store.tables import TABLES
from contracts.address import NOBODY, show
from contracts.namespace import AGREEMENT_URN

PEER = "TCK_PARTICIPANT"
FORMAT = "HttpData-PULL"
NEGOTIATIONS = ("0101", "0102", "0103", "0104", "0201", "0202", "0203", "0204", "0205", "0206", "0207")
NEGOTIATIONS += ("0301", "0302", "0303", "0304")
REQUESTS = ("0101", "0102", "0103", "0104", "0201", "0202", "0203", "0204", "0205", "0206")
REQUESTS += ("0301", "0302", "0303", "0304", "0305", "0306")
TRANSFERS = ("0101", "0102", "0103", "0104", "0105", "0201", "0202", "0203", "0204", "0205")
TRANSFERS += ("0301", "0302", "0303", "0304", "0305", "0306")
DATASETS = ("CAT0101", "CAT0102", *(f"ACN{number}" for number in NEGOTIATIONS))
ABSENT = "CAT0103"
EDITION = "04" * 32
SEEDED = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = {"@type": "Set", "permission": [{"action": "use"}]}


def offer_id(dataset: str) -> str:
    return f"CD123:{dataset}:456"


def digest(role: str, number: str) -> str:
    """Return the digest of a seeded agreement; the reactions name it by its end."""
    return ("a" if role == PROVIDER else "c") + "0" * 59 + number


def agreement_id(role: str, number: str) -> str:
    return AGREEMENT_URN + digest(role, number)


def test_ids() -> dict[str, str]:
    """Return the kit's settings that name our data sets, offers and agreements."""
    said = {f"CAT_01_0{number}_DATASETID": f"CAT010{number}" for number in (1, 2, 3)}
    for number in NEGOTIATIONS:
        named = f"CN_{number[:2]}_{number[2:]}"
        said |= {f"{named}_DATASETID": f"ACN{number}", f"{named}_OFFERID": offer_id(f"ACN{number}")}
    for number in REQUESTS:
        said[f"CN_C_{number[:2]}_{number[2:]}_DATASETID"] = f"ACNC{number}"
    for kind, role in (("TP", PROVIDER), ("TP_C", CONSUMER)):
        for number in TRANSFERS:
            named = f"{kind}_{number[:2]}_{number[2:]}"
            said |= {f"{named}_AGREEMENTID": agreement_id(role, number), f"{named}_FORMAT": FORMAT}
    return said


def terms(product: str) -> dict[str, object]:
    return {
        "v": 1,
        "product": product,
        "title": product,
        "editionId": EDITION,
        "tariff": {"unit": "opening", "minor": "100", "per": "1", "currency": "CNY"},
        "token": show(b"\xc3" * 20),
        "split": [{"payee": show(b"\xa1" * 20), "bps": 10000}],
        "maxExposure": "100",
        "lockTtl": 3600,
        "claimMargin": 600,
        "staleMax": 600,
        "maxUnpaidBytes": "1048576",
        "tier": "plain",
        "leaseSeconds": 0,
        "arbitrator": show(NOBODY),
        "notAfter": "2099-01-31T00:00:00Z",
    }


def product(dataset: str) -> dict[str, object]:
    limits = {"ask": "100", "floor": "50", "rounds": 8, "units": 10}
    about = {"id": dataset, "title": dataset, "tier": "plain", "edition": EDITION, "dataset": {}, "policy": POLICY}
    at = {"state": "submitted", "created": SEEDED, "updated": SEEDED}
    return about | at | {"terms": terms(dataset), "limits": limits, "offer": offer_id(dataset)}


ANYTHING = {"permission": [{"action": "use"}]}


def agreed(role: str, number: str, base: str, peer: str = PEER) -> tuple[dict[str, object], dict[str, object]]:
    """Return the ended negotiation and the agreement that a transfer rests on; `base` is the peer's address."""
    key, name = digest(role, number), f"ATP{'' if role == PROVIDER else 'C'}{number}"
    who = {"role": role, "peer": peer, "product": name, "terms": terms(name) | {"policy": ANYTHING}}
    negotiation = {"id": f"urn:uuid:{key}", "peer_pid": f"urn:uuid:{key[::-1]}", "callback": base, "state": FINALIZED}
    negotiation |= {"pending": "", "turn": "", "reason": "", "created": SEEDED, "updated": SEEDED, "digest": key}
    agreement = {"digest": key, "negotiation": negotiation["id"], "edition": EDITION, "state": "signed"}
    agreement |= {"odrl": {"@id": agreement_id(role, number)}, "created": SEEDED}
    return who | negotiation, who | agreement


async def seed(data, base: str) -> None:
    """Write everything into the database of a connector that does not run yet; `base` is the kit's address."""
    await write(data, DATASETS, [agreed(role, number, base) for role in (PROVIDER, CONSUMER) for number in TRANSFERS])


async def write(data, datasets, pairs) -> None:
    """Write products and what `agreed` returns into the database of a connector that does not run yet."""

    def act(tx):
        tx.insert("editions", id=EDITION, header={"plainBytes": "1000"}, state="registered", created=SEEDED)
        for dataset in datasets:
            tx.insert("products", **product(dataset))
        for negotiation, agreement in pairs:
            tx.insert("negotiations", **negotiation)
            tx.insert("agreements", **agreement)

    store = await Store.open(data / DATABASE, TABLES)
    try:
        await store.write(act)
    finally:
        await store.close()
