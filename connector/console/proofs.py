"""The pages of what is proven: what a regulator looks up and finds, and everybody's own log."""

from __future__ import annotations

from connector.client.acts.act import EVERYBODY
from connector.console.page import ANY_ID, Page, columns

PROOFS: tuple[Page, ...] = (
    Page("lookup", "/lookup", "regulator exchange", "supervising.lookup", menu="proof", logged=True),
    Page(
        "findings",
        "/findings",
        "regulator",
        "supervising.findings",
        columns("severity severity", "code", "subject did", "said words"),
        menu="proof",
        logged=True,
    ),
    Page(
        "timeline",
        f"/timeline/{ANY_ID}",
        "regulator",
        "supervising.timeline",
        columns("at moment", "source source", "event event", "party did", "said", "tx id"),
        logged=True,
    ),
    Page(
        "proof",
        f"/proof/{ANY_ID}",
        "regulator",
        "proving.proof",
        columns("step number", "side side", "sibling", "result"),
        logged=True,
    ),
    Page("export", f"/timeline/{ANY_ID}/export", "regulator", "exporting.export", logged=True),
    Page(
        "evidence",
        "/evidence",
        EVERYBODY,
        "evidence.events",
        columns("index number /evidence/{index}", "at moment", "kind event", "part id"),
        menu="proof",
    ),
    Page("event", f"/evidence/{ANY_ID}", EVERYBODY, "evidence.event"),
)
