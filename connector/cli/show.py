"""`penstock show`: what the participant holds, or one thing by its id, what it is, and what can be done with it."""

from __future__ import annotations

import json
import shlex
from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.cli.options import whose

PRICED = ("id", "digest", "idx", "job")
PENSTOCK = "penstock"
# kind of what was found → what it is
WHAT = {
    "products": "a product of ours",
    "listings": "a product on the exchange's list",
    "services": "a service on the exchange's list",
    "acquisitions": "what we get or have got",
    "negotiations": "a negotiation",
    "agreements": "an agreement",
    "transfers": "a transfer",
    "channels": "a payment channel",
    "editions": "an edition that we sealed",
    "replicas": "a sealed replica that we hold",
    "reads": "an opening of ours",
    "answers": "a statement of ours, asked where the data are",
    "computations": "a statement of another, asked of data of ours",
    "disputes": "a dispute",
    "complaints": "a complaint",
    "demands": "a demand",
    "bundles": "evidence of a wrong",
    "alarms": "an alarm about an agreement",
    "members": "a member of the space",
    "accounts": "an account on the chain",
    "chain_txs": "a transaction of ours on the chain",
    "log_entries": "an event of our log",
}
# kind → what can be done with it; `{name}` is a member of it, and a line whose member is empty is left out
NEXT = {
    "products": ("version list {id}", "demand list --for {id}", "vault holders {edition}", "rights show {edition}"),
    "listings": ("product show {id}", "exchange review {id}", "exchange suspend {id} --reason WHY"),
    "services": ("exchange review {id}", "service withdraw {id} --reason WHY"),
    "acquisitions": ("transfer show {id}", "transfer pause {id}", "open {id} --purpose TERM --to DIRECTORY"),
    "negotiations": ("admin show {id}", "admin trace {id}"),
    "agreements": (
        "bill show {digest}",
        "contract {digest}",
        "rights show {digest}",
        "complaint file {digest} --words WHY",
    ),
    "transfers": ("transfer show {id}", "transfer pause {id}", "admin trace {id}"),
    "channels": ("show {agreement}", "settle {agreement}", "bill show {agreement}"),
    "editions": ("show {product}", "vault holders {id}", "vault lineage {id}", "rights show {id}"),
    "replicas": ("show {agreement}", "vault lineage {id}"),
    "reads": ("show {acquisition}",),
    "answers": ("show {agreement}", "admin queries --of {agreement}"),
    "computations": ("show {agreement}", "admin computations"),
    "disputes": ("dispute show {id}",),
    "complaints": ("complaint show {id}",),
    "demands": ("demand show {id}",),
    "alarms": ("show {agreement}",),
    "members": ("reputation {did}", "find --at {did}"),
    "accounts": ("show {did}", "reputation {did}"),
    "chain_txs": ("chain status",),
    "log_entries": ("log proof {idx}", "log fsck"),
}
# members that say most, before those that a person rarely reads
SHORT = (
    "title", "name", "state", "amends", "superseded_by",
    "event", "product", "statement", "terms", "agreement", "edition", "provider", "peer", "role", "region", "did",
    "url", "address", "program", "function", "block", "at", "reason", "created", "updated", "ended",
)  # fmt: skip


@declared.asking("thing_show", "id")
def show(
    typed: declared.Typed,
    identifier: Annotated[
        str | None, typer.Argument(help="an id, or its beginning, of anything; an event's number; a DID; an account")
    ] = None,
    *,
    long: Annotated[bool, typer.Option("--long", help="all that is known of it")] = False,
) -> None:
    """Show one thing by its id, what it is and what can be done with it; or a summary of this participant.

    For example: penstock show
    """
    if identifier is None:
        value = typed.of("status").ask()
        typed.tell(value, _whole(value))
        return
    value = typed.ask(id=identifier)
    kind = value.get("kind", "")
    lines = _whole(value) if long or kind not in WHAT else _short(value, kind)
    typed.tell(value, lines + _next(value, kind, whose(typed.data)))


def _whole(value: Any) -> list[str]:
    return json.dumps(value, indent=2, ensure_ascii=False).splitlines()


def _short(value: dict[str, Any], kind: str) -> list[str]:
    """Return what it is, and of its members those that say most."""
    name = next((value[one] for one in PRICED if one in value), "")
    plain = {one: said for one, said in value.items() if not isinstance(said, dict | list)}
    if isinstance(signed := value.get("agreement"), dict) and "summary" in signed:
        plain["terms"] = signed["summary"]
    told = [(one, plain[one]) for one in SHORT if plain.get(one) not in (None, "") and plain[one] != name]
    width = max((len(one) for one, _ in told), default=0)
    return [f"{name}: {WHAT[kind]}", *(f"  {one.ljust(width)}  {said}" for one, said in told)]


def _next(value: dict[str, Any], kind: str, place: str) -> list[str]:
    """Return the commands that go on from here, each to be pasted; `place` says whose data directory it is."""
    known = {name: shlex.quote(str(said)) for name, said in value.items() if isinstance(said, str | int) and said != ""}
    lines = []
    for line in NEXT.get(kind, ()):
        name = line.partition("{")[2].partition("}")[0]
        if not name or name in known:
            lines.append(f"next: {PENSTOCK} {line.format_map(known)}{place}")
    return lines
