"""`penstock exchange member`, `arbitrator`, `deputy`: who is in the space, who may judge, who runs it besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, Did, DryRun
from connector.cli.speak import answer, ask

if TYPE_CHECKING:
    from pathlib import Path

member = typer.Typer(help="Members: list, suspend, resume, reread, revoke.", no_args_is_help=True)
arbitrator = typer.Typer(help="Arbitrators of the space, on chain: name, dismiss.", no_args_is_help=True)
deputy = typer.Typer(help="Other exchanges that run the space on chain: name, dismiss.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="why, in words that the member reads")]


@member.command(name="list")
def list_(data: Data = DEFAULT_DATA, *, as_json: AsJson = False) -> None:
    """List the members and their states.

    For example: penstock exchange member list
    """
    found = ask(data, "GET", "members", as_json=as_json)
    lines = [
        f"{row['state']:<10} {row['role']:<10} {row['region']:<6} {row['did']}{_how(row)}" for row in found["members"]
    ]
    answer(found, lines or ["there are no members yet"], as_json=as_json)


@member.command()
def suspend(
    did: Did, reason: Reason, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Suspend a member: nobody negotiates with it or gives it keys until it is resumed.

    For example: penstock exchange member suspend did:web:buyer.example --reason "fees are open"
    """
    _move("suspend", did, reason, data, dry_run=dry_run, as_json=as_json)


@member.command()
def resume(
    did: Did, reason: Reason, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Let a suspended member in again.

    For example: penstock exchange member resume did:web:buyer.example --reason "fees are paid"
    """
    _move("resume", did, reason, data, dry_run=dry_run, as_json=as_json)


@member.command()
def revoke(
    did: Did, reason: Reason, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Expel a member for good, on chain too; it does not come back under the same account.

    For example: penstock exchange member revoke did:web:buyer.example --reason "sold what was leased"
    """
    _move("revoke", did, reason, data, dry_run=dry_run, as_json=as_json)


@member.command()
def reread(
    did: Did, reason: Reason, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Take over what a member's own documents say now: its role, on chain too, its name, region and BLS key.

    For example: penstock exchange member reread did:web:buyer.example --reason "it sells from now on"
    """
    done = ask(data, "POST", "members/reread", {"did": did, "reason": reason}, dry_run=dry_run, as_json=as_json)
    changed = ", ".join(done["changed"]) or "nothing"
    answer(done, [f"{did} ({done['role']}) changed: {changed}"], as_json=as_json)


@deputy.command("name")
def name_deputy(did: Did, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Let a member's account run the space on chain as we do: admit, suspend, revoke, name.

    For example: penstock exchange deputy name did:web:second.example
    """
    done = ask(data, "POST", "deputies/name", {"did": did}, dry_run=dry_run, as_json=as_json)
    answer(done, [f"{did} runs the space on chain, too (transaction {done['tx']})"], as_json=as_json)


@deputy.command("dismiss")
def dismiss_deputy(did: Did, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """End that a member's account runs the space on chain; the last exchange stays.

    For example: penstock exchange deputy dismiss did:web:second.example
    """
    done = ask(data, "POST", "deputies/dismiss", {"did": did}, dry_run=dry_run, as_json=as_json)
    answer(done, [f"{did} runs the space no more (transaction {done['tx']})"], as_json=as_json)


@arbitrator.command()
def name(did: Did, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Name a member as arbitrator of the space.

    For example: penstock exchange arbitrator name did:web:judge.example
    """
    done = ask(data, "POST", "arbitrators/name", {"did": did}, dry_run=dry_run, as_json=as_json)
    answer(done, [f"{did} may judge (transaction {done['tx']})"], as_json=as_json)


@arbitrator.command()
def dismiss(did: Did, data: Data = DEFAULT_DATA, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Dismiss an arbitrator of the space; channels that name it keep it.

    For example: penstock exchange arbitrator dismiss did:web:judge.example
    """
    done = ask(data, "POST", "arbitrators/dismiss", {"did": did}, dry_run=dry_run, as_json=as_json)
    answer(done, [f"{did} judges no more (transaction {done['tx']})"], as_json=as_json)


def _how(row: dict[str, Any]) -> str:
    return f"  (the Dataspace Protocol alone; source `{row['source']}`)" if "source" in row else ""


def _move(act: str, did: str, reason: str, data: Path, *, dry_run: bool, as_json: bool) -> None:
    done = ask(data, "POST", f"members/{act}", {"did": did, "reason": reason}, dry_run=dry_run, as_json=as_json)
    answer(done, [f"{done['did']} is {done['state']}"], as_json=as_json)
