"""Agreements, what follows from them, and how a buyer comes to one."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.store.table_row import Document, Documents, TableRow, dataclass, table
from contracts import lifecycle

# agreements that have come to their end
IS_OVER = f"state IN ({', '.join(repr(state) for state in sorted(lifecycle.OVER))})"


@table(
    "agreements",
    key=("digest",),
    index=(
        ("not_after",),
        ("parent",),
        ("amends",),
        ("product", "role", "not_after"),
        ("state", "not_after", "digest"),
    ),
    held=True,
)
@dataclass(frozen=True, kw_only=True)
class AgreementRow(TableRow):
    """An agreement that both sides signed, or will have."""

    digest: str
    role: str
    negotiation: str
    peer: str
    product: str
    edition: str | None = None
    terms: Document | None = None  # none with a peer that has no contracts of ours
    agreement: Document | None = None  # the typed data that both signed
    odrl: Document
    provider_signature: bytes | None = None
    buyer_signature: bytes | None = None
    state: str
    licence_tx: str | None = None  # by which its licence came on chain
    not_after: datetime | None = None
    parent: str | None = None  # the agreement right above it, whose sub-licence it is (provider)
    amends: str | None = None  # the agreement in whose place it is, by its terms
    superseded_by: str | None = None  # the agreement in its place, where one came into force
    created: datetime

    @property
    def signed_terms(self) -> dict[str, Any]:
        """Return the terms of one that is under a contract of ours; only with a peer of another kind there are none."""
        assert self.terms is not None, "what serves data or counts money has terms"
        return self.terms

    @property
    def signed_edition(self) -> str:
        """Return the edition that its terms name."""
        assert self.edition is not None, "terms name their edition"
        return self.edition

    @property
    def signatures(self) -> tuple[bytes, bytes]:
        """Return the provider's signature and the buyer's."""
        assert self.provider_signature is not None
        assert self.buyer_signature is not None
        return self.provider_signature, self.buyer_signature


class SubLicenceState(StrEnum):
    """How a sub-licence stands that we granted, or that was taken back."""

    ISSUED = "issued"
    WITHDRAWN = "withdrawn"


@table("sub_licences", key=("digest", "parent"))
@dataclass(frozen=True, kw_only=True)
class SubLicenceRow(TableRow):
    """A licence of somebody who holds one himself."""

    digest: str
    parent: str  # the agreement whose holder granted it
    child: str | None = None
    document: Document | None = None  # none of one that we did not grant, and heard of when it was withdrawn
    state: SubLicenceState
    created: datetime


@table("alarms", key=("id",))
@dataclass(frozen=True, kw_only=True)
class AlarmRow(TableRow):
    """What a person should know about an agreement."""

    id: str
    agreement: str
    code: str
    who: str
    text: str
    at: datetime


class PursuitState(StrEnum):
    """What we do about a demand: look for what fits, get it, or nothing any more."""

    LOOKING = "looking"
    GETTING = "getting"
    MET = "met"
    ENDED = "ended"


@table("pursuits", key=("id",), index=(("state",),))
@dataclass(frozen=True, kw_only=True)
class PursuitRow(TableRow):
    """A search for a product that fits a mandate, one after the other."""

    id: str
    mandate: Document
    state: PursuitState
    product: str  # the one that is being got, empty before the first
    acquisition: str
    tried: Documents  # ids of products
    reason: str
    created: datetime
    updated: datetime


class AcquisitionState(StrEnum):
    """How far a purchase is, in the order of its journey; the last two are its ends."""

    WANTED = "wanted"
    NEGOTIATING = "negotiating"
    AGREED = "agreed"
    LICENSED = "licensed"
    FUNDING = "funding"
    FUNDED = "funded"
    TRANSFERRING = "transferring"
    RECEIVING = "receiving"
    COMPLETE = "complete"
    FAILED = "failed"


@table("acquisitions", key=("id",), index=(("state",),))
@dataclass(frozen=True, kw_only=True)
class AcquisitionRow(TableRow):
    """A purchase, from the mandate to the data that are opened."""

    id: str
    product: str
    provider: str | None = None
    mandate: Document
    state: AcquisitionState
    negotiation: str | None = None
    agreement: str | None = None
    channel: str | None = None
    transfer: str | None = None
    progress: Document  # the salt of its channel, what is here of a plain copy, and `connector.consumer.steps.AFTER`
    reason: str | None = None
    paused: datetime | None = None  # since when it rests because its buyer wants it so
    created: datetime
    updated: datetime

    @property
    def its_provider(self) -> str:
        """Return the provider, once it is negotiated with."""
        assert self.provider is not None
        return self.provider

    @property
    def its_negotiation(self) -> str:
        """Return the negotiation, once it has begun."""
        assert self.negotiation is not None
        return self.negotiation

    @property
    def its_agreement(self) -> str:
        """Return the agreement (its digest in hex), once there is one."""
        assert self.agreement is not None
        return self.agreement

    @property
    def its_channel(self) -> str:
        """Return the channel (its id in hex), once one is paid into."""
        assert self.channel is not None
        return self.channel

    @property
    def its_transfer(self) -> str:
        """Return the transfer, once it is requested."""
        assert self.transfer is not None
        return self.transfer
