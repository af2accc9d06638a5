"""The participant itself: who it is, what it holds and measures, what became of a request, what an act would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.client.acts.act import READ, Act, Field

if TYPE_CHECKING:
    from connector.client.acts.shape import Shape

LAPSE: Shape = {
    "channel": "text", "agreement": "text", "title": "text", "peer": "text", "amount": "digits", "money": "text",
    "at": "text", "claimedFrom": "text", "*": "any",
}  # fmt: skip
STATUS: Shape = {
    "did": "text", "name": "text", "roles": ["text"], "url": "text", "origin": "text", "address": "text",
    "currency": "text", "development": "truth", "holds": {"*": "number"}, "defects": {"*": "text"}, "lapses": [LAPSE],
}  # fmt: skip
SPAN: Shape = {
    "trace": "text", "span": "text", "parent": "text", "side": "text", "what": "text", "peer": "text", "about": "text",
    "at": "text", "seconds": "text", "status": "number", "code": "text",
}  # fmt: skip
# a step is record, chain, send or write, as `connector.runtime.rehearsal` has them
STEP: Shape = {"step": "text", "what": "text", "about": "text", "content": "any"}
# what every command with --dry-run prints that has no row of its own
REHEARSAL: Shape = {"dryRun": "truth", "act": "text", "steps": [STEP]}


def _way(found: Any) -> list[str]:
    """Return the states, then every request in the order of time, here and at the peers."""
    told = [f"{states['kind']} {key}: {states['state']}" for key, states in found["states"].items()]
    rows = [("here", span) for span in found["spans"]]
    rows += [(peer["did"], span) for peer in found["peers"] for span in peer["spans"]]
    for where, span in sorted(rows, key=lambda row: str(row[1]["at"])):
        took = f"{float(span['seconds']) * 1000:.1f} ms"
        ended = " ".join(filter(None, (str(span["status"] or "no answer"), span["code"])))
        towards = {"came": "from", "went": "to"}[span["side"]]
        told.append(f"{span['at'][11:23]}  {where}  {span['what']}  {towards} {span['peer']}  {ended}  {took}")
    return told + [f"{peer['did']} shows nothing: {peer['why']}" for peer in found["peers"] if peer["why"]]


ACTS = (
    Act(
        "status",
        "GET status",
        help="Show a summary of this participant.",
        says=("Show who we are and what we hold.", "显示本方身份与持有概况。"),
        answer=STATUS,
        example={},
        handler="management.status",
        operator=READ,
        verb=None,
    ),
    Act(
        "thing show",
        "GET things/{id}",
        help="Show one thing by its id, and what it is.",
        says=("Show {id}.", "显示 {id}。"),
        answer="object",
        example={"id": "tides"},
        fields=(
            Field(
                "id",
                ("Id", "编号"),
                "any id: product, edition, agreement, event, account, DID …",
                of="any",
            ),
        ),
        handler="things.show",
        operator=READ,
        verb=None,
    ),
    Act(
        "metrics show",
        "GET metrics",
        help="Serve all measures in Prometheus' text format.",
        says=("Show what is measured.", "显示运行指标。"),
        answer="text",
        example={},
        handler="telemetry.measures",
        verb=None,
        media="text/plain",
    ),
    Act(
        "trace show",
        "GET traces/{id}",
        help="Follow one request, or all about one process, through this connector and what its peers show of theirs.",
        says=("Follow {id} through this connector and its peers.", "追踪 {id} 在本方与各方的处理过程。"),
        answer={
            "id": "text",
            "states": "object",
            "traces": ["text"],
            "spans": [SPAN],
            "peers": [{"did": "text", "spans": [SPAN], "why": "text"}],
        },
        example={"id": "4bf92f3577b34da6a3ce929d0e0e4736"},
        fields=(
            Field(
                "id",
                ("Request or process", "请求或进程编号"),
                "a request's id, or that of a negotiation, transfer or acquisition",
                metavar="ID",
                of="journey",
            ),
        ),
        handler="telemetry.trace",
        verb="admin trace",
        lines=_way,
    ),
    Act(
        "act rehearse",
        "POST rehearsals",
        help="Say what an act would do: its first step that leaves a trace, whole.",
        says=("Say what {path} would do.", "预演 {path}。"),
        answer=REHEARSAL,
        example={"path": "log/anchor", "body": {}},
        fields=(
            Field("path", ("Act", "操作路径"), "the path of the act below /management/"),
            Field("body", ("Body (JSON)", "请求内容(JSON)"), "what the act would be told", kind="document"),
        ),
        handler="rehearsals.rehearse",
        form=False,
        verb=None,
    ),
)
