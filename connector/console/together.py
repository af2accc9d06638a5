"""The pages of what two or more agree on by a document of its own: contracts, projects, filed deals, hosting."""

from __future__ import annotations

from connector.console.page import ANY_ID, TRADERS, Page, columns

TOGETHER: tuple[Page, ...] = (
    Page(
        "contracts",
        "/contracts",
        TRADERS,
        "contracted.contracts",
        columns(
            *("contractId text /contracts/{contractId}", "name", "state state", "role role", "peer did"),
            *("product", "delivered state", "ends moment"),
        ),
    ),
    Page(
        "digital-contract",
        f"/contracts/{ANY_ID}",
        TRADERS,
        "contracted.contract",
        columns("number number", "at moment", "by did", "price", "signed state"),
    ),
    Page(
        "projects",
        "/projects",
        TRADERS,
        "together.projects",
        columns("title text /projects/{id}", "state state", "proposer did", "ends moment", "id id"),
        menu="money",
    ),
    Page(
        "project",
        f"/projects/{ANY_ID}",
        TRADERS,
        "together.project",
        columns("did did", "does role", "share", "signed state", "earned money"),
    ),
    Page(
        "deals",
        "/deals",
        f"{TRADERS} exchange regulator",
        "together.deals",
        columns("name", "grade", "state state", "provider did", "consumer did", "made moment", "id id"),
        menu="proof",
    ),
    Page(
        "hosted",
        "/hosted",
        "provider",
        "together.hosted",
        columns("title", "role role", "state state", "host did", "provider did", "ends moment", "id id"),
        menu="proof",
    ),
)
