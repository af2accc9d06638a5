"""A member goes on under another account: what an exchange takes over, and what becomes of the former one.

Law: (1) the former account itself has left the registry on chain for the one that follows, and the key of the member's
log vouches for that one in its document. (2) The exchange admits the next account to the registry in the transaction in
which it lists it. (3) A former account counts until it left, and comes back for nobody.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.identity.keys import AGREEMENT
from connector.runtime.errors import Conflict
from ledger.chain.standing import did_digest
from ledger.space.accounts import FORMER_ACCOUNTS_MAX, FormerAccount
from ledger.space.accounts import followed as cause_of

if TYPE_CHECKING:
    from datetime import datetime

    from connector.identity.did import Document
    from ledger.chain.programs import Programs
    from ledger.space.document import Member


async def named(programs: Programs, exchange: str, account: bytes) -> bytes | None:
    """Return for which cause an account left the registry by itself, None where it did not; raises ChainUnreachable."""
    events = await programs.events("spaces", "MemberRevoked", space=did_digest(exchange), member=account)
    return next((one.fields["cause"] for one in events if one.fields["by"] == account), None)


def followed(found: Member, known: Member, document: Document, cause: bytes | None, now: datetime) -> Member:
    """Return a member as it describes itself with the accounts that it had; raises Conflict."""
    if found.address == known.address:
        return replace(found, address_former=known.address_former)
    if cause != cause_of(found.did, found.address) or f"{found.did}#{AGREEMENT}" in document.unvouched:
        text = f"nothing shows that `{found.did}` has another account itself"
        raise Conflict(text, "its former one leaves the registry for the next: penstock key rotate account")
    if found.address in known.accounts:
        raise Conflict(f"`{found.did}` has had that account before", "it draws another: penstock key rotate account")
    if len(known.address_former) >= FORMER_ACCOUNTS_MAX:
        raise Conflict(f"`{found.did}` has had {FORMER_ACCOUNTS_MAX} former accounts", "it joins under another DID")
    former = FormerAccount(known.address, now.replace(microsecond=0))
    return replace(found, address_former=(former, *known.address_former))
