"""Who held the rights when they were sold: editions and licences on chain, replayed in the order of the chain.

Law: a licence is granted by who holds the edition's certificate at that moment, of an edition that is not withdrawn;
what is pledged stays where it is until its creditor lets go; a sub-licence stands on chain under the parent that its
agreement names. The programs forbid some of this, and are read all the same: the chain's operator serves the events.
An edition that the chain knows under a blind id has the holder of that, where an agreement's terms open it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from contracts.address import NOBODY
from ledger.audit.hosting import delegated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ledger.audit.deal import Deals
    from ledger.audit.docket import Docket
    from ledger.audit.hosting import Hosted
    from ledger.audit.report import Report
    from ledger.audit.sources import ChainEvent
    from ledger.audit.sums import Edition
    from ledger.space.document import Space

ID_BYTES = 32


@dataclass(slots=True)
class _Titles:
    """What the chain has said so far; ids are 32 bytes, accounts 20."""

    space: Space
    docket: Docket
    report: Report
    below: frozenset[bytes]  # agreements that are sub-licences, now or later
    known: Mapping[bytes, bytes]  # edition → the id under which the chain knows it
    holders: dict[bytes, bytes] = field(default_factory=dict)
    pledged: set[bytes] = field(default_factory=set)
    withdrawn: set[bytes] = field(default_factory=set)
    subs: dict[bytes, ChainEvent] = field(default_factory=dict)
    # sales by a host → for whom; and the licences so far → who granted them to whom
    hosted: Mapping[bytes, Hosted] = field(default_factory=dict)
    licences: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)

    def find(self, code: str, account: bytes, **names: object) -> None:
        """Add a finding about whoever acts with an account."""
        member = self.space.by_address(account)
        self.report.find(code, "chain" if member is None else member.did, **names)


def check(
    space: Space,
    events: Iterable[ChainEvent],
    deals: Deals,
    editions: Iterable[Edition],
    docket: Docket,
    report: Report,
) -> None:
    """Replay the events of editions and licences, then compare the sub-licences with those that were signed.

    Of what was judged before it is not said again who sold it: of a sale by a host its own terms tell for whom.
    """
    below = frozenset(one.fields["agreementDigest"] for one in events if one.name == "SubLicenceGranted")
    known = {one.id: one.known for one in editions}
    hosted = {deal.digest: found for deal in deals.values() if (found := delegated(space, deal))}
    titles = _Titles(space, docket, report, below, known, hosted=hosted)
    for event in events:
        step = _STEPS.get(event.name)
        if step is not None:
            step(titles, event)
    _check_sub_licences(titles, deals)


def _registered(titles: _Titles, event: ChainEvent) -> None:
    titles.holders.setdefault(event.fields["editionId"], event.fields["provider"])


def _transferred(titles: _Titles, event: ChainEvent) -> None:
    edition, sender = event.fields["token_id"].to_bytes(ID_BYTES), event.fields["sender"]
    if sender != NOBODY and edition in titles.pledged:
        titles.find("pledge-broken", sender, what="transferred", subject=edition.hex())
    titles.holders[edition] = event.fields["receiver"]


def _withdrawn(titles: _Titles, event: ChainEvent) -> None:
    edition = event.fields["editionId"]
    if edition in titles.pledged:
        titles.find("pledge-broken", event.fields["holder"], what="withdrawn", subject=edition.hex())
    titles.withdrawn.add(edition)


def _edition_pledged(titles: _Titles, event: ChainEvent) -> None:
    titles.pledged.add(event.fields["editionId"])


def _edition_released(titles: _Titles, event: ChainEvent) -> None:
    titles.pledged.discard(event.fields["editionId"])


def _licence_pledged(titles: _Titles, event: ChainEvent) -> None:
    titles.pledged.add(event.fields["agreementDigest"])


def _licence_released(titles: _Titles, event: ChainEvent) -> None:
    titles.pledged.discard(event.fields["agreementDigest"])


def _granted(titles: _Titles, event: ChainEvent) -> None:
    """Check who sells; a sub-licence draws on what its parent was sold by."""
    digest, edition, provider = (event.fields[name] for name in ("agreementDigest", "editionId", "provider"))
    titles.licences[digest] = provider, event.fields["buyer"]
    if digest in titles.below or not titles.docket.has(digest.hex()):
        return
    names = {"agreement": digest.hex(), "edition": edition.hex(), "block": event.block}
    title = titles.known.get(edition, edition)
    sellers = *titles.space.accounts_with(provider), _sold_for(titles, digest, provider)
    if titles.holders.get(title, provider) not in sellers:
        titles.find("licence-without-rights", provider, **names)
    if title in titles.withdrawn:
        titles.find("licence-of-withdrawn", provider, **names)


def _sold_for(titles: _Titles, digest: bytes, seller: bytes) -> bytes:
    """Return the account for which a seller granted a licence as its host, empty where nobody had delegated it."""
    found = titles.hosted.get(digest)
    return found.payee if found and titles.licences.get(found.licence) == (found.payee, seller) else b""


def _granted_below(titles: _Titles, event: ChainEvent) -> None:
    parent = event.fields["parent"]
    if parent in titles.pledged:
        titles.find("pledge-broken", event.fields["holder"], what="passed on", subject=parent.hex())
    titles.subs[event.fields["agreementDigest"]] = event


_STEPS: Mapping[str, Callable[[_Titles, ChainEvent], None]] = {
    "EditionRegistered": _registered,
    "Transfer": _transferred,
    "EditionWithdrawn": _withdrawn,
    "EditionPledged": _edition_pledged,
    "EditionReleased": _edition_released,
    "LicencePledged": _licence_pledged,
    "LicenceReleased": _licence_released,
    "LicenceGranted": _granted,
    "SubLicenceGranted": _granted_below,
}


def _check_sub_licences(titles: _Titles, deals: Deals) -> None:
    """Compare every signed sub-licence with the chain's; one that the chain alone knows has no agreement in any log."""
    for name, deal in deals.items():
        said, known = deal.terms.parent or b"", titles.subs.get(deal.digest)
        if known is None:
            if said:
                titles.report.find("sublicence-unrecorded", deal.provider, agreement=name, parent=said.hex())
            continue
        parent = deals.get(known.fields["parent"].hex())
        holder = known.fields["holder"] if parent is None else parent.agreement.buyer
        right = (said, deal.agreement.buyer, holder)
        if (known.fields["parent"], known.fields["child"], known.fields["holder"]) != right:
            titles.report.find("sublicence-misplaced", deal.provider, agreement=name, parent=said.hex())
