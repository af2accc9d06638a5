"""The participant's own log: its head, its anchors, marks of time, erasures, disclosures, forks of others' logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import READ, Act, Field

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

ANCHORED: Shape = {
    "origin": "text", "size": "digits", "root": "text", "block": "text", "signed": "text", "dropped": ["text"],
}  # fmt: skip
WHY = Field("why", ("Reason", "原因"), "the reason; it goes into the log", "--why")


def _headed(head: Any) -> list[str]:
    told, anchor = [f"{head['origin']}: {head['size']} events, root {head['root']}"], head.get("anchor")
    if anchor is not None:
        by = "by the exchange's tree of heads" if anchor["by"] == "space" else "by a transaction of ours"
        told.append(f"{anchor['size']} of them are on the chain in block {anchor['block']}, {by}")
    return told


def _anchored(done: Any) -> list[str]:
    if done["signed"] == "space":
        where = f"on the chain in block {done['block']}" if done["block"] else "with the exchange, not on the chain yet"
        return [f"{done['size']} events are {where}, by the exchange's tree of heads"]
    by = "one BLS signature" if done["signed"] == "bls" else "a signature of each witness"
    dropped = [f"{did} gave a false share of the BLS signature, which was dropped" for did in done["dropped"]]
    return [f"anchored {done['size']} events in block {done['block']} by {by}", *dropped]


def _disclosed(done: Any) -> list[str]:
    if not done["event"]:
        return [f"everything is disclosed to {done['to']}"]
    return [f"{done['events']} events are now disclosed to {done['to']}; entry {done['event']} says so"]


def forked(found: Any) -> list[str]:
    """Return what a person reads of forks."""
    told = [f"{one['origin']} signed two heads that cannot be of one history" for one in found["forks"]]
    return told or ["no log has shown us two histories"]


def _rekeyed(done: Any) -> list[str]:
    away = [] if done["told"] else ["the exchange is away: penstock exchange member reread, there"]
    return [f"we witness with the BLS key {done['key']}", *away]


ACTS = (
    Act(
        "log head",
        "GET log",
        help="Show the newest checkpoint and what was witnessed and anchored.",
        says=("Show the head of our log.", "显示本方日志的最新检查点。"),
        answer={"origin": "text", "size": "number", "root": "text", "note": "text", "anchor": "object?"},
        example={},
        handler="management.log_head",
        operator=READ,
        lines=_headed,
    ),
    Act(
        "log anchor",
        "POST log/anchor",
        help="Have the newest head cosigned by the witnesses and record it on chain.",
        says=("Have the newest head of our log witnessed and anchored.", "由见证方联署并在链上锚定最新检查点。"),
        answer=ANCHORED,
        example={},
        does="anchoring.anchor",
        rehearse=True,
        lines=_anchored,
    ),
    Act(
        "log mark",
        "POST log/marks",
        help="Write down the newest block and the heads that peers showed us, so that both have a latest time.",
        says=("Write down the newest block and what peers showed us.", "记录最新区块和其他方出示的检查点。"),
        answer={"event": "text"},
        example={},
        handler="log.mark",
        lines=lambda done: [f"entry {done['event']} marks the time"],
    ),
    Act(
        "log erase",
        "POST log/erasures",
        help="Erase the values that an own entry discloses; the entry stands, and an audit will say that they are "
        "missing.",
        says=("Erase what the entry {index} discloses: {why}", "抹除条目 {index} 披露的内容:{why}"),
        answer={"erased": "digits", "event": "digits"},
        example={"index": "7", "why": "the person asked for it"},
        fields=(Field("index", ("Entry", "条目编号"), "an entry's index", kind="digits", least=0), WHY),
        handler="log.erase",
        rehearse=True,
        lines=lambda done: [f"entry {done['erased']} discloses nothing any more; entry {done['event']} says so"],
    ),
    Act(
        "log disclose",
        "POST log/disclosures",
        help="Disclose past events to the space's supervisor, if it came after them; an event says that it was done.",
        says=("Disclose past events to the space's supervisor.", "向空间监管方披露既往事件。"),
        answer={"to": "text", "events": "digits", "event": "text"},
        example={},
        handler="log.disclose",
        rehearse=True,
        typed="--dry-run",
        lines=_disclosed,
    ),
    Act(
        "log forks",
        "GET log/forks",
        help="List the forks of others' logs that we can prove, and write the first proof for `penstock log verify`.",
        says=("List the forks of others' logs that we can prove.", "列出可证明的他方日志分叉。"),
        answer={"forks": ["object"]},
        example={},
        handler="log.forked",
        typed="-o fork.json",
        lines=forked,
    ),
    Act(
        "log rekey",
        "POST log/rekey",
        help="Draw a new BLS key as a witness, on chain and in our own document.",
        says=("Draw a new BLS key: {why}", "更换 BLS 密钥:{why}"),
        answer={"key": "text", "tx": "text", "told": "truth"},
        example={"why": "the back-up of the key was lost"},
        fields=(WHY,),
        handler="log.rekey",
        rehearse=True,
        lines=_rekeyed,
    ),
)
