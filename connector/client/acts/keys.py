"""The keys of the participant: which there are, and how those are replaced that can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import READ, Act, Field
from connector.client.acts.columns import Column
from connector.client.acts.log import WHY

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

KEY: Shape = {
    "kind": "text", "algorithm": "text", "purpose": "text", "key": "text", "file": "text", "since": "text",
    "replaced": "text",
}  # fmt: skip
KEYS = (
    Column("KIND", "kind"),
    Column("ALGORITHM", "algorithm"),
    Column("SINCE", "since", is_moment=True),
    Column("LIES IN", lambda row: "module" if row["file"].startswith("pkcs11:") else "file"),
    Column("REPLACED BY", lambda row: row["replaced"] or "stays for life"),
    Column("KEY", "key", long=True, rare=True),
    Column("FILE", "file", long=True, rare=True),
    Column("PURPOSE", "purpose", long=True, rare=True),
)


LATER = "the exchange does not know it yet: it reads it when it admits us, or by penstock exchange member reread"


def _rotated(done: Any) -> list[str]:
    lines = [f"{done['from']} is followed by {done['to']}"]
    lines.append(
        f"the former counts until {done['until']}" if done["until"] else "the former opens what was sealed to it"
    )
    return [*lines, *([] if done.get("told", True) else [LATER])]


def _drawn(done: Any) -> list[str]:
    told = "the exchange knows it" if done["told"] else LATER
    return [f"{done['kind']} {done['key']}", told]


ACTS = (
    Act(
        "key list",
        "GET keys",
        help="List our keys: what each is for, since when it is there, and by which command it is replaced.",
        says=("List our keys.", "列出本方密钥。"),
        answer={"keys": [KEY]},
        example={},
        does="key_life.page",
        operator=READ,
        table=KEYS,
        none="there are no keys",
    ),
    Act(
        "key draw",
        "POST keys",
        help="Draw the key of SM2, by which contracts of the national interfaces are signed from then on. "
        "A participant that is made by `penstock init --suite sm` has one.",
        says=("Draw the key {kind}: {why}", "生成密钥 {kind}:{why}"),
        answer={"kind": "text", "key": "text", "told": "truth"},
        example={"kind": "sm2", "why": "our customers ask for national ciphers"},
        fields=(Field("kind", ("Key", "密钥"), "sm2", metavar="KIND"), WHY),
        handler="keys.draw",
        lines=_drawn,
    ),
    Act(
        "key rotate",
        "POST keys/rotation",
        help="Replace a key: the token key, by which we prove who we are, our account, the key of our log, the "
        "delivery key, to which others seal what is for us, the key of SM2, or the token of the management API. What "
        "a stolen one signs counts no more from now on, and credentials are issued anew; what was sealed to a former "
        "one is opened still, and what was agreed under a former account goes on under it.",
        says=("Replace the key {kind}: {why}", "更换密钥 {kind}:{why}"),
        answer={"kind": "text", "from": "text", "to": "text", "until": "text", "told?": "truth"},
        example={"kind": "management", "why": "a laptop was lost"},
        fields=(
            Field("kind", ("Key", "密钥"), "token, account, log, delivery, sm2 or management", metavar="KIND"),
            WHY,
            Field(
                "stolen", ("Stolen", "已被盗"), "the former counts no more at once", "--stolen", "truth", default=False
            ),
        ),
        handler="keys.rotate",
        lines=_rotated,
    ),
)  # fmt: skip
