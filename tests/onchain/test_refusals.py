"""No refusal without a test that names it, and no act without somebody who may do it.

Law: `AUTHORITY` has a row for each act of each program: the refusal of whoever may not, or `ANYBODY` where a signature
or nothing at all is asked. What the chain adds has to be written down here first.
"""

from __future__ import annotations

import re
from pathlib import Path

from contracts.onchain import artifacts

HERE = Path(__file__).resolve().parent
SOURCES = artifacts.FOLDER.parent
_REFUSAL = r'^\s+(?:assert .*,|\),|raise) "([^"]+)"$'
ANYBODY = None
HOLDER, APPROVED = "certificate: not the holder", "certificate: not approved"
EXCHANGE, MEMBER = "spaces: not an exchange", "spaces: not a member"
AUTHORITY = {
    ("editions", "approve"): HOLDER,
    ("editions", "setApprovalForAll"): ANYBODY,
    ("editions", "transferFrom"): APPROVED,
    ("editions", "safeTransferFrom"): APPROVED,
    ("editions", "register"): "editions: foreign series",
    ("editions", "withdraw"): "editions: not the holder",
    ("editions", "pledge"): "editions: not the holder",
    ("editions", "release"): "editions: not the creditor",
    ("licences", "grant"): "licences: not the provider's signature",
    ("licences", "grantMany"): "licences: not the provider's signature",
    ("licences", "grantBelow"): "licences: not the holder's signature",
    ("licences", "suspend"): "licences: not the provider",
    ("licences", "resume"): "licences: not the provider",
    ("licences", "revoke"): "licences: not the provider",
    ("licences", "pledge"): "licences: not the buyer",
    ("licences", "release"): "licences: not the creditor",
    ("channels", "open"): ANYBODY,
    ("channels", "openWithPermit"): ANYBODY,
    ("channels", "topUp"): "channels: not the payer",
    ("channels", "extend"): "channels: not the payer",
    ("channels", "claim"): "channels: foreign signer",
    ("channels", "withdraw"): "channels: nothing to withdraw",
    ("channels", "close"): "channels: not the payee",
    ("channels", "finalise"): "channels: not the payee's signature",
    ("channels", "refund"): "channels: not the payer",
    ("channels", "freeze"): "channels: not the arbitrator",
    ("channels", "divide"): "channels: not the arbitrator",
    ("anchors", "registerLog"): "anchors: not the owner",
    ("anchors", "anchor"): "anchors: no further witness",
    ("anchors", "anchorAggregate"): "bls: not signed",
    ("anchors", "proveKey"): "bls: not signed",
    ("anchors", "bringKeys"): "anchors: key not proven",
    ("anchors", "reportFork"): "anchors: foreign witness",
    ("token", "mint"): "token: not the issuer",
    ("token", "transfer"): "token: over balance",
    ("token", "transferFrom"): "token: over allowance",
    ("token", "approve"): ANYBODY,
    ("token", "permit"): "token: not the owner's permit",
    ("batch", "carry"): ANYBODY,
    ("spaces", "found"): "spaces: already founded",
    ("spaces", "nameExchange"): EXCHANGE,
    ("spaces", "dismissExchange"): EXCHANGE,
    ("spaces", "nameArbitrator"): EXCHANGE,
    ("spaces", "dismissArbitrator"): EXCHANGE,
    ("spaces", "revoke"): EXCHANGE,
    ("spaces", "admit"): EXCHANGE,
    ("spaces", "changeRole"): EXCHANGE,
    ("spaces", "changeKeys"): MEMBER,
    ("spaces", "revokeMember"): EXCHANGE,
    ("spaces", "suspendMember"): EXCHANGE,
    ("spaces", "resumeMember"): EXCHANGE,
}


def refusals():
    """Every text with which a program refuses."""
    for source in sorted(SOURCES.glob("*.vy")):
        yield from re.findall(_REFUSAL, source.read_text("utf-8"), re.MULTILINE)


def named():
    return "".join(path.read_text("utf-8") for path in HERE.glob("test_*.py") if path != Path(__file__).resolve())


def test_every_refusal_is_named_by_a_test():
    texts, tests = sorted(set(refusals())), named()
    assert len(texts) > 100
    assert not [text for text in texts if f'"{text}"' not in tests and f'match="{text}' not in tests]


def test_every_assertion_tells_why():
    # an ERC-721 getter without an owner is the one that the standard leaves without words
    silent = [
        (source.name, line)
        for source in SOURCES.glob("*.vy")
        for line in re.findall(r"^\s+assert [^\"\n]*[^(\n]$", source.read_text("utf-8"), re.MULTILINE)
    ]
    assert silent == [("certificate.vy", "    assert self._holder(tokenId) != empty(address)")]


def test_every_act_has_its_authority():
    acts = {
        (name, each["name"])
        for name in artifacts.PROGRAMS
        for each in artifacts.load(name).abi
        if each["type"] == "function" and each["stateMutability"] == "nonpayable"
    }
    assert acts == set(AUTHORITY)
    assert set(AUTHORITY.values()) - {ANYBODY} <= set(refusals())
