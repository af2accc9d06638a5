"""Accounts of the console, API keys, audits, and single facts."""

from datetime import datetime
from enum import StrEnum

from connector.store.table_row import Amount, Document, Documents, TableRow, dataclass, table


@table("accounts", key=("name",), index=(("subject",),))
@dataclass(frozen=True, kw_only=True)
class AccountRow(TableRow):
    """An account of the console."""

    name: str
    roles: str  # with a space between them
    operator: int  # 1 for who may act
    title: str | None = None  # what a policy that asks for a role is told
    password: str
    nonce: str
    used_step: int  # of the newest one-time code: each counts once
    failures: int
    locked: datetime | None = None
    created: datetime
    subject: str | None = None  # the OpenID provider's issuer and the subject there, a space between


@table("account_links", key=("digest",), index=(("account",),))
@dataclass(frozen=True, kw_only=True)
class AccountLinkRow(TableRow):
    """A link with which an account is opened once."""

    digest: bytes
    account: str
    expires: datetime


@table("console_sessions", key=("digest",), index=(("account",),))
@dataclass(frozen=True, kw_only=True)
class ConsoleSessionRow(TableRow):
    """A session of an account."""

    digest: bytes
    account: str
    post_key: str  # the digest of an operator's key, once it was shown
    created: datetime
    expires: datetime


@table("api_keys", key=("name",), index=(("digest",),))
@dataclass(frozen=True, kw_only=True)
class ApiKeyRow(TableRow):
    """A key with which a program asks the management interface."""

    name: str
    digest: bytes
    roles: str  # with a space between them
    scopes: Documents  # texts (`connector.client.acts.scopes`)
    created: datetime
    expires: datetime
    used: datetime | None = None  # to the hour
    budget: Amount | None = None  # of an agent's key: what may be spent with it in all


class Taken(StrEnum):
    """What is taken out of the budget of a key."""

    PURCHASE = "purchase"
    ANSWER = "answer"


@table("key_spendings", key=("agent", "what", "id"))
@dataclass(frozen=True, kw_only=True)
class KeySpendingRow(TableRow):
    """What a purchase or an answer that was asked for with a key may cost at most."""

    agent: str  # the key's name
    what: Taken
    id: str  # of the acquisition, or of the answer: its agreement, a stroke, its own
    most: Amount
    at: datetime


class ProposalState(StrEnum):
    """What became of a proposal."""

    WAITING = "waiting"
    BEGUN = "begun"
    DECLINED = "declined"


@table("proposals", key=("id",), index=(("created",),))
@dataclass(frozen=True, kw_only=True)
class ProposalRow(TableRow):
    """A purchase that an agent proposes, for a person to begin."""

    id: str  # that of the purchase, once it has begun
    by: str  # who proposed it, as an event names it
    product: str
    mandate: Document
    why: str
    state: ProposalState
    reason: str = ""  # why it was declined
    created: datetime
    updated: datetime


class AuditState(StrEnum):
    """How far an audit is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@table("audits", key=("id",), index=(("at",),))
@dataclass(frozen=True, kw_only=True)
class AuditRow(TableRow):
    """An audit that was made, and what it found: `report` is what `penstock audit --json` prints."""

    id: str
    state: AuditState
    report: Document | None = None
    reason: str
    at: datetime


@table("facts", key=("name",))
@dataclass(frozen=True, kw_only=True)
class FactRow(TableRow):
    """A fact that stands alone, by its name."""

    name: str
    value: Document


@table("published_folders", key=("path",))
@dataclass(frozen=True, kw_only=True)
class PublishedFolderRow(TableRow):
    """A folder whose files the console may publish, named by somebody while it ran."""

    path: str
    by: str
    since: datetime
