"""Terms of an agreement as tests take them: three leased openings of a year of weather."""

from __future__ import annotations

from datetime import UTC, datetime

from contracts.split import Split
from contracts.tariff import Tariff
from contracts.terms import Terms

POLICY = {
    "permission": [
        {
            "action": "use",
            "constraint": [
                {
                    "leftOperand": "purpose",
                    "operator": "isA",
                    "rightOperand": "https://w3id.org/penstock/purpose#Research",
                },
                {"leftOperand": "count", "operator": "lteq", "rightOperand": {"@value": "3", "@type": "xsd:integer"}},
            ],
        }
    ]
}
TERMS = Terms(
    product="urn:penstock:product:weather",
    title="Weather 2013",
    edition_id=b"\x04" * 32,
    policy=POLICY,
    tariff=Tariff("opening", 500, 1, "CNY"),
    token=b"\xc3" * 20,
    split=Split(((b"\xa1" * 20, 9500), (b"\xe1" * 20, 500))),
    max_exposure=500,
    lock_ttl=86_400,
    claim_margin=3600,
    stale_max=600,
    max_unpaid_bytes=1 << 30,
    tier="leased",
    lease_seconds=900,
    arbitrator=bytes(20),
    not_after=datetime(2027, 1, 31, tzinfo=UTC),
    salt=b"\x09" * 32,
)
