"""What an id, or the beginning of one, means: the one place that makes a whole id of what somebody typed.

Law: (1) an id that is there means itself, whatever else begins so. (2) A beginning of `BEGINNING_CHARACTERS` or more
that one id has means that id; where several have it, it is refused with them. (3) What nothing here begins with stays
as it is: whoever looks it up says that it is absent. (4) Where an agreement is meant, the id of what was got means the
one that it was got by. (5) Ids are sought by a range of their index, never by loading all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.errors import InvalidInput
from connector.store.rows.agreement import AcquisitionRow, AgreementRow, AlarmRow, PursuitRow
from connector.store.rows.authority import AuthorityRow
from connector.store.rows.catalogue import ListingRow, ServiceRow
from connector.store.rows.channel import BundleRow, ChannelRow, DisputeRow
from connector.store.rows.compute import AssentRow
from connector.store.rows.console import ProposalRow
from connector.store.rows.credential import CredentialRow
from connector.store.rows.deal import FiledDealRow
from connector.store.rows.filing import FilingRow
from connector.store.rows.hosting import DelegationRow
from connector.store.rows.product import ProductRow
from connector.store.rows.project import PartnershipRow, ProjectRow
from connector.store.rows.protocol import NegotiationRow, TransferRow
from connector.store.rows.space import ActRow, ComplaintRow, DemandRow
from connector.store.rows.template import ContractTemplateRow
from connector.store.rows.use import ReadRow
from connector.store.rows.vault import EditionRow, ReplicaRow
from contracts.namespace import AGREEMENT_URN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.store.table_row import TableRow
    from connector.store.transaction import Tx

    Places = tuple[tuple[type[TableRow], str], ...]

# what a random id has in six characters is one of sixteen million
BEGINNING_CHARACTERS = 6
CANDIDATES_MAX = 5
EDITION = "edition"
# what every id is smaller than that begins with the same characters
_LAST = "\U0010ffff"
# what stands behind an id that was cut for the eye
CUT = "…"
UUID_URN = "urn:uuid:"

_PROCESSES: Places = ((NegotiationRow, "id"), (TransferRow, "id"))
_EDITIONS: Places = ((EditionRow, "id"), (ReplicaRow, "edition"))
_AGREEMENTS: Places = ((AgreementRow, "digest"),)
# kind of thing that an id names (`connector.client.acts.act.Field.of`) → where its ids are
NAMED: Mapping[str, Places] = {
    "acquisition": ((AcquisitionRow, "id"),),
    "process": _PROCESSES,
    "journey": ((AcquisitionRow, "id"), *_PROCESSES),
    "agreement": _AGREEMENTS,
    "channel": ((ChannelRow, "id"),),
    EDITION: _EDITIONS,
    "right": (*_EDITIONS, *_AGREEMENTS),
    "product": ((ProductRow, "id"), (ListingRow, "id")),
    "listing": ((ListingRow, "id"), (ServiceRow, "id")),
    "proposal": ((ProposalRow, "id"),),
    "complaint": ((ComplaintRow, "id"),),
    "credential": ((CredentialRow, "id"),),
    "demand": ((DemandRow, "id"), (PursuitRow, "id")),
    "deal": ((FiledDealRow, "id"),),
    "project": ((ProjectRow, "id"), (PartnershipRow, "project")),
    "delegation": ((DelegationRow, "id"),),
    "filing": ((FilingRow, "code"),),
    "template": ((ContractTemplateRow, "id"),),
    "dispute": ((DisputeRow, "id"), (BundleRow, "id")),
    "act": ((ActRow, "id"),),
    "authority": ((AuthorityRow, "digest"),),
    "assent": ((AssentRow, "digest"),),
}
THINGS: Places = (
    (ProductRow, "id"),
    (ListingRow, "id"),
    (AcquisitionRow, "id"),
    (NegotiationRow, "id"),
    (AgreementRow, "digest"),
    (TransferRow, "id"),
    (ChannelRow, "id"),
    (EditionRow, "id"),
    (ReplicaRow, "id"),
    (DisputeRow, "id"),
    (ComplaintRow, "id"),
    (DemandRow, "id"),
    (ServiceRow, "id"),
    (BundleRow, "id"),
    (ReadRow, "id"),
    (AlarmRow, "id"),
)
ANY = "any"


def meant(tx: Tx, kind: str, text: str) -> str:
    """Return the id that `text` means among those of a kind; raises InvalidInput where it may be several."""
    places = THINGS if kind == ANY else NAMED[kind]
    whole = text.removeprefix(AGREEMENT_URN).removesuffix(CUT)
    if any(_is_there(tx, row, column, whole) for row, column in places):
        return whole
    if kind in (EDITION, "right") and (edition := _edition_of(tx, text)):
        return edition
    if kind == "agreement" and (got := tx.get(AcquisitionRow, id=text)) is not None and got.agreement:
        return str(got.agreement)
    if len(whole) < BEGINNING_CHARACTERS:
        return text
    return only([one for row, column in places for one in _beginning(tx, row, column, whole)], text) or text


def only(ids: Iterable[str], text: str) -> str:
    """Return the one id that begins with `text`, empty for none; raises InvalidInput with some of several."""
    found = sorted(set(ids))
    if len(found) > 1:
        more = ", and more" if len(found) > CANDIDATES_MAX else ""
        raise InvalidInput(
            f"`{text[:100]}` is the beginning of several ids",
            f"say more of it: {', '.join(found[:CANDIDATES_MAX])}{more}",
        )
    return found[0] if found else ""


def _is_there(tx: Tx, row: type[TableRow], column: str, key: str) -> bool:
    return bool(tx.find(row, f"{column} = ?", (key,), limit=1))


def _beginning(tx: Tx, row: type[TableRow], column: str, text: str) -> Iterator[str]:
    """Yield ids that begin so, not many more than are shown; one of the protocol also without its `urn:uuid:`."""
    for begin in (text, UUID_URN + text):
        where, bounds = f"{column} >= ? and {column} < ?", (begin, begin + _LAST)
        for one in tx.find(row, where, bounds, column, CANDIDATES_MAX + 1):
            yield str(getattr(one, column))


def _edition_of(tx: Tx, product: str) -> str | None:
    """Return the edition that a product of ours has now, or the newest one of it that we hold."""
    own = tx.get(ProductRow, id=product)
    if own is not None and own.edition:
        return str(own.edition)
    bought = tx.find(AgreementRow, "product = ? and edition is not null", (product,), "created desc", 1)
    return bought[0].edition if bought else None
