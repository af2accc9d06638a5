"""What signed terms say of every use under them, as a policy asks for it (TC609-6-2025-14, dictionary C.6).

Law: who decides and who audits take it from here, so that an asker cannot say otherwise and a decision that was told
otherwise is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contracts.namespace import FORMAT_SEALED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.facts import Fact

CONNECTOR: Final = "connector"
_SEALED: Final = {
    "executionEnv": "usageControl",
    "encryptMode": "ciphertext",
    "deliveryMethod": "file",
    "deliveryChannel": FORMAT_SEALED,
}
# tier → operand → what is so; a plain copy comes by whichever of its formats the transfer asks for
OF_TIER: Final[Mapping[str, Mapping[str, str]]] = {
    "plain": {"executionEnv": "other", "encryptMode": "plaintext", "deliveryMethod": "file"},
    "computed": {"executionEnv": "sandbox", "encryptMode": "plaintext", "deliveryMethod": "api"},
    "kept": _SEALED,
    "leased": _SEALED,
}


def every_use(tier: str, buyer: str, facts: Mapping[str, Fact]) -> Mapping[str, Fact]:
    """Return operand → what is so, for each use of `buyer` (a DID) under terms of a tier that say these facts."""
    return {CONNECTOR: buyer, **OF_TIER[tier], **facts}
