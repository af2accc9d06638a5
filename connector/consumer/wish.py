"""What the other side is told of a use that we wish for: its purpose, and what its policy asks for beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.enforcement.context import PURPOSE, needed
from connector.enforcement.rules import agreed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.rows.agreement import AgreementRow


def wished(agreement: AgreementRow, me: str, purpose: str, said: Mapping[str, str]) -> dict[str, str]:
    """Return what is told of a use under an agreement of ours (`me` is our DID); raises PolicyError."""
    asked = agreed(agreement.terms, me).asks
    return {PURPOSE: purpose, **needed({name: text for name, text in said.items() if name != PURPOSE}, asked)}
