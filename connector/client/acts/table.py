"""Every declared act, in the order in which the reference shows them: an act without a row here is offered nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.areas import AREAS, of

if TYPE_CHECKING:
    from connector.client.acts.act import Act

TABLE: tuple[Act, ...] = tuple(act for area in AREAS for act in of(area))
# its name in Python → the act: what a route's handler is found by
BY_CALL: dict[str, Act] = {act.call: act for act in TABLE}

assert len(BY_CALL) == len(TABLE), "an act is declared once"
