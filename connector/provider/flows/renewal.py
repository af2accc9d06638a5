"""Fresh tokens for the consumers of data flows (DPS 1.0, "Token Renewal"; RFC 6749, 6).

    POST /flows/{id}/token   grant_type=refresh_token&refresh_token=…   Authorization: Bearer <JWT of the consumer>

Law: (1) who renews shows the refresh token, and a JWT that its own DID's key has signed for the provider, with the
access token in its member `token`; either alone is nothing. (2) Both are good once: a refresh token is replaced when
it is used, and what was seen of a JWT is not taken again. (3) A token is renewed while its flow is started.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from connector.custody import bearers, tickets
from connector.custody.renewal import GRANT
from connector.identity import tokens
from connector.runtime.errors import InvalidInput, TokenError, Unproven
from ledger.stamp import at_second

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.core import Core
    from connector.identity.peers import Peers
    from connector.provider.flows.given import Given
    from connector.store.rows.signaling import FlowRow
    from connector.store.transaction import Tx

REFUSED: Final = "this is not the refresh token of a data flow that is started, and yours"
AGAIN: Final = "have the flow resumed: its control plane says a fresh address"


class Renewal:
    """Renews the tokens of one provider's flows."""

    def __init__(self, core: Core, peers: Peers, given: Given, ticket_key: bytes) -> None:
        self._core, self._peers, self._given, self._key = core, peers, given, ticket_key

    async def renew(self, key: str, header: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Return the token response for a consumer; raises Unproven, TokenError, InvalidInput for another grant."""
        if form.get("grant_type") != GRANT:
            raise InvalidInput(f"the grant is not `{GRANT}`")
        shown = sha256(form.get(GRANT, "").encode(errors="surrogateescape")).digest()
        row = await self._core.store.read(lambda tx: self._given.started(tx, key))
        if row is None or row.renewal is None or not hmac.compare_digest(row.renewal, shown):
            raise Unproven(REFUSED, AGAIN)
        token = tokens.take_apart(tokens.of_header(header))
        self._require_own(token, row)
        claims = await self._peers.believe(token, row.participant)

        def act(tx: Tx) -> tuple[FlowRow, str]:
            tokens.remember(tx, claims)
            now = self._given.started(tx, key)
            if now is None or now.renewal != shown:
                raise Unproven(REFUSED, AGAIN)
            after, refresh = self._given.renewed(now)
            return tx.change(now, after), refresh

        after, refresh = await self._core.store.write(act)
        access = self._given.token(after)
        told = {"access_token": access, "token_type": "Bearer", "expires_in": tickets.TICKET_SECONDS}
        return told | {"refresh_token": refresh}

    def _require_own(self, token: tokens.Unverified, row: FlowRow) -> None:
        """Raise TokenError unless the consumer's word is of the flow's consumer, and about an access token of it."""
        if token.issuer != row.counterparty:
            raise TokenError("the token's issuer is not the consumer of this data flow")
        access = token.claims.get("token")
        if not isinstance(access, str) or not self._was_issued(access, row):
            raise TokenError("the token's `token` is not an access token of this data flow")

    def _was_issued(self, access: str, row: FlowRow) -> bool:
        """Say whether an access token is of this flow; one that is over is renewed, too."""
        try:
            ticket = bearers.read(self._key, access, at_second(0))
        except Unproven:
            return False
        return self._given.is_of(ticket, row)
