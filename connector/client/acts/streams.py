"""Streams: following one that was bought, and what those that are sold have brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.client.acts.acquisitions import SAID
from connector.client.acts.act import NULL, Act, Field
from connector.client.acts.agreements import AGREED
from connector.client.acts.columns import Column

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

FOLLOWED: dict[str, Shape] = {
    "agreement": "text",
    "to": "text",
    "state": "text",
    "messages": "digits",
    "bytes": "digits",
    "batch": "number",
    "missed": "number",
    "since": "text",
    "updated": "text",
    "reason": "text",
}
SOLD: dict[str, Shape] = {
    "product": "text",
    "messages": "digits",
    "bytes": "digits",
    "newest": "number",
    "oldest": "number?",
    "updated": "text",
    "reads": "truth",
    "trouble": "text",
}
FOLLOWING = (
    Column("AGREEMENT", "agreement", is_id=True),
    Column("STATE", "state"),
    Column("MESSAGES", "messages", is_count=True),
    Column("BYTES", "bytes", is_count=True),
    Column("BATCH", "batch", is_count=True, long=True),
    Column("MISSED BATCHES", lambda row: str(row["missed"]) if row["missed"] else "", rare=True),
    Column("LAST", "updated", is_moment=True),
    Column("TO", "to"),
    Column("WHY", "reason", rare=True),
)
SELLING = (
    Column("PRODUCT", "product"),
    Column("READ", lambda row: "yes" if row["reads"] else "no"),
    Column("MESSAGES", "messages", is_count=True),
    Column("BYTES", "bytes", is_count=True),
    Column("KEPT BATCHES", lambda row: "" if row["oldest"] is None else f"{row['oldest']}-{row['newest']}"),
    Column("LAST", "updated", is_moment=True),
    Column("TROUBLE", "trouble", rare=True),
)


ACTS = (
    Act(
        "stream follow",
        "POST agreements/{agreement}/stream",
        help="Follow the stream that was bought: each message once, in order, appended to a file, from now on.",
        says=("Follow the stream of the agreement {agreement}.", "持续接收合约 {agreement} 的数据流。"),
        answer=FOLLOWED,
        example={"agreement": "5b1f0c", "to": "/srv/rain.ndjson"},
        fields=(
            AGREED,
            Field("to", ("File", "文件"), "a new file; default: one of ours", "--to", default=NULL),
            Field("since", ("Since", "起点"), "first, the first message kept there, or now", "--since", default=NULL),
            Field("purpose", ("Purpose", "用途"), "default: that of the agreement", "--purpose", default=NULL),
            SAID,
        ),
        does="followings.follow",
        roles="buyer",
        rehearse=True,
        verb="stream follow",
        lines=lambda row: [f"{row['state']}: {row['messages']} messages so far, into {row['to']}"],
    ),
    Act(
        "stream stop",
        "POST agreements/{agreement}/stream/end",
        help="Follow a stream no more; what came stays, and following it again goes on where it stopped.",
        says=("Follow the stream of the agreement {agreement} no more.", "停止接收合约 {agreement} 的数据流。"),
        answer=FOLLOWED,
        example={"agreement": "5b1f0c"},
        fields=(AGREED,),
        does="followings.stop",
        roles="buyer",
        rehearse=True,
        verb="stream stop",
        lines=lambda row: [f"{row['state']}: {row['messages']} messages in {row['to']}"],
    ),
    Act(
        "stream list",
        "GET streams",
        help="List the streams that we follow: what has come, and why one does not go on.",
        says=("List the streams that we follow.", "列出所接收的数据流。"),
        answer={"streams": [FOLLOWED]},
        example={},
        does="followings.page",
        roles="buyer",
        verb="stream list",
        table=FOLLOWING,
        none="no stream is followed: penstock stream follow AGREEMENT",
    ),
    Act(
        "stream sold",
        "GET streams/sold",
        help="List the streams that we sell: what their sources have brought, and what troubles them.",
        says=("List the streams that we sell.", "列出所出售的数据流。"),
        answer={"streams": [SOLD]},
        example={},
        does="batching.page",
        roles="provider",
        verb="stream sold",
        table=SELLING,
        none="no stream is sold: penstock publish --stream ADDRESS",
    ),
)
