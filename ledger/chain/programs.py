"""What the programs of one deployment say, as typed values, and the short way to act on them.

`Programs` reads; `acts` makes what is to be sent. Whoever must survive a crash signs, stores, then sends (`Chain`);
`perform` is for those who may simply start again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from contracts import address, price_words, signature
from contracts.onchain.artifacts import PROGRAMS
from ledger.chain.errors import ChainRefused, ChainUnreachable
from ledger.chain.membership import Standing
from ledger.stamp import read_time

if TYPE_CHECKING:
    from datetime import datetime

    from contracts.signature import Secret
    from ledger.chain.client import Act, Chain, Event, Receipt
    from ledger.chain.deployment import Deployment

PERFORM_WAIT_SECONDS = 60
# the precompile of EIP-2537 that adds points on G1, and the bytes of one
G1ADD, G1_BYTES = (0x0B).to_bytes(20), 128
At = int | Literal["latest"]


@dataclass(frozen=True, slots=True)
class Registration:
    """An edition on the chain; `holder` has the rights in it, who is `provider` until it passes them on."""

    provider: bytes
    series: bytes
    number: int
    registered_at: datetime
    withdrawn_at: datetime | None
    holder: bytes


@dataclass(frozen=True, slots=True)
class Licence:
    """An agreement on the chain; it holds until `not_after`, unless it or one above it was suspended or revoked.

    `parent` is the digest of the licence right above a sub-licence, else None.
    """

    provider: bytes
    buyer: bytes
    parent: bytes | None
    not_after: datetime
    granted_at: datetime
    revoked_at: datetime | None
    suspended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Pledge:
    """Who must let go of an edition or licence first, and the digest of the terms of that."""

    creditor: bytes
    terms: bytes


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel on the chain; amounts in minor units, `claimed` is cumulative, `frozen_for` in seconds."""

    payer: bytes
    signer: bytes
    payee: bytes
    token: bytes
    arbitrator: bytes
    split_hash: bytes
    deposit: int
    claimed: int
    expiry: datetime
    freeze_seconds: int
    frozen_until: datetime | None
    frozen_for: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """The newest anchored head of a log, and the block it came in."""

    size: int
    root: bytes
    block: int


@dataclass(frozen=True, slots=True)
class RegisteredLog:
    """Who owns and witnesses a log, as it counts now."""

    owner: bytes
    quorum: int
    witnesses: tuple[bytes, ...]
    forked: bool


