"""Who of our own people may sign for us, and what was signed under it."""

from datetime import datetime

from connector.store.table_row import Document, TableRow, dataclass, table


@table("authorities", key=("digest",), index=(("name", "revoked"),))
@dataclass(frozen=True, kw_only=True)
class AuthorityRow(TableRow):
    """An authority that was granted; it stays when it is over, for what was signed under it names it."""

    digest: str
    name: str  # of the account
    made: datetime  # when that account was made: another one of the same name has no authority of it
    salt: bytes  # of the reference in the document
    document: Document  # as of `contracts.authority`
    signature: bytes
    granted: datetime
    until: datetime
    revoked: datetime | None = None
    reason: str = ""


@table("signings", key=("about", "role"), index=(("authority", "at"),))
@dataclass(frozen=True, kw_only=True)
class SigningRow(TableRow):
    """A signature that was made under an authority; it counts whether or not what it is about comes into force."""

    about: str  # the digest of the agreement
    role: str  # ours
    authority: str
    amount: int  # minor units, at most
    at: datetime
