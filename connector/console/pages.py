"""Every page of the console: one row each, and what has no row does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.act import EVERYBODY
from connector.client.acts.table import TABLE
from connector.console.computed import COMPUTED
from connector.console.page import ANY_ID, TRADERS, Page, columns
from connector.console.proofs import PROOFS
from connector.console.together import TOGETHER

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
    Page("product", f"/catalogue/{ANY_ID}", EVERYBODY, "buying.product", columns(*MEASURED)),
    Page("card", f"/catalogue/{ANY_ID}/card", EVERYBODY, "wording.card"),
    Page("contract", f"/catalogue/{ANY_ID}/contract", EVERYBODY, "wording.offered"),
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
    Page("publish", "/publish", "provider", "publishing.publish", columns(*MEASURED), menu="data"),
    Page("rules", "/rules", "provider", "composing.rules"),
    Page(
        "product-draft",
        "/publish/file",
        "provider",
        "drafting.product_draft",
        columns("file", "name", "kind", "meaning words", "unit", "nulls number", "hint hint"),
    ),
    Page(
        "publish-folders",
        "/publish/folders",
        "provider",
        "publishable.folders",
        columns("folder", "by", "since moment"),
    ),
    Page(
        "versions",
        f"/products/{ANY_ID}/versions",
        "provider",
        "providing.versions",
        columns("number number", "since moment", "title", "edition id", "en words"),
    ),
    Page(
        "orders",
        f"/products/{ANY_ID}/orders",
        "provider",
        "providing.orders",
        columns(
            "agreed moment",
            "peer did",
            "state state",
            "bytes bytes",
            "amount money",
            "openings number",
            "price",
            "agreement id /agreements/{agreement}",
        ),
    ),
    Page(
        "offered",
        f"/products/{ANY_ID}",
        "provider",
        "providing.product",
        columns("peer did", "digest id /agreements/{digest}", "state state", "paid money", "created moment"),
    ),
    Page(
        "agreements",
        "/agreements",
        TRADERS,
        "trading.agreements",
        columns(
            "title text /agreements/{digest}",
            "role role",
            "peer did",
            "tier tier",
            "state state",
            "paid money",
            "ends moment",
            "created moment",
        ),
        menu="trade",
    ),
    Page(
        "agreement",
        f"/agreements/{ANY_ID}",
        TRADERS,
        "trading.agreement",
        columns("at moment", "event event", "index number"),
    ),
    Page("contract", f"/agreements/{ANY_ID}/contract", TRADERS, "wording.contract"),
    Page(
        "negotiations",
        "/negotiations",
        TRADERS,
        "negotiating.processes",
        columns(
            "about id /negotiations/{id}",
            "kind process",
            "state state",
            "turn turn",
            "peer did",
            "deadline moment",
            "updated moment",
            "reason",
        ),
        menu="trade",
    ),
    Page("negotiation", f"/negotiations/{ANY_ID}", TRADERS, "negotiating.process"),
    Page(
        "flows",
        "/flows",
        TRADERS,
        "flowing.flows",
        columns("dataset", "direction", "state state", "peer", "bytes bytes", "updated moment", "reason", "id id"),
        menu="trade",
    ),
    *COMPUTED,
    Page(
        "replicas",
        "/replicas",
        "buyer",
        "trading.replicas",
        columns(
            "title text /agreements/{agreement}",
            "tier tier",
            "bytes bytes",
            "opened number",
            "left number",
            "ends moment",
            "state state",
        ),
        menu="data",
    ),
    Page(
        "spending",
        "/spending",
        "buyer",
        "money.spending",
        columns("day", "product", "peer did", "amount money", "windows number"),
        menu="money",
    ),
    Page(
        "wallet",
        "/wallet",
        EVERYBODY,
        "money.wallet",
        columns(
            "at moment",
            "kind movement",
            "title",
            "peer did",
            "in money",
            "out money",
            "balance money",
            "tx id",
        ),
        menu="money",
    ),
    Page(
        "earnings",
        "/earnings",
        "provider",
        "money.earnings",
        columns("day", "product", "peer did", "amount money", "windows number"),
        menu="money",
    ),
    Page(
        "listings",
        "/listings",
        "exchange",
        "operating.listings",
        columns("title text /listings/{id}", "state state", "tier tier", "provider did", "since moment", "reason"),
        menu="data",
    ),
    Page("listing", f"/listings/{ANY_ID}", "exchange", "operating.listing", columns(*MEASURED)),
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
            "title text /{page}/{agreement}",
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
        columns("title text /{page}/{agreement}", "role role", "peer did", "price", "orders number", "amount money"),
    ),
    *TOGETHER,
    Page(
        "indicators",
        "/indicators",
        "exchange",
        "operating.indicators",
        columns("label words", "shown", "unit", "formula", "source", "national"),
        menu="space",
    ),
    *PROOFS,
    Page("account", "/account", EVERYBODY, "overview.account"),
    Page("acts", "/acts", EVERYBODY, "declared.acts", columns("en words /acts/{act}", "command"), menu="start"),
    *(declared(act) for act in TABLE if act.shown),
)

BY_ROUTE = {page.route: page for page in PAGES}
