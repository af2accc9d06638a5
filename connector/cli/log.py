"""`penstock log`: the participant's own evidence, and anybody's log checked from its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli import declared
from connector.cli.options import DEFAULT_DATA, AsJson, Data, Development, Document, Exchange, Trust, new_file_option
from connector.cli.speak import answer, finish, flash, talk, watched
from connector.cli.verify import DISMISSED, EntryFile, PolicyFile, look
from connector.client.acts.log import forked

app = typer.Typer(help="The participant's Merkle log: heads, witnesses, anchors, proofs.", no_args_is_help=True)

Folder = Annotated[Path | None, typer.Argument(help="a folder with the files of a log", file_okay=False)]
Url = Annotated[str, typer.Option("--url", help="where a log's `checkpoint` and `tile/` lie: https://host/log")]
Which = Annotated[str, typer.Argument(metavar="INDEX|LEAF", help="an entry's index, or its leaf hash in hex")]
Out = Annotated[Path | None, new_file_option("-o", "--out", what="write the proof here")]
EntryOut = Annotated[Path | None, new_file_option("--entry", what="write the entry itself here")]
Member = Annotated[str, typer.Argument(metavar="DID", help="whose log; default: the participant's own")]
PostQuantum = Annotated[bool, typer.Option("--post-quantum", help="witnesses count by their ML-DSA-44 keys alone")]
FLAWED = 6  # exit code: verification failed
SHOWN_MAX = 20
PROGRESS_ENTRIES = 16_384  # how often progress is said
TALKED_ENTRIES = 1_000_000  # and where nobody sees a line change


declared.add(app, "log", "head", "anchor")


@app.command()
def fsck(
    folder: Folder = None,
    url: Url = "",
    data: Data = DEFAULT_DATA,
    log_policy: PolicyFile = None,
    trust: Trust = None,
    *,
    development: Development = False,
    as_json: AsJson = False,
) -> None:
    """Read a whole log again and say what is wrong, where, whose fault it is and what to do; exits with 6 then.

    The own log by default, with every head and disclosure, whether the server runs or not; anybody's with --url; or a
    copy in a folder. --log-policy names whose signatures count on a log that is not the own one.

    For example: penstock log fsck --url https://provider.example/log --log-policy provider.policy
    """
    if folder is not None and url:
        raise typer.BadParameter("give a folder or --url, not both")
    report = finish(
        checked(data, log_policy, folder=folder, url=url, trust=trust, development=development), as_json=as_json
    )
    answer(report, _lines(report), as_json=as_json)
    if not report["whole"]:
        raise typer.Exit(FLAWED)


async def checked(data: Path, log_policy: Path | None, **where: Any) -> dict[str, Any]:
    """Return what `fsck` says as JSON; `where` as in `connector.regulator.log_places.Asked`."""
    from connector.regulator import log_places  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.documents import read_text  # noqa: PLC0415  # loaded when the verb runs
    from ledger.log import fsck as checking  # noqa: PLC0415  # loaded when the verb runs
    from ledger.log.policy import parse  # noqa: PLC0415  # loaded when the verb runs

    policy = None if log_policy is None else parse(read_text(log_policy))
    async with log_places.opened(log_places.Asked(data, policy=policy, **where)) as place:
        report = await checking.check(place.fetch, place.policy, place.beside, _progress)
    return report.json()


def _progress(done: int, size: int) -> None:
    """Say how far a check is: often where somebody watches, now and then where nobody does."""
    if watched():
        if done % PROGRESS_ENTRIES == 0 or done == size:
            flash(f"  {done:,} of {size:,} entries\n" if done == size else f"  {done:,} of {size:,} entries")
    elif done % TALKED_ENTRIES == 0:
        talk(f"  {done:,} of {size:,} entries")


def _lines(report: dict[str, Any]) -> list[str]:
    """Return a report for a person: each flaw with its place, its fault and what helps, then the counts."""
    lines = []
    for flaw in report["flaws"][:SHOWN_MAX]:
        lines.append(f"{flaw['code']}  {flaw['place']}: {flaw['seen']}")
        lines.append(f"    at fault: {flaw['fault']}; try: {flaw['remedy']}")
    rest = len(report["flaws"][SHOWN_MAX:]) + int(report["untold"])
    if rest:
        lines.append(f"… and {rest} more; --json shows up to 1,000")
    named = ("entries", "hashes", "heads", "cosignatures", "boxes")
    counts = ", ".join(f"{int(report[name]):,} {name}" for name in named)
    if report["whole"] and not report["origin"]:
        return ["the own log is whole: nothing was recorded in it yet"]
    if not report["signed"] and report["heads"] == "0":
        lines.append("whose log it is was not checked: name its key with --log-policy")
    return [*lines, f"{report['origin'] or 'the log'}: {'whole' if report['whole'] else 'NOT whole'} ({counts})"]


@app.command()
def verify(
    document: Document, log_policy: PolicyFile = None, entry: EntryFile = None, *, as_json: AsJson = False
) -> None:
    """Verify a tlog-proof of anybody's entry, with no network: its path, its checkpoint, its witnesses.

    For example: penstock log verify 7.tlog-proof --entry 7.entry --log-policy provider.policy
    """
    from connector.regulator.verifying import Aids  # noqa: PLC0415  # loaded when the verb runs

    found = finish(look(document, Aids(None, log_policy, entry)), as_json=as_json)
    answer(dict(found.document), found.lines, as_json=as_json)
    if not found.holds:
        raise typer.Exit(DISMISSED)


@app.command()
def proof(
    which: Which,
    out: Out = None,
    entry: EntryOut = None,
    data: Data = DEFAULT_DATA,
    *,
    as_json: AsJson = False,
) -> None:
    """Export a C2SP tlog-proof of an own entry, which anybody can verify for ever after, with no network.

    For example: penstock log proof 7 -o 7.tlog-proof --entry 7.entry
    """
    found = finish(proven(data, which, out, entry), as_json=as_json)
    written = [f"{what} is in {path}" for what, path in (("the proof", out), ("the entry", entry)) if path is not None]
    lines = [f"entry {found['index']}, leaf {found['leaf']}", *written]
    answer(found, lines if out is not None else found["proof"].splitlines(), as_json=as_json)


async def proven(data: Path, which: str, out: Path | None, entry: Path | None) -> dict[str, Any]:
    """Prove an entry and write what is asked for."""
    from connector.chain import proofs  # noqa: PLC0415  # loaded when the verb runs
    from connector.custody.log_objects import bundles_of  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs
    from ledger.log.note import b64  # noqa: PLC0415  # loaded when the verb runs

    made = proofs.prove(data, which, bundles_of)
    for path, content in ((out, made.proof.encode()), (entry, made.entry)):
        if path is not None:
            files.write_atomic(path, content, mode=0o644)
    return {"index": str(made.index), "leaf": made.leaf.hex(), "entry": b64(made.entry), "proof": made.proof}


declared.add(app, "log", "mark", "erase", "disclose")


@app.command()
@declared.asking("log_forks")
def forks(typed: declared.Typed, out: Out = None) -> None:
    """Write the first of the proofs into a file."""
    found = typed.ask()
    if out is not None and found["forks"]:
        from connector.runtime import files  # noqa: PLC0415  # loaded when the verb runs

        files.write_atomic(out, json.dumps(found["forks"][0]).encode(), mode=0o644)
    typed.tell(found, forked(found))


declared.add(app, "log", "rekey")


@app.command()
def policy(
    did: Member = "",
    data: Data = DEFAULT_DATA,
    exchange: Exchange = "",
    *,
    post_quantum: PostQuantum = False,
    as_json: AsJson = False,
) -> None:
    """Print the C2SP tlog-policy of a member's log: its key, its witnesses, and how many of them it takes.

    For example: penstock log policy did:web:provider.example > provider.policy
    """
    found = finish(policy_of(did, data, exchange, post_quantum=post_quantum), as_json=as_json)
    answer(found, found["policy"].splitlines(), as_json=as_json)


async def policy_of(did: str, data: Path, exchange: str, *, post_quantum: bool = False) -> dict[str, Any]:
    """Return the policy that follows from the space's document; of `post_quantum` witnesses alone if that is asked."""
    from connector.regulator import log_places  # noqa: PLC0415  # loaded when the verb runs

    member, text = await log_places.policy_of(did, data, exchange, post_quantum=post_quantum)
    return {"did": member, "policy": text}
