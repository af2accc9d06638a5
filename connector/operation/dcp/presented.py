"""What a party has shown of itself: credentials with the JWTs that they came as, and when they were checked last.

Law: a value; what does not hold any more is left out of it by who checks (`connector.operation.dcp.verifier`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from connector.operation.dcp import jose
from connector.store.rows.credential import ShownCredentialRow
from contracts.credential import kinds, model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from connector.operation.dcp.jose import Signed
    from connector.operation.dcp.trust import Demands
    from contracts.canonical import JsonObject
    from contracts.credential.model import Credential

NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Presented:
    """What a party has shown; when it was checked, and when the party was asked last (monotonic seconds)."""

    signed: tuple[tuple[Signed, Credential], ...] = ()
    checked: float = NEVER
    asked: float = field(default=NEVER, compare=False)

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """What was shown, read."""
        return tuple(one for _, one in self.signed)

    def believed(self, demands: Demands, now: datetime) -> Iterator[tuple[str, Credential]]:
        """Yield each type with the credential that proves it now: its issuer is believed about that very type."""
        for one in self.credentials:
            if one.holds_at(now):
                yield from ((kind, one) for kind in one.types if demands.believes(one.issuer, (kind,)))

    def lines(self, did: str) -> Iterator[JsonObject]:
        """Yield what people are told of each credential."""
        for one in self.credentials:
            yield {
                "peer": did,
                "type": ",".join(one.types),
                "issuer": one.issuer,
                "until": "" if one.ends is None else one.ends.isoformat(timespec="seconds"),
                "claims": {name: value for name, value in one.subject.items() if name != "id"},
            }


def within_claims(one: Credential) -> Credential:
    """Return a credential that ends when its claims do, at the latest."""
    overs = (kinds.over(kind, one.subject) for kind in one.types)
    return replace(one, ends=min(filter(None, (one.ends, *overs)), default=None))


def shown_rows(peer: str, shown: Presented, now: datetime) -> list[ShownCredentialRow]:
    """Return what a peer has shown as rows."""
    return [ShownCredentialRow(peer=peer, id=signed.digest, raw=signed.raw, shown=now) for signed, _ in shown.signed]


def of_rows(rows: Iterable[ShownCredentialRow], now: datetime) -> dict[str, Presented]:
    """Return what peers have shown out of rows, which were checked before they were written; none is checked since."""
    found: dict[str, list[tuple[Signed, Credential]]] = {}
    for row in rows:
        signed = jose.take_apart(row.raw)
        found.setdefault(row.peer, []).append((signed, within_claims(model.read(signed.payload, now))))
    return {peer: Presented(tuple(pairs)) for peer, pairs in found.items()}
