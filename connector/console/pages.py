"""Every page of the console: one row each, and what has no row does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.act import EVERYBODY
from connector.client.acts.table import TABLE
from connector.console.page import ANY_ID, TRADERS, Page, columns

if TYPE_CHECKING:
    from connector.client.acts.act import Act


# the columns of a table as they were measured, and as the provider describes them
MEASURED = (
    "file", "name", "kind", "meaning words", "unit", "nulls number", "distinct number", "minimum", "maximum",
    "bars bars", "hint hint",
)  # fmt: skip


def declared(act: Act) -> Page:
    """Return the page on which a declared act is filled in and looked at before it is done."""
    return Page("act", f"/acts/{act.slug}", act.roles, "declared.form")


PAGES: tuple[Page, ...] = (
    Page("overview", "/overview", EVERYBODY, "overview.overview", menu="start"),
    Page(
        "search",
        "/search",
        EVERYBODY,
        "searching.search",
        columns("title text /catalogue/{id}", "price", "tier tier", "quality", "provider did", "id id"),
        menu="data",
    ),
    Page(
        "product",
        f"/catalogue/{ANY_ID}",
        EVERYBODY,
        "buying.product",
        columns(*MEASURED),
    ),
    Page("quote", f"/catalogue/{ANY_ID}/quote", "buyer", "buying.quote"),
    Page(
        "acquisitions",
        "/acquisitions",
        "buyer",
        "buying.acquisitions",
        columns("product text /acquisitions/{id}", "state state", "provider did", "paid money", "updated moment"),
        menu="trade",
    ),
    Page("acquisition", f"/acquisitions/{ANY_ID}", "buyer", "buying.acquisition"),
    Page(
        "products",
        "/products",
        "provider",
        "providing.products",
        columns("title text /products/{id}", "state state", "tier tier", "sold number", "updated moment", "id id"),
        menu="data",
    ),
    Page(
        "publish",
        "/publish",
        "provider",
        "publishing.publish",
        columns(*MEASURED),
    ),
    Page(
        "members",
        "/members",
        "exchange",
        "operating.members",
        columns("name", "did did", "role role", "region", "state state"),
        menu="space",
    ),
    Page(
        "applications",
        "/applications",
        "exchange",
        "operating.applications",
        columns("name", "did did", "role role", "region", "state state", "due moment", "message", "reason"),
        menu="space",
    ),
    Page(
        "pending",
        "/pending",
        "exchange",
        "governed.pending",
        columns("en words", "operator", "awaits post", "about", "state state", "until moment", "reason"),
        menu="space",
    ),
    Page(
        "disputes",
        "/disputes",
        EVERYBODY,
        "operating.disputes",
        columns("id id /disputes/{id}", "state state", "filer did", "channelId id", "filed moment"),
        menu="trade",
        logged=True,
    ),
    Page("dispute", f"/disputes/{ANY_ID}", EVERYBODY, "operating.dispute", logged=True),
    Page(
        "connectors",
        "/connectors",
        "exchange",
        "operating.connectors",
        columns("name", "did did", "role role", "state words", "seen moment", "version", "alarms number", "able"),
        menu="space",
    ),
    Page(
        "sources",
        "/sources",
        "exchange",
        "sources.sources",
        columns(
            "name text /sources/{name}", "kind", "did did", "state state", "products number", "read moment", "reason"
        ),
        menu="data",
    ),
    Page(
        "source",
        f"/sources/{ANY_ID}",
        "exchange",
        "sources.source",
        columns("title", "provider did", "hops number", "path", "fetched moment", "id id"),
    ),
    Page(
        "prices",
        "/prices",
        EVERYBODY,
        "market.prices",
        columns("class words", "tier tier", "median rate", "q1 rate", "q3 rate", "unit", "n number"),
        menu="money",
    ),
    Page(
        "spaces",
        "/spaces",
        EVERYBODY,
        "market.spaces",
        columns("name text /spaces/{id}", "state state", "version number", "description"),
        menu="space",
    ),
    Page(
        "space",
        f"/spaces/{ANY_ID}",
        EVERYBODY,
        "market.space",
        columns("version number", "since moment", "name", "state state", "by did", "reason"),
    ),
    Page(
        "complaints",
        "/complaints",
        f"{TRADERS} exchange",
        "market.complaints",
        columns(
            "id id /complaints/{id}",
            "state state",
            "complainant did",
            "respondent did",
            "turn role",
            "due moment",
            "filed moment",
        ),
        menu="trade",
    ),
    Page("complaint", f"/complaints/{ANY_ID}", f"{TRADERS} exchange", "market.complaint"),
    Page(
        "bills",
        "/bills",
        TRADERS,
        "bills.bills",
        columns(
            "title text /bills/{agreement}",
            "role role",
            "peer did",
            "state state",
            "amount money",
            "deposit money",
            "claimed money",
            "agreed moment",
        ),
        menu="money",
    ),
    Page(
        "bill",
        f"/bills/{ANY_ID}",
        TRADERS,
        "bills.bill",
        columns("channel id", "seq number", "order number", "period", "quantity number", "amount money"),
    ),
    Page(
        "statement",
        f"/statements/{ANY_ID}",
        TRADERS,
        "bills.statement",
        columns("title text /bills/{agreement}", "role role", "peer did", "price", "orders number", "amount money"),
    ),
    Page(
        "indicators",
        "/indicators",
        "exchange",
        "operating.indicators",
        columns("label words", "shown", "unit", "formula", "source", "national"),
        menu="space",
    ),
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
    Page("account", "/account", EVERYBODY, "overview.account"),
    Page("acts", "/acts", EVERYBODY, "declared.acts", columns("en words /acts/{act}", "command"), menu="start"),
    *(declared(act) for act in TABLE if act.shown),
)

BY_ROUTE = {page.route: page for page in PAGES}
