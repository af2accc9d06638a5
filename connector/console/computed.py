"""The pages of what is computed where the data are: questions of either side, lists tried, assents of a reviewer."""

from __future__ import annotations

from connector.client.acts.programs import REVIEWERS
from connector.console.page import ANY_ID, TRADERS, Page, columns

COMPUTED: tuple[Page, ...] = (
    Page(
        "computations",
        "/computations",
        TRADERS,
        "computing.computations",
        columns(
            *("created moment", "product", "role role", "way way", "statement text /computations/{id}"),
            *("state state", "number number", "peer did"),
        ),
        menu="proof",
    ),
    Page("computation", f"/computations/{ANY_ID}", TRADERS, "computing.computation"),
    Page("question", f"/catalogue/{ANY_ID}/question", "buyer", "choosing.question"),
    Page("trial", f"/catalogue/{ANY_ID}/trial", "buyer", "trying.trial"),
    Page("tried", f"/trials/{ANY_ID}", "buyer", "trying.tried"),
    Page(
        "assents",
        "/assents",
        REVIEWERS,
        "assenting.assents",
        columns(
            *("given moment", "assent id /assents/{assent}", "product", "provider did", "buyer did", "program id"),
            *("until moment", "state state"),
        ),
    ),
    Page("assent", f"/assents/{ANY_ID}", REVIEWERS, "assenting.assent"),
)
