"""Uses that an exchange watches: what members told it of theirs, what it stopped, and what we were told to stop."""

from datetime import datetime

from catalog.watching import StopState
from connector.store.rows.space import CaseRow
from connector.store.table_row import TableRow, dataclass, table


@table("watched_uses", key=("member", "use"), index=(("agreement",),))
@dataclass(frozen=True, kw_only=True)
class WatchedUseRow(TableRow):
    """A use that a member told the exchange of: it runs, as far as was last heard."""

    member: str
    use: str
    agreement: str
    product: str
    action: str
    since: datetime
    seen: datetime


@table("use_stops", key=("id",), index=(("member", "state"), ("agreement",)))
@dataclass(frozen=True, kw_only=True)
class UseStopRow(CaseRow):
    """A member's use under an agreement that the exchange stopped, and whether the member obeyed."""

    id: str
    member: str
    agreement: str
    reason: str
    state: StopState
    created: datetime
    updated: datetime


@table("halts", key=("agreement",))
@dataclass(frozen=True, kw_only=True)
class HaltRow(TableRow):
    """An agreement of ours whose use the exchange (`by`, a DID) has stopped; without a row it has not."""

    agreement: str
    stop: str
    by: str
    reason: str
    at: datetime
