"""What a supervisor's page shows, signed by who looked at it, with a proof for every event of a log in it.

    {view: {v, page, agreement, channels, rows, troubles, proofs: [{did, entry, proof}], unproven},
     issuer, at, signature}

Law: the signature says who exported what and when, and the proofs that the events are in their logs; neither says more.
`penstock verify` reads the document without any network (`connector.regulator.verifying`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.pages.proving import Log, document
from connector.api.pages.supervising import LOG, timeline
from connector.identity.space.view import SpaceView
from connector.runtime.errors import PenstockError
from contracts.canonical import JsonObject, canonical
from contracts.labels import H
from ledger.audit import view

if TYPE_CHECKING:
    from connector.api.call import Call

SHOWN = ("agreement", "channels", "rows", "troubles")


async def export(call: Call) -> JsonObject:
    """Return the timeline of an agreement as a signed document that says what was not read or gave no proof."""
    told = await timeline(call)
    space = await call.of(SpaceView).whole()
    logs = {did: Log(call.core, member) for did, member in space.members.items()}
    proofs, unproven = list[JsonObject](), dict[str, str]()
    for row in told["rows"]:
        if row["source"] != LOG or row["party"] in unproven:
            continue
        try:
            proofs.append({"did": row["party"], **document(*await logs[row["party"]].proof(row["index"]))})
        except (PenstockError, ValueError) as fault:
            unproven[row["party"]] = str(fault)
    seen = {"v": view.VERSION, "page": "timeline", **{name: told[name] for name in SHOWN}}
    seen |= {"proofs": proofs, "unproven": [{"did": did, "why": why} for did, why in sorted(unproven.items())]}
    said = {"view": seen, "issuer": call.core.identity.did, "at": call.core.clock.now().isoformat(timespec="seconds")}
    return {**said, "signature": call.core.identity.sign(H(view.LABEL, canonical(said))).hex()}
