"""Every form of the console: one row each, and what has no row does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.client.acts.act import EVERYBODY
from connector.client.acts.request import leaves
from connector.client.acts.table import TABLE
from connector.console.fields import FILES, PUBLISHED
from connector.console.page import PREFIX, TRADERS, Act

if TYPE_CHECKING:
    from connector.client.acts.act import Act as Declared


SAID: Final = "said"  # what else is said of a use, a line each
JOINED: Final = "joined"  # what else a statement is about, a line each


def declared(act: Declared) -> Act:
    """Return the form that does a declared act."""
    told = [(name, one.needed) for name, one in leaves(act.asks)]
    may_lack = tuple(name for name, needed in told if not needed)
    return Act(f"/acts/{act.slug}", act.roles, "declared.do", tuple(name for name, _ in told), may_lack)


# what a buyer may say besides; `tried` is the id of a list that was tried, which the request names
PERHAPS = ("total", SAID, "need", "prefer", "tried")
ACTS: tuple[Act, ...] = (
    Act("/catalogue/{id}/purchase", "buyer", "buying.buy", ("limit", "purpose", *PERHAPS), PERHAPS),
    Act("/catalogue/{id}/trial", "buyer", "trying.begin", ("list", "limit")),
    Act(
        "/publish",
        "provider",
        "publishing.begin",
        (*PUBLISHED, FILES),
        ("description", "keywords", "floor", "region", "openings", "mask", "negotiable", "rules", "application"),
    ),
    Act("/publish/question", "provider", "publishable.keep_question", ("name", "question")),
    Act("/publish/files/removal", "provider", "publishable.remove", ("name",)),
    Act("/publish/folders", "provider", "publishable.add_folder", ("folder",)),
    Act("/publish/folders/removal", "provider", "publishable.remove_folder", ("folder",)),
    Act("/publish/file", "provider", "drafting.keep", ("kind", "text")),
    Act("/publish/file/publication", "provider", "drafting.begin", ("draft",)),
    Act("/agreements/{id}/opening", "buyer", "trading.open_replica", ("purpose", SAID), (SAID,)),
    Act("/agreements/{id}/asking", "buyer", "trading.ask", ("purpose", SAID, "query", JOINED), (SAID, JOINED)),
    Act("/agreements/{id}/key-export", "buyer", "trading.export_keys", ("purpose", SAID, "confirm"), (SAID,)),
    Act("/agreements/{id}/revocation", TRADERS, "trading.revoke", ("reason", "confirm")),
    Act("/negotiations/{id}/{act}", TRADERS, "negotiating.operate", ("reason",), ("reason",)),
    Act("/listings/{id}/review", "exchange", "operating.review", ("version", "despite"), ("despite",)),
    Act("/listings/{id}/reading", "exchange", "operating.read", ("rows",), ("rows",)),
    Act("/listings/{id}/move", "exchange", "operating.move", ("move", "reason")),
    Act("/applications/admission", "exchange", "operating.admit", ("did", "invite"), ("invite",)),
    Act("/applications/refusal", "exchange", "operating.refuse", ("did", "reason")),
    Act("/members/{act}", "exchange", "operating.turn", ("did", "reason")),
    Act("/sources/{id}/{act}", "exchange", "sources.turn", ("reason",), ("reason",)),
    Act("/complaints/{id}/{act}", f"{TRADERS} exchange", "market.complain", ("reason",)),
    Act("/pending/key", "exchange", "governed.show_key", ("key",)),
    Act("/pending/{id}/assent", "exchange", "governed.assent"),
    Act("/pending/{id}/dissent", "exchange", "governed.dissent", ("reason",)),
    Act("/findings/audit", "regulator", "supervising.audit"),
    Act("/account/password", EVERYBODY, "overview.change_password", ("old", "new"), own=True),
    *(declared(act) for act in TABLE if act.shown),
)

ACT_BY_ROUTE = {act.route: act for act in ACTS}
# where a browser sends a list of its own
LIST = f"{PREFIX}/catalogue/{{id}}/trial/list"
# where a browser sends the files of a declared act's form
FILES_OF = {f"{PREFIX}/acts/{act.slug}/files": act for act in TABLE if act.shown and act.uploads}
