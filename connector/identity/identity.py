"""Who this participant is: its name, place, roles and keys, and the two documents in which it describes itself.

Law: in a rehearsal nothing is signed in its name (`BLANK`): what is told of an act is nothing that anybody could show.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from catalog.roles import played
from connector.identity import did as dids
from connector.identity.keys import CREDENTIAL, TOKEN
from connector.identity.published import ALONE
from connector.identity.self_description import member_of
from connector.runtime import rehearsal
from connector.runtime.errors import Conflict
from contracts import address, signature
from contracts.ndi import proof

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from connector.identity.former_account import FormerAccountKey
    from connector.identity.former_log import FormerLogKey
    from connector.identity.keys import Keys
    from connector.identity.published import Published
    from connector.runtime.settings import Settings
    from contracts.ndi.proof import FormerKey
    from contracts.signature import Secret
    from ledger.space.document import Member

# what stands for a signature where none is given
BLANK: Final = bytes(signature.SIGNATURE_BYTES)


class Identity:
    """Name, address, roles and keys; `publish` makes both documents, also anew with another BLS key."""

    did_document: Any
    member: Member

    def __init__(self, settings: Settings, keys: Keys, published: Published = ALONE) -> None:
        self.did, self.url = settings.did, settings.url
        self.roles = played(settings.participant.roles)
        self.keys, self.published = keys, published
        self._participant, self._connector = settings.participant, settings.trust.connector
        self._hybrid = settings.log.hybrid

    def publish(self, aggregate: tuple[bytes, bytes]) -> None:
        """Make the documents; `aggregate` is the BLS key with its proof of possession."""
        self.token = self.published.signer(self.did, self.keys, TOKEN)
        self.credential = self.published.signer(self.did, self.keys, CREDENTIAL)
        issues = "exchange" in self.roles
        built = dids.build(
            self.did, self.url, self.keys, aggregate, self.published, exchange=issues, hybrid=self._hybrid
        )
        document = dids.parse(orjson.dumps(built), self.did)
        self.did_document = dids.of_hub(built, self._connector) if self._connector else built
        assert document.aggregate == aggregate
        told = member_of(document, self.description())
        logs = tuple(one.told for one in self.keys.log_former)
        accounts = tuple(one.told for one in self.keys.account_former)
        self.member = replace(told, sm2_former=self.keys.sm2_former, log_former=logs, address_former=accounts)

    def sign(self, digest: bytes, account: bytes | None = None) -> bytes:
        """Return our account's signature (65 bytes) of a digest (32 bytes); of a former `account`, where one is named.

        What was agreed or opened under a former account goes on under it. Raises Conflict for one that is none of ours.
        """
        if rehearsal.current() is not None:
            return BLANK
        return signature.sign(digest, self.keys.agreement if account is None else self.secret(account))

    def secret(self, account: bytes) -> Secret:
        """Return the key of an account that is or was ours; raises Conflict for another's."""
        if account == self.keys.address:
            return self.keys.agreement
        found = next((one.secret for one in self.keys.account_former if one.address == account), None)
        if found is None:
            text = f"the account {address.show(account)} is none of ours"
            raise Conflict(text, "if it was, restore `keys/agreement.former` from a back-up of the keys")
        return found

    def sign_part(self, part: bytes) -> bytes:
        """Sign a part of a message of the national interfaces: by SM2, if we have a key of it, else by our account."""
        if rehearsal.current() is not None:
            return BLANK
        return proof.sign(part, self.keys.agreement, self.keys.sm2)

    def take_sm2(self, secret: bytes, former: tuple[FormerKey, ...]) -> None:
        """Sign by SM2 (32 bytes) from now on, and publish the key with those that were."""
        self.keys = replace(self.keys, sm2=secret, sm2_former=former)
        self.publish((self.member.aggregate, self.member.possession))

    @property
    def sealed_to(self) -> bytes:
        """The public key to which the fields of our own events are sealed: the hybrid one where it is set."""
        return self.keys.hybrid.public if self._hybrid else self.keys.delivery_public

    def take_aggregate(self, seed: bytes, pair: tuple[bytes, bytes]) -> None:
        """Witness with another BLS key from now on, and publish it; `pair` is the key with its proof of possession."""
        self.keys = replace(self.keys, aggregate=seed)
        self.publish(pair)

    def take_delivery(self, secret: X25519PrivateKey) -> None:
        """Have things sealed to another delivery key from now on; the present one opens what was sealed to it."""
        self.keys = replace(self.keys, delivery=secret, former=self.keys.deliveries)
        self.publish((self.member.aggregate, self.member.possession))

    def take_log(self, secret: Ed25519PrivateKey, former: tuple[FormerLogKey, ...]) -> None:
        """Sign heads by another key from now on, and publish it with those that were."""
        self.keys = replace(self.keys, log=secret, log_former=former)
        self.publish((self.member.aggregate, self.member.possession))

    def lists(self, kid: str) -> bool:
        """Say whether a key (its DID URL) is in our document now."""
        return any(method["id"] == kid for method in self.did_document["verificationMethod"])

    def take_account(self, secret: bytes, former: tuple[FormerAccountKey, ...]) -> None:
        """Act by another account from now on, and by those that were for what goes on under them."""
        self.keys = replace(self.keys, agreement=secret, account_former=former)
        self.publish((self.member.aggregate, self.member.possession))

    def take_token(self, keys: Keys, published: Published) -> None:
        """Prove ourselves by the token key of `keys` from now on, and publish it with what is listed beside it."""
        self.keys, self.published = replace(self.keys, token=keys.token, issuing=keys.issuing), published
        self.publish((self.member.aggregate, self.member.possession))

    def description(self) -> dict[str, str]:
        """Return how we describe ourselves to the exchange."""
        told = self._participant
        return {"did": self.did, "name": told.name, "role": told.roles[0], "region": told.region}
