"""Rights on the chain: editions passed on, pledged and withdrawn, licences pledged, suspended and resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import Act, Field
from connector.client.acts.agreements import turned
from connector.client.acts.shape import TURNED

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.client.acts.shape import Shape

RIGHT: Shape = {"id": "text", "kind": "text", "holder": "text", "pledge": "object?", "withdrawn?": "truth"}
ID = {"id": "5b1f0c"}
EITHER = Field(
    "id", ("Edition or agreement", "版本或合约"), "the id of an edition, or the digest of an agreement", of="right"
)
EDITION = Field("edition", ("Edition", "版本"), "the id of an edition", sent="id", of="edition")
LICENCE = Field(
    "agreement", ("Agreement", "合约"), "the digest of an agreement of which we provide", sent="id", of="agreement"
)
TO = Field("to", ("Member (DID)", "成员 DID"), "DID of the member that gets it", "--to")
REASON = Field("reason", ("Reason", "原因"), "why, in words that others read", "--reason")
TERMS = Field("terms", ("Terms", "条款"), "the terms; the chain keeps their SHA-256", "--terms")


def lines(right: Any) -> list[str]:
    """Return what a person reads of a right."""
    told = [f"{right['kind']} {right['id']}", f"held by {right['holder']}"]
    if right["pledge"]:
        told.append(f"pledged to {right['pledge']['creditor']} under terms {right['pledge']['terms']}")
    return [*told, "withdrawn"] if right.get("withdrawn") else told


def _act(
    act: str,
    help_: str,
    says: tuple[str, str],
    *fields: Field,
    answer: Shape = RIGHT,
    lines: Callable[[Any], list[str]] = lines,
    typed: str = "",
    **more: str,
) -> Act:
    """Return one of the acts on a right: they share a route."""
    return Act(
        f"rights {act}",
        f"POST rights/{{{fields[0].name}}}/{{act={act}}}",
        help=help_,
        says=says,
        answer=answer,
        example={fields[0].name: "5b1f0c"} | more,
        fields=fields,
        handler="rights.act",
        rehearse=True,
        typed=typed,
        lines=lines,
    )


ACTS = (
    Act(
        "rights show",
        "GET rights/{id}",
        help="Show who holds an edition or a licence on the chain, and who holds a pledge of it.",
        says=("Show who holds {id}.", "显示 {id} 的持有方。"),
        answer=RIGHT,
        example=ID,
        fields=(EITHER,),
        handler="rights.show",
        lines=lines,
    ),
    _act(
        "transfer",
        "Pass on the rights in an edition; from then on only the new holder continues the series.",
        ("Pass on the rights in the edition {edition} to {to}.", "将版本 {edition} 的权利转让给 {to}。"),
        EDITION,
        TO,
        to="did:web:heir.example",
    ),
    _act(
        "pledge",
        "Pledge an edition or a licence: it stays where it is, and gives no sub-licences, "
        "until the creditor releases it.",
        ("Pledge {id} to {to}: {terms}", "将 {id} 质押给 {to}:{terms}"),
        EITHER,
        TO,
        TERMS,
        to="did:web:bank.example",
        terms="loan 17 of 2026",
    ),
    _act(
        "release",
        "Release a pledge, as its creditor.",
        ("Release the pledge of {id}.", "解除 {id} 的质押。"),
        EITHER,
    ),
    _act(
        "withdraw",
        "Withdraw an edition for good: it is sold no more; what was sold of it stands.",
        ("Withdraw the edition {edition} for good: {reason}", "永久撤回版本 {edition}:{reason}"),
        EDITION,
        REASON,
        typed='5b1f0c --reason "superseded"',
        reason="superseded",
    ),
    _act(
        "suspend",
        "Suspend a licence: no keys and no bytes until it is resumed, here and for all below it; its time runs on.",
        ("Suspend the licence of the agreement {agreement}: {reason}", "中止合约 {agreement} 的许可:{reason}"),
        LICENCE,
        REASON,
        answer=TURNED,
        lines=turned,
        reason="an invoice is open",
    ),
    _act(
        "resume",
        "Let a suspended licence go on; what was paused with it goes on by itself.",
        ("Let the licence of the agreement {agreement} go on: {reason}", "恢复合约 {agreement} 的许可:{reason}"),
        LICENCE,
        REASON,
        answer=TURNED,
        lines=turned,
        reason="the invoice is paid",
    ),
)