class Programs:
    """The programs of a deployment on a chain. `at` is a block number, `latest` by default."""

    def __init__(self, chain: Chain, deployment: Deployment) -> None:
        self.chain = chain
        self.deployment = deployment
        self._most_grants: int | None = None

    async def confirm(self) -> None:
        """Raise `ChainRefused` unless every program stands where the deployment says, under its chain id and salt."""
        for name in PROGRAMS:
            found = await self._call(name, "DOMAIN_SEPARATOR", at="latest")
            if found != self.deployment.domain(name).separator:
                raise ChainRefused(f"the program `{name}` there belongs to another deployment")

    async def edition(self, edition_id: bytes, at: At = "latest") -> Registration | None:
        """Return an edition's registration, or None."""
        found = await self._call("editions", "registration", edition_id, at=at)
        if found["provider"] == address.NOBODY:
            return None
        return Registration(
            provider=found["provider"],
            series=found["series"],
            number=found["number"],
            registered_at=read_time(found["registeredAt"]),
            withdrawn_at=_time_or_none(found["withdrawnAt"]),
            holder=await self._call("editions", "ownerOf", int.from_bytes(edition_id, "big"), at=at),
        )

    async def licence(self, agreement_digest: bytes, at: At = "latest") -> Licence | None:
        """Return an agreement's licence, or None."""
        found = await self._call("licences", "licence", agreement_digest, at=at)
        if found["provider"] == address.NOBODY:
            return None
        return Licence(
            provider=found["provider"],
            buyer=found["buyer"],
            parent=found["parent"] if any(found["parent"]) else None,
            not_after=read_time(found["notAfter"]),
            granted_at=read_time(found["grantedAt"]),
            revoked_at=_time_or_none(found["revokedAt"]),
            suspended_at=_time_or_none(found["suspendedAt"]),
        )

    async def most_grants(self) -> int:
        """Return how many licences one call may grant (asked once), 0 of a program that has no such call."""
        if self._most_grants is None:
            try:
                self._most_grants = int(await self._call("licences", "maxGrants", at="latest"))
            except ChainRefused:
                self._most_grants = 0
        return self._most_grants

    async def in_force(self, agreement_digest: bytes, at: At = "latest") -> bool:
        """Say whether a licence and all above it hold now."""
        return bool(await self._call("licences", "inForce", agreement_digest, at=at))

    async def pledge(self, program: str, subject: bytes, at: At = "latest") -> Pledge | None:
        """Return the pledge of an edition (`editions`) or of a licence (`licences`), or None."""
        found = await self._call(program, "pledgeOf", subject, at=at)
        return None if found["creditor"] == address.NOBODY else Pledge(found["creditor"], found["terms"])

    async def channel(self, channel_id: bytes, at: At = "latest") -> Channel | None:
        """Return a channel, or None."""
        found = await self._call("channels", "channel", channel_id, at=at)
        if found["payer"] == address.NOBODY:
            return None
        return Channel(
            payer=found["payer"],
            signer=found["signer"],
            payee=found["payee"],
            token=found["token"],
            arbitrator=found["arbitrator"],
            split_hash=found["splitHash"],
            deposit=found["deposit"],
            claimed=found["claimed"],
            expiry=read_time(found["expiry"]),
            freeze_seconds=found["freezePeriod"],
            frozen_until=_time_or_none(found["frozenAt"] + found["frozenFor"]),
            frozen_for=found["frozenFor"],
            closed=found["closed"],
        )

    async def credit(self, account: bytes, at: At = "latest") -> int:
        """Return what the channels hold for an account in the settlement token, not withdrawn yet."""
        token = self.deployment.addresses["token"]
        return int(await self._call("channels", "balances", token, account, at=at))

    async def balance(self, account: bytes, at: At = "latest") -> int:
        """Return an account's balance in the settlement token, in minor units."""
        return int(await self._call("token", "balanceOf", account, at=at))

    async def issuer(self) -> bytes:
        """Return the account that makes units of the settlement token, and takes them back."""
        return bytes(await self._call("token", "issuer", at="latest"))

    def money(self, minor: int) -> str:
        """Return an amount of the settlement token as people write it."""
        return price_words.money(minor, self.deployment.currency)

    async def permit_nonce(self, account: bytes) -> int:
        """Return the token's count of this owner's permits."""
        return int(await self._call("token", "nonces", account, at="latest"))

    async def head(self, origin: bytes, at: At = "latest") -> Anchor | None:
        """Return the newest anchored head of a log, or None."""
        size, root, block = await self._call("anchors", "head", origin, at=at)
        return Anchor(size, root, block) if block else None

    async def registered_log(self, origin: bytes, at: At = "latest") -> RegisteredLog | None:
        """Return a log's owner and witnesses as they count at a block, or None."""
        found = await self._call("anchors", "registeredLog", origin, at=at)
        if found["owner"] == address.NOBODY:
            return None
        forked = await self._call("anchors", "forked", origin, at=at)
        return RegisteredLog(found["owner"], found["quorum"], found["witnesses"], forked)

    async def key_digest(self, witness: bytes) -> bytes:
        """Return the digest of the BLS key that an account has proven to possess, zeros if it has proven none."""
        return bytes(await self._call("anchors", "keyDigest", witness, at="latest"))

    async def member(self, space: bytes, account: bytes, at: At = "latest") -> Standing | None:
        """Return a member as the registry of spaces knows it, or None."""
        return Standing.read(await self._call("spaces", "member", space, account, at=at))

    async def is_arbitrator(self, space: bytes, account: bytes, at: At = "latest") -> bool:
        """Say whether an account arbitrates in a space."""
        return bool(await self._call("spaces", "isArbitrator", space, account, at=at))

    async def is_exchange(self, space: bytes, account: bytes, at: At = "latest") -> bool:
        """Say whether an account runs a space."""
        return bool(await self._call("spaces", "isExchange", space, account, at=at))

    async def exchanges(self, space: bytes, at: At = "latest") -> int:
        """Return how many run a space."""
        return int(await self._call("spaces", "exchangeCount", space, at=at))

    async def events(
        self, program: str, event: str | None = None, first: int = 0, last: int | None = None, **filters: Any
    ) -> list[Event]:
        """Return a program's events of blocks first to last (or newest); see `Chain.events`.

        Blocks of before the deployment are not asked for.
        """
        begun = max(first, self.deployment.since)
        return await self.chain.events(self.deployment.program(program), event, begun, last, **filters)

    async def told(self, program: str, event: str, last: int | None = None, **filters: Any) -> Event:
        """Return the event that brought a state which the chain shows; raises ChainUnreachable while it is not told.

        A node answers about a block's state before it has the block's logs.
        """
        found = await self.events(program, event, last=last, **filters)
        if not found:
            raise ChainUnreachable(f"the chain does not tell yet when `{program}.{event}` happened")
        return found[0]

    async def perform(self, act: Act, key: Secret) -> Receipt:
        """Sign, send and wait, with nothing stored in between; `ChainRefused` unless it succeeded."""
        nonce = await self.chain.nonce(signature.address(key))
        signed = await self.chain.sign_transaction(act, nonce=nonce, key=key)
        receipt = await self.chain.wait(await self.chain.send(signed.raw), PERFORM_WAIT_SECONDS)
        if not receipt.succeeded:
            raise ChainRefused(f"`{act.program.name}.{act.function}` was mined and failed")
        return receipt

    async def _call(self, program: str, function: str, *args: Any, at: At) -> Any:
        return await self.chain.call(self.deployment.program(program), function, *args, at=at)


async def confirmed(chain: Chain, confirmations: int) -> int:
    """Return the number of the newest block that has so many above it; 0 on a chain that is younger."""
    return max((await chain.newest()).number - confirmations, 0)


async def takes_aggregates(chain: Chain) -> bool:
    """Say whether a chain has BLS12-381 (EIP-2537): it adds two points at infinity, or answers with nothing."""
    try:
        return await chain.answer(G1ADD, bytes(2 * G1_BYTES), address.NOBODY) == bytes(G1_BYTES)
    except ChainRefused:
        return False


def _time_or_none(stamp: int) -> datetime | None:
    return read_time(stamp) if stamp else None
