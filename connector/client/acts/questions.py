"""Questions that are put together from choices and kept in a file, to be published as applications."""

from __future__ import annotations

from typing import Any

from connector.client.acts.act import Act
from connector.client.acts.queries import CHOICES, WHAT


def told(told: Any) -> list[str]:
    """Return what a person reads of a question: the columns that it needs, and what it leaves open."""
    document = told["document"]
    return [
        f"needs   {', '.join(f'{name} ({kind})' for name, kind in document['columns'].items()) or 'no column'}",
        f"leaves  {', '.join(f'{name} ({kind})' for name, kind in told['asks']) or 'nothing'}",
    ]


ACTS = (
    Act(
        "question make",
        "POST questions",
        help="Put a question together from choices, with values left open as :NAME, and keep it in a file.",
        says=("Put a question to {what} together.", "组合对 {what} 的查询。"),
        answer={"document": "object", "asks": [["any"]]},
        example={"what": "firms", "count": True, "by": ["district"], "where": ["year >= :since"]},
        fields=(WHAT, *CHOICES),
        does="choosing.saved",
        roles="provider buyer",
        form=False,
        verb="program question",
        typed='firms --count --by district --where "year >= :since" --out trend.question.json',
        lines=told,
    ),
)
