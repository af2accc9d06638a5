"""How one becomes a member: applied for at the exchange of the settings, and what its operator sees of that."""

from __future__ import annotations

from typing import Any

from connector.client.acts.act import EXCHANGE, READ, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.members import APPLICATION


def _applied(row: Any) -> list[str]:
    told = {"applied": f"to be answered until {row['due']}", "refused": row["reason"]}
    head = f"{row['did']}: {row['state']}" + (f", {told[row['state']]}" if row["state"] in told else "")
    next_ = f"the operator admits it: penstock exchange admit {row['did']}"
    return [head, next_] if row["state"] == "applied" else [head]


def _organisation(proven: Any) -> str:
    """Return who an applicant is as it has proven, and how far."""
    named = f"{proven['name']} ({proven['code']})" if "name" in proven else "not proven"
    return f"{named}, level {proven['level']}"


APPLICATIONS = (
    Column("DUE", lambda row: ("OVERDUE since " if row["overdue"] else "") + row["due"], is_moment=True),
    Column("ROLE", "role"),
    Column("REGION", "region"),
    Column("NAME", "name"),
    Column("DID", "did"),
    Column("ORGANISATION", lambda row: _organisation(row["proven"])),
    Column("MESSAGE", "message", long=True),
    Column("REASON", "reason", long=True),
)


ACTS = (
    Act(
        "membership apply",
        "POST membership",
        help="Apply for membership at the exchange of the settings; the same again changes nothing while it waits.",
        says=("Apply for membership. {message}", "申请入会。{message}"),
        answer=APPLICATION,
        example={"message": "we publish the harbour's tides; ask for Li Wei"},
        fields=(
            Field("message", ("Message", "留言"), "what the operator should know", "--message", default=""),
        ),
        handler="applications.join",
        makes=True,
        rehearse=True,
        verb="join",
        lines=_applied,
    ),
    Act(
        "membership show",
        "GET membership",
        help="Only see what became of the application.",
        says=("Show what became of our application.", "显示本方申请的结果。"),
        answer=APPLICATION,
        example={},
        handler="applications.joined",
        verb="join --status",
        lines=_applied,
    ),
    Act(
        "application list",
        "GET applications",
        help="List applications for membership, those first that are due first.",
        says=("List the applications for membership.", "列出入会申请。"),
        answer={"applications": [{**APPLICATION, "overdue": "truth"}]},
        example={},
        fields=(
            Field("state", ("State", "状态"), "applied, admitted or refused", "--state", default="applied"),
        ),
        does="applications.page",
        roles=EXCHANGE,
        operator=READ,
        verb="exchange applications",
        table=APPLICATIONS,
        none="no application is in the state `{state}`",
    ),
)  # fmt: skip
