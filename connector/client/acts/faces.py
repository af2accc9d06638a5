"""What is listed, in other words: its card, the contract it is offered under, Croissant, DCAT-AP, the national form."""

from __future__ import annotations

import json
from typing import Any

from connector.client.acts.act import Act, Field
from connector.client.acts.products import ID
from connector.client.acts.shape import LANGUAGES


def _as_text(found: Any) -> list[str]:
    """Return a document as it is kept in a file: what has a text of its own is that."""
    text = found["text"] if set(found) == {"text"} else json.dumps(found, indent=2, ensure_ascii=False)
    return str(text).splitlines()


ACTS = (
    Act(
        "product card",
        "GET offers/{id}/card",
        help="Show the card of a listed data set, as Markdown: what it is, who, how, columns, people, terms.",
        says=("Show the card of the listed product {id}.", "显示挂牌产品 {id} 的数据卡片。"),
        answer=LANGUAGES,
        example={"id": "tides"},
        fields=(ID,),
        handler="faces.card",
        verb="product show --card",
        lines=lambda found: found["en"].splitlines(),
    ),
    Act(
        "product contract",
        "GET offers/{id}/contract",
        help="Show the contract that a listed data set is offered under, in words, before anybody signs it.",
        says=("Show the contract that {id} is offered under.", "显示挂牌产品 {id} 的合同文本。"),
        answer=LANGUAGES,
        example={"id": "tides"},
        fields=(ID,),
        handler="faces.contract",
        verb="product show --contract",
        lines=lambda found: found["en"].splitlines(),
    ),
    Act(
        "product croissant",
        "GET offers/{id}/croissant",
        help="Show a listed data set as Croissant 1.1 (MLCommons), in JSON-LD.",
        says=("Show the listed product {id} as Croissant.", "以 Croissant 格式显示挂牌产品 {id}。"),
        answer="object",
        example={"id": "tides"},
        fields=(ID,),
        handler="faces.croissant",
        verb="product show --croissant",
        lines=_as_text,
    ),
    Act(
        "product catalogue",
        "GET catalogue/{standard}",
        help="Show a page of what the exchange lists as a catalogue of another standard: DCAT-AP, JSON-LD or Turtle.",
        says=("Show the list of the exchange as {standard} has it.", "按标准 {standard} 显示交易所目录。"),
        answer="object",
        example={"standard": "dcat"},
        fields=(
            Field(
                "standard",
                ("Standard", "标准"),
                "dcat (DCAT-AP, JSON-LD) or turtle (DCAT-AP, Turtle)",
                "--as",
                sent="face",
            ),
            Field("first", ("Leave out", "跳过"), "leave out so many, the first", "--first", "number", 0, least=0),
        ),
        handler="faces.page",
        lines=_as_text,
    ),
    Act(
        "product face",
        "GET offers/{id}/{standard}",
        help="Show a listed product as another standard has it: DCAT-AP, Croissant, or the national registration.",
        says=("Show the listed product {id} as {standard} has it.", "按标准 {standard} 显示挂牌产品 {id}。"),
        answer="object",
        example={"id": "tides", "standard": "dcat"},
        fields=(
            ID,
            Field(
                "standard",
                ("Standard", "标准"),
                "dcat (DCAT-AP, JSON-LD), turtle (DCAT-AP, Turtle), croissant or ndi (national registration)",
                "--as",
                sent="face",
            ),
        ),
        handler="faces.face",
        lines=_as_text,
    ),
)
