"""Every declared act, in the order in which the reference shows them: an act without a row here is offered nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts import (
    accounts,
    acquisitions,
    agreements,
    api_keys,
    authorities,
    bills,
    codes,
    complaints,
    credentials,
    deals,
    delivering,
    demands,
    disputes,
    faces,
    filings,
    flows,
    folders,
    grants,
    hosting,
    interface,
    joints,
    keys,
    leavings,
    lessons,
    listings,
    log,
    market,
    members,
    memberships,
    ndi,
    nodes,
    operators,
    participant,
    processes,
    products,
    profiles,
    programs,
    projects,
    queries,
    relations,
    resources,
    rights,
    searches,
    services,
    serving,
    sources,
    spaces,
    streams,
    templates,
    uppers,
    vault,
    wallet,
)

if TYPE_CHECKING:
    from connector.client.acts.act import Act

TABLE: tuple[Act, ...] = (
    *participant.ACTS,
    *log.ACTS,
    *keys.ACTS,
    *resources.ACTS,
    *products.ACTS,
    *faces.ACTS,
    *searches.ACTS,
    *market.ACTS,
    *demands.ACTS,
    *services.ACTS,
    *acquisitions.ACTS,
    *processes.ACTS,
    *agreements.ACTS,
    *authorities.ACTS,
    *queries.ACTS,
    *joints.ACTS,
    *programs.ACTS,
    *relations.ACTS,
    *lessons.ACTS,
    *projects.ACTS,
    *deals.ACTS,
    *hosting.ACTS,
    *filings.ACTS,
    *codes.ACTS,
    *nodes.ACTS,
    *uppers.ACTS,
    *ndi.ACTS,
    *serving.ACTS,
    *delivering.ACTS,
    *templates.ACTS,
    *bills.ACTS,
    *wallet.ACTS,
    *complaints.ACTS,
    *rights.ACTS,
    *disputes.ACTS,
    *memberships.ACTS,
    *credentials.ACTS,
    *members.ACTS,
    *leavings.ACTS,
    *operators.ACTS,
    *listings.ACTS,
    *grants.ACTS,
    *spaces.ACTS,
    *sources.ACTS,
    *vault.ACTS,
    *accounts.ACTS,
    *api_keys.ACTS,
    *folders.ACTS,
    *profiles.ACTS,
    *streams.ACTS,
    *flows.ACTS,
    *interface.ACTS,
)
# its name in Python → the act: what a client's method and a route's handler are found by
BY_CALL: dict[str, Act] = {act.call: act for act in TABLE}

assert len(BY_CALL) == len(TABLE), "an act is declared once"


def named(call: str) -> Act:
    """Return the act of this name in Python; raises AttributeError, because it is asked for as a client's method."""
    if call not in BY_CALL:
        raise AttributeError(f"there is no act `{call}`: docs/reference.md has those that there are")
    return BY_CALL[call]
