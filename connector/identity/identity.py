"""Who this participant is: its name, place, roles and keys, and the two documents in which it describes itself."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from catalog.roles import played
from connector.identity import did as dids
from connector.identity.self_description import member_of
from contracts import signature

if TYPE_CHECKING:
    from connector.identity.keys import Keys
    from connector.runtime.settings import Settings
    from ledger.space.document import Member


class Identity:
    """Name, address, roles and keys; `publish` makes both documents, also anew with another BLS key."""

    did_document: Any
    member: Member

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self.did, self.url = settings.did, settings.url
        self.roles = played(settings.participant.roles)
        self.keys = keys
        self.sign = partial(signature.sign, private_key=keys.agreement)
        self._participant = settings.participant

    def publish(self, aggregate: tuple[bytes, bytes]) -> None:
        """Make the documents; `aggregate` is the BLS key with its proof of possession."""
        exchange = "exchange" in self.roles
        self.did_document = dids.build(self.did, self.url, self.keys, aggregate, exchange=exchange)
        document = dids.parse(orjson.dumps(self.did_document), self.did)
        assert document.aggregate == aggregate
        self.member = member_of(document, self.description())

    def take_aggregate(self, seed: bytes, pair: tuple[bytes, bytes]) -> None:
        """Witness with another BLS key from now on, and publish it; `pair` is the key with its proof of possession."""
        self.keys = replace(self.keys, aggregate=seed)
        self.publish(pair)

    def description(self) -> dict[str, str]:
        """Return how we describe ourselves to the exchange."""
        told = self._participant
        return {"did": self.did, "name": told.name, "role": told.roles[0], "region": told.region}
