"""A supervisor's view as a document: what a page showed, signed, with the proofs of the events that it showed.

    {view: {v, page, …, troubles: [{source, did, trouble}], proofs: [{did, entry, proof}]}, issuer, at, signature}

Law: the signature is by the issuer's agreement key, over the canonical JSON of all members but itself under a label of
its own. Each proof stands for itself under a tlog-policy; a view never vouches for an event that it does not prove.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contracts.canonical import canonical
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.labels import H
from contracts.signature import SIGNATURE_BYTES, recover

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1
LABEL = "view"
FIELDS = frozenset({"view", "issuer", "at", "signature"})
PROOF = frozenset({"did", "entry", "proof"})


def signer(document: Mapping[str, Any]) -> bytes:
    """Return the account that signed a view; raises ContractError for what is none."""
    said = {name: value for name, value in document.items() if name != "signature"}
    if not isinstance(said["view"], dict) or said["view"].get("v") != VERSION:
        raise ContractError("view", "this is no view of a version that is known")
    proofs(document)
    troubles(document)
    return recover(H(LABEL, canonical(said)), read_hex(document["signature"], "signature", SIGNATURE_BYTES))


def troubles(document: Mapping[str, Any]) -> list[str]:
    """Return what a view could not read to its end, in words; its events are not among those shown."""
    found = document["view"].get("troubles", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ContractError("view", "its troubles are no list of objects")
    return [f"{one.get('did') or one.get('source')}: {one.get('trouble')}" for one in found]


def proofs(document: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """Return the proofs in a view; raises ContractError."""
    found = document["view"].get("proofs")
    if not isinstance(found, list) or not all(isinstance(one, dict) and set(one) == PROOF for one in found):
        raise ContractError("view", "its proofs are no list of `did`, `entry` and `proof`")
    return found
