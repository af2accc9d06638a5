"""What cases are made of: for each operand a few right operands, and left values near them (equal, narrower, broader,
just below and above, elsewhere, unknown, unreadable). Small pools with the simplest first, so that cases shrink well.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.policy.oracle.operands import ASKED
from tests.policy.oracle.values import CODES

PURPOSE = "https://w3id.org/penstock/purpose#"
PARTIES = ["urn:org", "urn:dept", "urn:user", "urn:other"]
TARGETS = ["urn:whole", "urn:part", "urn:twin", "urn:other"]
ACTIONS = ["use", "read", "present", "print", "reproduce", "distribute", "transfer", "sell"]
DUTIES = ["inform", "compensate", "obtainConsent", "reviewPolicy"]
INSTANTS = [
    "2026-11-20T01:00:00Z",
    "2026-11-20T09:00:00+08:00",
    "2026-11-20T08:59:59+08:00",
    "2026-11-20T17:00:00+08:00",
    "2026-11-21T14:30:00Z",
    "2026-03-31T12:00:00Z",
    "2024-02-29T00:00:00-05:00",
]
PART_OF = [
    {},
    {"urn:user": ["urn:dept"], "urn:dept": ["urn:org"], "urn:part": ["urn:whole"], "urn:twin": ["urn:whole"]},
    {"urn:part": ["urn:whole"], "US": ["urn:zone"], "urn:depot": ["CN-GD"], "10.0.0.0/8": ["lan"]},
    {"urn:whole": ["urn:part"], "urn:part": ["urn:whole"], "urn:user": ["urn:org", "urn:dept"]},
    {"urn:study": [PURPOSE + "ClinicalResearch"], PURPOSE + "Marketing": ["urn:selling"], "v:a": ["v:ab"]},
]  # fmt: skip

EMPTY: list = []
TREE = ["eq", "isAnyOf", "isNoneOf", "neq", "isA", "isPartOf", "isAllOf", "hasPart"]
ORDER = ["lteq", "lt", "gteq", "gt", "eq", "neq", "isAnyOf", "isNoneOf"]
UP_TO = ["lteq", "lt"]
SPANS = ["lteq", "lt", "gteq", "gt", "eq"]
MANY = {"isAnyOf", "isNoneOf", "isAllOf"}


class Pool(NamedTuple):
    """One operand: its operators, right operands, values of the context or the counter."""

    operators: list
    rights: list
    given: list = EMPTY
    counted: list = EMPTY
    unit: str = ""


TERMS = ["v:a", "v:b", "v:ab", "free text"]
NUMBERS = Pool(ORDER, ["1", "0", "1.5", 2, "10"], ["1", "1.49", 1.5, 2, "0", "9.99", "10", "many"])
SUMS = Pool(ORDER[:6], ["1", "0", "1.5", 10], ["1", "0.5", "0", 2, "much", "-1"], ["0", "1", "0.5", "9.5"])
SPAN = ["PT1H", "PT60S", "P1D", "P30D", "P1M", "P1Y1M"]
TERM = Pool(TREE, TERMS, TERMS)
PLAIN_TERMS = [name for name, kind in ASKED.items() if kind == "term" and name not in CODES]

POOLS = {
    "purpose": Pool(
        TREE,
        [PURPOSE + "Research", PURPOSE + "CancerResearch", PURPOSE + "Marketing", "marketing", "urn:selling"],
        [PURPOSE + "CancerResearch", "research", PURPOSE + "EmailMarketing", "urn:study", "urn:unheard", "urn:selling"],
    ),
    "spatial": Pool(
        TREE,
        ["CN", "CN-44", "CN-GD", "440300", "US", "US-NY", "urn:zone"],
        ["CN", "CN-GD", "440300", "440304", "440000", "450100", "US-NY", "HK", "urn:depot", "urn:zone", "urn:mars"],
    ),
    "recipient": Pool(TREE, PARTIES, PARTIES),
    "dateTime": Pool(ORDER, INSTANTS),
    "count": Pool(UP_TO, ["2", "0", "1", 3], counted=["0", 1, "2", 3]),
    "timeWindow": Pool(
        ["isPartOf", "isAnyOf", "isNoneOf"],
        ["Mo-Fr 09:00-17:00 Asia/Shanghai", "Sa,Su 22:00-06:00 Asia/Shanghai", "Mo,We-Fr 00:00-12:00 UTC"],
    ),
    "language": Pool(TREE, ["en", "en-GB", "zh"], ["en", "en-GB", "en-US", "zh-Hans", "english"]),
    "fileFormat": Pool(TREE, ["text/*", "text/csv"], ["text/csv", "application/json", "text/*"]),
    "networkAddress": Pool(
        TREE,
        ["10.0.0.0/8", "10.1.2.3", "2001:db8::/32"],
        ["10.1.2.3", "10.1.0.0/16", "11.0.0.1", "2001:db8::1", "0.0.0.0/0"],
    ),
    "version": Pool(ORDER, ["1.2", "1.10", "2"], ["1.2", "1.2.0", "1.9", "1.10", "2.0", "1", "latest"]),
    "resolution": NUMBERS,
    "relativeTemporalPosition": NUMBERS,
    "absoluteTemporalPosition": Pool(ORDER, ["PT1H", "PT90S"], ["PT1H", "PT3600S", "PT1M30S", "PT0S", "P1D", "soon"]),
    "relativePosition": NUMBERS,
    "absoluteSize": SUMS,
    "relativeSize": SUMS,
    "percentage": SUMS,
    "privacyBudget": SUMS,
    "payAmount": Pool(ORDER[:6], ["100", "99.99"], ["100", "99.99", 100, "100.01"], ["100.00", "0", "250"], "urn:cny"),
    "meteredTime": Pool(SPANS, ["PT1H", "PT60S", "P1D"], counted=["PT1H", "3600", "PT3601S", "59", "PT60S", "P1D"]),
    "elapsedTime": Pool(SPANS, SPAN, counted=["PT1H", "PT3601S", "P30D", "-PT1H", "-P1D", "-P30D", "-P1M", "-PT0S"]),
    "timeInterval": Pool(SPANS, SPAN, counted=["PT1H", "PT3601S", "P30D", "-PT1H", "-P1D", "-P30D", "-P1M", "-PT0S"]),
    "delayPeriod": Pool(SPANS, SPAN, counted=["PT1H", "PT3601S", "P30D", "-PT1H", "-P1D", "-P30D", "-P1M", "-PT0S"]),
    "frequency": Pool(UP_TO, ["2/PT1M", "1/PT1H", "2/PT1M/fixed", "3/P1D/fixed"], counted=[0, "1", 2, "uses"]),
    "event": Pool(
        ["gt", "gteq", "lt", "lteq", "eq", "isAnyOf"], ["urn:signed", "urn:paid", "delete"], ["urn:signed", "urn:paid"]
    ),
    "dataField": Pool(TREE, TERMS, TERMS),
    "executionEnv": Pool(TREE, ["05", "tee", "02"], ["tee", "05", "sandbox", "mpc", "abacus"]),
    "encryptMode": Pool(TREE, ["02", "plaintext"], ["ciphertext", "01", "02"]),
    "deliveryMethod": Pool(TREE, ["01", "api"], ["file", "03", "stream"]),
    **dict.fromkeys(PLAIN_TERMS, TERM),
}  # fmt: skip
