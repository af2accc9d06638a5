"""Saved searches: what a member looks for again and again, and what is new of it."""

from __future__ import annotations

from typing import Any

from connector.client.acts.act import FORWARD, Act, Field
from connector.client.acts.columns import Column

NAME = ("Search", "检索名称")


SEARCHES = (
    Column("NAME", "name"),
    Column("NEW", lambda row: str(len(row["new"])), is_count=True),
    Column("SINCE", "since", long=True, is_moment=True),
    Column("LOOKS FOR", lambda row: " ".join([row["q"], *row["where"]]).strip()),
)


def _new(found: Any) -> list[str]:
    """Return what is new of each search."""
    return [f"new of {row['name']}: {one['id']}  {one['title']}" for row in found["searches"] for one in row["new"]]


ACTS = (
    Act(
        "search save",
        "POST searches",
        help="Save words and conditions under a name, to be told what is new.",
        says=("Save the search {name}.", "保存检索 {name}。"),
        answer={"name": "text", "q": "text", "where": ["text"], "new": ["object"]},
        example={"name": "wet", "q": "rain", "where": ["grade=1,2"]},
        fields=(
            Field("name", NAME, "save words and --where under this name, to be told what is new", "--save"),
            Field("q", ("Words", "关键词"), "words to look for", default=""),
            Field(
                "where", ("Conditions, one a line", "条件,每行一个"), "only what is so", "--where", "texts", default=[]
            ),
        ),
        handler=FORWARD,
        verb="find --save",
    ),
    Act(
        "search list",
        "GET searches",
        help="List saved searches with what was listed or changed since it was last taken for seen.",
        says=("List saved searches.", "列出已保存的检索。"),
        answer={"searches": [{"name": "text", "q": "text", "where": ["text"], "new": ["object"], "since": "text"}]},
        example={},
        handler=FORWARD,
        verb="searches",
        table=SEARCHES,
        lines=_new,
        none="no search is saved; `penstock find WORD --save NAME` saves one",
    ),
    Act(
        "search see",
        "POST searches/{name}/seen",
        help="Take what is new of a saved search for seen.",
        says=("Take what is new of the search {name} for seen.", "将检索 {name} 的新内容标记为已读。"),
        answer={"name": "text", "new": ["object"]},
        example={"name": "wet"},
        fields=(Field("name", NAME, "take what is new of this search for seen", "--seen", sent="id"),),
        handler=FORWARD,
        verb="searches --seen",
        lines=lambda row: [f"{row['name']}: seen"],
    ),
    Act(
        "search drop",
        "POST searches/{name}/drop",
        help="Forget a saved search.",
        says=("Forget the search {name}.", "删除检索 {name}。"),
        answer={"name": "text", "dropped": "truth"},
        example={"name": "wet"},
        fields=(Field("name", NAME, "forget this search", "--drop", sent="id"),),
        handler=FORWARD,
        verb="searches --drop",
        lines=lambda row: [f"{row['name']}: forgotten"],
    ),
)
