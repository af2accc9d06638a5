"""`penstock get`: quote, negotiate within limits, sign, deposit, pull, resume."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from connector.cli import declared
from connector.cli.halting import Halt
from connector.cli.open_ import renamings
from connector.cli.rules_text import rules_text
from connector.cli.speak import finish, flash, pour, talk, watched
from connector.client.acts.acquisitions import ALL, FINAL
from connector.client.acts.money import money
from contracts.unit_price import MIB
from contracts.units import COMPUTED, KEPT, LEASED

if TYPE_CHECKING:
    from connector.client.server import Server

OPENED = "penstock open {id} --purpose {purpose} --to DIRECTORY"
# member of a gate → how what is computed is asked for, where its terms say that; else by a statement
ASKED = {
    "joint": 'penstock joint "select …" --of {id} --of PRODUCT --of PRODUCT --over COLUMN=VALUE,VALUE',
    "lookup": "penstock lookup {id} SUBJECT",
    "engine": 'penstock run {id} "select …" --engine {name} --tells NAME:LEAST:MOST',
    "programs": 'penstock run {id} "select …" --with PROGRAM.wasm --tells NAME:LEAST:MOST',
    "sketch": "penstock relate --of {id} --with MINE.csv --key COLUMN --number NAME:LEAST:MOST",
    "learning": "penstock learn {id} --table TABLE --with MINE.csv --key COLUMN --label COLUMN",
    "coverage": "penstock try {id} --with MINE.csv --key COLUMN",
}
BY_ASSENT = " --assent ASSENT.json"  # without noise a program is run by its reviewer's assent alone
STATEMENT = 'penstock query {id} "select …"'
APPLICATION = 'penstock run PRODUCT "select …" --application {id}'  # on what was bought, and stays at its provider
WAIT_SECONDS = 5  # no longer is a reason why nothing comes kept from who waits
REASON_SECONDS = 5  # no longer is a reason why nothing comes kept from who waits
LIVE_SECONDS = 1  # a terminal shows rate and time left as they change
NOWHERE, STREAM = "null", "-"
OVER_CAP = 5  # exit code: payment refused or over cap
To = Annotated[
    str | None,
    typer.Option(help="open everything into this directory in the same pass; `-` is stdout, `null` keeps nothing"),
]


def over(told: dict[str, Any], limit: int | None, total: int | None) -> list[str]:
    """Return why a quote is over a limit per unit or in all, nothing when it is within both."""
    words, said = partial(money, currency=told["currency"]), []
    if limit is not None and int(told["asked"]) > limit:
        said.append(f"the asked price is {told['price']}, and the limit {words(limit)} for that")
    if total is not None and told["of"] == ALL and int(told["amount"]) > total:
        said.append(f"all of it costs {told['sum']}, the limit is {words(total)}")
    return said


async def follow(own: Server, identifier: str, halt: Halt) -> dict[str, Any]:
    """Wait until acquisition `identifier` is complete or failed; returns its last view.

    Where somebody watches, a line shows how far it is; where nobody does, only what it waits for is told.
    """
    told, why, live = "", "", watched()
    while True:
        wait = LIVE_SECONDS if live else REASON_SECONDS
        path = f"acquisitions/{quote(identifier, safe='')}?wait={wait}&after={quote(told, safe='')}"
        view: dict[str, Any] = await own.call("GET", path)
        told, before, why = view["mark"], why, (view["turn"] or {}).get("why", "")
        if live and not halt.asking:
            flash(f"  {view['state']}: {how_far(view)}" + (f" ({why})" if why else ""))
        elif not live and why not in ("", before):
            talk(f"  {view['state']}: {why}")
        if view["state"] in FINAL:
            if live:
                talk("")
            return view
        _require_room(view)


def _require_room(view: dict[str, Any]) -> None:
    """Raise what a disk without room is told with, and how it goes on: nothing is lost, and nothing more is paid."""
    from connector.runtime.errors import DISK_EXIT, Told, failure_from  # noqa: PLC0415  # loaded when the verb runs

    fault = failure_from((view["turn"] or {}).get("fault"))
    if fault is not None and fault.exit_code == DISK_EXIT:
        hint = f"make room, then give the same command with --id {view['id']}: what is here and paid for stays"
        raise Told(replace(fault, hint=hint))


def how_far(view: dict[str, Any]) -> str:
    """Return how much of an acquisition is here, how fast it comes, and what is paid of the most that can be due."""
    done = view["progress"]
    said = share(done, "bytesHeld")
    if int(done["bytes"]) and view["cap"] is not None:
        said.append(f"paid {done['sum']} of at most {view['most']}")
    return ", ".join(said) or str(done["text"])


def share(done: dict[str, Any], part: str) -> list[str]:
    """Return, as far as it is known, what share of the bytes a progress has in `part`, how fast, and the time left."""
    said = []
    if size := int(done["bytes"]):
        said.append(f"{100 * int(done[part]) // size} % of {size / MIB:.1f} MiB")
    if done["bytesPerSecond"] is not None:
        said += [f"{int(done['bytesPerSecond']) / MIB:.1f} MiB/s", f"{done['secondsLeft']} s left"]
    return said


async def read(own: Server, identifier: str, halt: Halt) -> dict[str, Any]:
    """Write to stdout what acquisition `identifier` opens, as it comes; returns its last view.

    Raises ReaderGone when nobody reads our stdout any more: the server buys nothing for us then.
    """
    import asyncio  # noqa: PLC0415  # a page of help needs no event loop

    from connector.runtime.errors import PeerUnreachable  # noqa: PLC0415  # loaded when the verb runs

    path = f"acquisitions/{quote(identifier, safe='')}"
    following = asyncio.create_task(follow(own, identifier, halt))
    try:
        async with own.stream(path + "/plain") as body:
            async for chunk in body.chunks():
                await asyncio.to_thread(pour, chunk)
        return await following
    except PeerUnreachable:
        view: dict[str, Any] = await own.call("GET", path)
        if view["state"] != "failed":
            raise
        return view
    finally:
        following.cancel()


async def acquire(data: Path, body: dict[str, Any]) -> dict[str, Any]:
    """Have the own server get what `body` says, or go on with it; raises the fault that an acquisition failed with."""
    from connector.client.server import server  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.errors import from_reason  # noqa: PLC0415  # loaded when the verb runs

    async with server(data) as own:
        halt = Halt(own, body["id"], data)

        async def got() -> dict[str, Any]:
            begun = await own.call("POST", "acquisitions", body)
            if earlier := (begun or {}).get("earlier"):
                talk(f"  you have it already, by agreement {earlier}; this buys it again, and pays again")
                talk("  " + _goes_on(await _terms(own, earlier), earlier))
            return await (read if body["mandate"]["to"] == STREAM else follow)(own, body["id"], halt)

        view = await halt.over(got())
    if view["state"] == "failed":
        raise from_reason(view["reason"])
    return view


@declared.asking("acquisition_begin", "id", "mandate_to", "mandate_keep")
def get(
    typed: declared.Typed,
    to: To = None,
    identifier: Annotated[str | None, typer.Option("--id", help="your id; repeat the command to resume")] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="quote, hold it against the limits, and agree to nothing")
    ] = False,
    keep: Annotated[bool, typer.Option(help="keep the sealed replica, too; without it, `--to` writes once")] = True,
) -> None:
    """Get PRODUCT: negotiate within the limit, sign, deposit, pull. Repeat with the same id to resume.

    For example: penstock get ID --max-price 420 --purpose AirTrafficResearch; with --to - the file is written to
    stdout as it comes, or a tar archive where there are several; nothing more is paid when its reader goes away
    """
    place = to if to in (None, NOWHERE, STREAM) else str(Path(to).resolve())
    if dry_run:
        _try_out(typed, place, keep=keep)
        return
    key = identifier or str(uuid.uuid4())
    _, body = typed.request(id=key, mandate_to=place, mandate_keep=keep, **_rules(typed))
    if to == STREAM and typed.as_json:
        raise typer.BadParameter("stdout is the data's with `--to -`", param_hint="--json")
    if identifier is None:
        talk(f"  acquisition {key}; resume it with --id {key}")
    view = finish(acquire(typed.data, body), as_json=typed.as_json)
    where, purpose = "stdout" if to == STREAM else to, typed["mandate_purpose"]
    use = OPENED
    if not to and view.get("tier") in (COMPUTED, KEPT, LEASED):
        use = used_by(finish(_agreed(typed.data, view["agreement"]), as_json=typed.as_json))
    opened = f"opened to {where}" if to else "next: " + use.format(id=view["id"], purpose=purpose)
    most = f", at most {view['most']} in all" if view["most"] else ""
    price = f"price: {view['price']}{most}" if view["price"] else "no price was told"
    lines = [f"{view['title']}: {view['progress'].get('text', '')}", price, opened, *renamings(view)]
    if to == STREAM:
        talk("\n".join(lines))
    else:
        typed.tell(view, lines)


async def _agreed(data: Path, agreement: str) -> dict[str, Any]:
    """Ask the own server for the terms of an agreement of ours."""
    from connector.client.server import server  # noqa: PLC0415  # loaded when the verb runs

    async with server(data) as own:
        return await _terms(own, agreement)


async def _terms(own: Server, agreement: str) -> dict[str, Any]:
    """Return the terms of an agreement of ours, nothing where its peer has none of ours."""
    return (await own.call("GET", f"things/{agreement}"))["terms"] or {}


def _goes_on(terms: dict[str, Any], agreement: str) -> str:
    """Return what an agreement of before still gives."""
    if terms.get("tier") == COMPUTED:
        return f"{asked_by(terms['gate']).format(id=agreement)} asks by it"
    return f"penstock open {agreement} opens what is here"


def used_by(terms: dict[str, Any]) -> str:
    """Return how what was got is used, by its terms: a command with `{id}` in it."""
    if terms.get("tier") == COMPUTED:
        return asked_by(terms["gate"])
    return APPLICATION if "application" in terms else OPENED


def asked_by(gate: dict[str, Any]) -> str:
    """Return how a computed product is asked, by the gate in its terms: a command with `{id}` in it."""
    line = next((line for member, line in ASKED.items() if member in gate), STATEMENT)
    if line == ASKED["programs"] and "noise" not in gate:
        line += BY_ASSENT
    return line.replace("{name}", str(gate.get("engine", {}).get("name")))


def _rules(typed: declared.Typed) -> dict[str, str | None]:
    """Return the rules that are needed and preferred, as they are sent."""
    return {name: rules_text(typed[name], as_json=typed.as_json) for name in ("mandate_need", "mandate_prefer")}


def _try_out(typed: declared.Typed, place: str | None, *, keep: bool) -> None:
    """Say what PRODUCT costs and whether the limits let it be bought at the asked price; exits with 5 if not.

    What the purchase itself would refuse before it signs is refused here in the same way.
    """
    told = typed.of("acquisition_foresee").also(dry_run=False).ask(mandate_to=place, mandate_keep=keep, **_rules(typed))
    beyond = over(told, typed.minor("mandate_limit"), typed.minor("mandate_cap"))
    said = [f"{told['title']} of {told['provider']}: {told['price']}; {told['of']}: {told['sum']}"]
    bargain = "; a bid below the asked price may still be agreed to" if beyond else ""
    lines = [*said, f"  {told['billed']['words']['en']}", *beyond, "nothing was agreed" + bargain]
    typed.tell({**told, "dryRun": True, "within": not beyond, "over": beyond}, lines)
    if beyond:
        raise typer.Exit(OVER_CAP)
