"""`penstock audit`: replay chain and logs of a space and say whether the books agree, trusting none of the parties."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli import audit_shares as shared
from connector.cli.options import (
    DEFAULT_DATA,
    AsJson,
    Data,
    Development,
    Exchange,
    Rpc,
    Trust,
    file_option,
    new_file_option,
)
from connector.cli.plain import PlainGroup
from connector.cli.progress import reading
from connector.cli.speak import answer, finish, talk

if TYPE_CHECKING:
    from connector.regulator.sources import Reader
    from ledger.audit.report import Report
    from ledger.audit.share import Sharing
    from ledger.audit.sources import Sources

Space = Annotated[str, typer.Option("--space", help="did:web of the space's exchange, instead of its URL")]
Log = Annotated[
    list[str] | None,
    typer.Option("--log", help="read this log, or its mirror, and no other but those named so; may be repeated"),
]
Mirror = Annotated[
    list[str] | None, typer.Option("--mirror", help="ORIGIN=URL: read that log from another address; may be repeated")
]
First = Annotated[str, typer.Option("--from", help="show findings about entries from this time on (ISO 8601)")]
Last = Annotated[str, typer.Option("--to", help="show findings about entries up to this time (ISO 8601)")]
Html = Annotated[Path | None, new_file_option("--html", what="write the report as one HTML page")]
Bundle = Annotated[Path | None, new_file_option("--bundle", what="write what was read as one ZIP file")]
Opened = Annotated[bool, typer.Option("--opened", help="with --bundle: disclosures in the clear, for other regulators")]
Read = Annotated[Path | None, file_option("--read", "audit what a bundle holds, with no network")]
Memory = Annotated[Path | None, typer.Option("--memory", help="folder of what was read and proven: go on from there")]
Anew = Annotated[bool, typer.Option("--anew", help="with --memory: prove all again, and keep that")]
Watching = Annotated[bool, typer.Option("--watch", help="audit again and again, say what is new; Ctrl-C ends it")]
Every = Annotated[float, typer.Option("--every", help="with --watch: seconds from one audit to the next", min=1)]
Rules = Annotated[Path | None, file_option("--rules", "with --watch: TOML file of lines `rule = limit`")]
FOUND = 6  # exit code: verification failed
SHOWN_MAX = 10
EVERY_SECONDS = 60.0


@dataclass(frozen=True)
class Asked:
    """What to audit, from where, and what to keep of it; `first` and `last` bound the findings shown.

    `sharing` says what is judged, where several share the work.
    """

    exchange: str
    data: Path
    space: str = ""
    rpc: str = ""
    mirrors: dict[str, str] = field(default_factory=dict)
    logs: tuple[str, ...] = ()
    trust: Path | None = None
    development: bool = False
    read: Path | None = None
    memory: Path | None = None
    anew: bool = False
    bundle: Path | None = None
    opened: bool = False
    first: datetime | None = None
    last: datetime | None = None
    sharing: Sharing | None = None


def read_mirrors(pairs: list[str] | None) -> dict[str, str]:
    """Return origin → base URL of `ORIGIN=URL` pairs."""
    mirrors = {}
    for pair in pairs or []:
        origin, sign, url = pair.partition("=")
        if not sign or not origin or "://" not in url:
            raise typer.BadParameter(f"`{pair}` is not ORIGIN=URL", param_hint="--mirror")
        mirrors[origin] = url
    return mirrors


def read_time(text: str, option: str) -> datetime | None:
    """Return an instant, UTC where no zone is named; None for no text."""
    if not text:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"`{text}` is no time, for example 2026-03-01T12:00", param_hint=option) from error
    return told.replace(tzinfo=told.tzinfo or UTC)


async def inspect(asked: Asked) -> dict[str, Any]:
    """Audit a space with the delivery key of a data directory; returns what `--json` prints."""
    from ledger.audit.archive import Archive  # noqa: PLC0415  # loaded when the verb runs

    if asked.read is not None:
        from connector.regulator.folder import Bundle  # noqa: PLC0415  # loaded when the option is given

        bundle = Bundle(asked.read)
        return await _audited(asked, Archive(bundle), shared.reader(bundle))
    from connector.net import tls  # noqa: PLC0415  # loaded when the verb runs
    from connector.regulator.sources import Places, sources  # noqa: PLC0415  # web3 is loaded when the verb runs

    believed = tls.trusting("" if asked.trust is None else str(asked.trust))
    places = Places(asked.exchange, asked.space, asked.rpc, asked.mirrors, asked.logs)
    reader = reader_of(asked.data)
    async with sources(places, development=asked.development, trust=believed, reader=reader) as opened:
        return await _audited(asked, opened)


async def _shared(asked: Asked, sharing: Sharing) -> dict[str, Any]:
    """Audit what is asked for as far as it is shared."""
    return await inspect(replace(asked, sharing=sharing))


def reader_of(data: Path) -> Reader:
    """Return what proves the participant of a data directory to members, by its keys alone."""
    from connector.identity import keys  # noqa: PLC0415  # loaded when the verb runs
    from connector.regulator.sources import Reader  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.clock import Clock  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.data_folder import KEYS  # noqa: PLC0415  # loaded when the verb runs

    return Reader(keys.load(data / KEYS).log, Clock().now)


async def _audited(asked: Asked, opened: Sources, reader: bytes = b"") -> dict[str, Any]:
    """Audit what the sources say, opened by `reader` if it is somebody else, and keep of it what is asked for."""
    from importlib.metadata import version  # noqa: PLC0415  # loaded when the verb runs

    from connector.identity import keys  # noqa: PLC0415  # loaded when the verb runs
    from connector.regulator.folder import AnswerFolder, writing_bundle  # noqa: PLC0415  # loaded when the verb runs
    from connector.regulator.proven_folder import ProvenFolder  # noqa: PLC0415  # loaded when the verb runs
    from connector.regulator.workplace import workplace  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.data_folder import KEYS  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.audit import AuditImpossible, run  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.carried import Going  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.remembered import Remembered  # noqa: PLC0415  # loaded when the verb runs

    held, going = keys.load(asked.data / KEYS), Going(program=version("penstock"), sharing=asked.sharing, reader=reader)
    if asked.memory is not None:
        # a bundle is audited again by itself, so it has all that proves it
        anew = asked.anew or asked.bundle is not None
        going = replace(going, shelf=ProvenFolder(asked.memory, held.agreement), anew=anew)
    remembered = None if asked.memory is None else Remembered(opened, AnswerFolder(asked.memory))
    source: Sources = opened if remembered is None else remembered
    try:
        with (
            reading(workplace) as place,
            nullcontext() if asked.bundle is None else writing_bundle(asked.bundle) as kept,
        ):
            recorded = source if kept is None else shared.recording(source, kept, held, opened=asked.opened)
            report = await run(recorded, held.delivery, place, going, (held.hybrid, *held.former))
    except AuditImpossible as fault:
        raise _reason(fault) from fault
    if remembered is not None and remembered.rewritten is not None:
        report.find("chain-rewritten", "chain", block=remembered.rewritten)
    return _told(report, asked)


async def _watched(asked: Asked, every_seconds: float, rules: Path | None, *, as_json: bool) -> int:
    """Audit until a signal comes; each audit reads what is new. Returns the exit code: the worst that was found."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415  # loaded when the option is given

    from connector.regulator.watching import Watch, read_rules, watch  # noqa: PLC0415  # loaded when the option is given
    from connector.runtime.clock import Clock  # noqa: PLC0415  # loaded when the option is given

    watching = Watch(read_rules(rules))
    with TemporaryDirectory(prefix="penstock-audit-") as folder:
        remembering = replace(asked, memory=asked.memory or Path(folder))
        say = partial(_say, as_json=as_json)
        await watch(lambda: inspect(remembering), watching, say, Clock(), every_seconds)
    talk(f"watched {watching.rounds} audits, {'with errors' if watching.errors else 'no errors'}")
    return FOUND if watching.errors else 0


def _say(row: dict[str, Any], *, as_json: bool) -> None:
    kind = row.get("severity") or ("rule" if "rule" in row else "unread")
    answer(row, [f"{row['at'][:19]}  {kind:<7}  {row.get('subject', '')}  {row['en']}"], as_json=as_json)


def _told(report: Report, asked: Asked) -> dict[str, Any]:
    said = report.within(asked.first, asked.last).json()
    return {"audit": "clean" if said.pop("clean") else "findings", **said}


def _reason(fault: Exception) -> BaseException:
    """Return why there was nothing to audit: what the source met if it met something, so that the code says it."""
    from ledger.audit.sources import Unavailable  # noqa: PLC0415  # loaded when the verb runs

    source = fault.__cause__ or fault
    return source.__cause__ or source if isinstance(source, Unavailable) else source


app = typer.Typer(cls=PlainGroup, invoke_without_command=True)


@app.callback()
def audit(
    context: typer.Context,
    exchange: Exchange = "",
    data: Data = DEFAULT_DATA,
    space: Space = "",
    rpc: Rpc = "",
    log: Log = None,
    mirror: Mirror = None,
    first: First = "",
    last: Last = "",
    html: Html = None,
    bundle: Bundle = None,
    read: Read = None,
    memory: Memory = None,
    trust: Trust = None,
    every: Every = EVERY_SECONDS,
    rules: Rules = None,
    share: shared.ShareOf = "",
    seed: shared.Seed = "",
    part: shared.PartFile = None,
    *,
    anew: Anew = False,
    opened: Opened = False,
    watch: Watching = False,
    development: Development = False,
    as_json: AsJson = False,
) -> None:
    """Audit a space as its regulator: from chain and logs alone, with the own delivery key.

    For example: penstock audit --exchange https://exchange.example --data regulator
    """
    if context.invoked_subcommand is not None:
        _refuse_before(context)
        return
    _require_one(exchange, space, read)
    if anew and memory is None:
        raise typer.BadParameter("--anew is about what --memory keeps: without it all is proven in any case")
    if opened and bundle is None:
        raise typer.BadParameter("--opened is about what --bundle writes")
    asked = Asked(
        exchange=exchange,
        data=data,
        space=space,
        rpc=rpc,
        mirrors=read_mirrors(mirror),
        logs=tuple(log or ()),
        trust=trust,
        development=development,
        read=read,
        memory=memory,
        anew=anew,
        bundle=bundle,
        opened=opened,
        first=read_time(first, "--from"),
        last=read_time(last, "--to"),
    )
    if share or seed or part is not None:
        if not share or not seed or part is None or html or bundle or watch:
            raise typer.BadParameter("a share needs --share, --seed and --part, and has no --html, --bundle or --watch")
        told = finish(shared.judged(partial(_shared, asked), data, share, seed, part), as_json=as_json)
        answer(told, shared.lines(told), as_json=as_json)
        return
    if watch:
        if html or bundle or read:
            raise typer.BadParameter("--watch shows what is new: --html, --bundle and --read are of one audit")
        raise typer.Exit(finish(_watched(asked, every, rules, as_json=as_json), as_json=as_json))
    found = finish(inspect(asked), as_json=as_json)
    _end(found, html, as_json=as_json)


def _require_one(*places: object) -> None:
    """Refuse an audit of no place, or of several."""
    if sum(map(bool, places)) != 1:
        raise typer.BadParameter("give one of --exchange, --space and --read")


def _refuse_before(context: typer.Context) -> None:
    """Refuse options of an audit before the word of another command, which would not hear of them."""
    sources = map(context.get_parameter_source, context.params)
    if any(source is not None and source.name == "COMMANDLINE" for source in sources):
        raise typer.BadParameter(f"what is asked of `{context.invoked_subcommand}` stands behind that word")


@app.command()
def join(
    parts: shared.Parts,
    seed: shared.Seed,
    exchange: Exchange = "",
    data: Data = DEFAULT_DATA,
    space: Space = "",
    rpc: Rpc = "",
    html: Html = None,
    read: Read = None,
    memory: Memory = None,
    trust: Trust = None,
    samples: shared.Samples = None,
    *,
    development: Development = False,
    as_json: AsJson = False,
) -> None:
    """Put the parts of an audit together that several regulators judged, and try each by samples.

    For example: penstock audit join part-1.json part-2.json --seed 5e5e… --read space.zip --data regulator
    """
    _require_one(exchange, space, read)
    asked = Asked(exchange, data, space, rpc, trust=trust, development=development, read=read, memory=memory)
    found = finish(shared.joined(partial(_shared, asked), data, parts, seed, samples), as_json=as_json)
    _end(found, html, as_json=as_json)


def _end(found: dict[str, Any], html: Path | None, *, as_json: bool) -> None:
    """Show what was found, and end with what comes of it."""
    if html is not None:
        _file(html, found)
    answer(found, lines(found), as_json=as_json)
    if found["audit"] != "clean":
        raise typer.Exit(FOUND)


def _file(path: Path, found: dict[str, Any]) -> None:
    from connector.runtime import files  # noqa: PLC0415  # loaded when the option is given
    from ledger.audit.page import page  # noqa: PLC0415  # loaded when the option is given

    files.write_atomic(path, page(found).encode())


def lines(found: dict[str, Any]) -> list[str]:
    """Return the audit in a few lines: the counts, then the findings, and apart from them what accuses nobody."""
    from ledger.audit.page import begun  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.severity import STALE, UNDISCLOSED  # noqa: PLC0415  # loaded when the verb runs

    apart = {
        UNDISCLOSED: "not disclosed to you, which accuses nobody:",
        STALE: "not to be seen yet, no accusation either:",
    }
    told = {name: [row for row in found["findings"] if row["severity"] == name] for name in apart}
    said = _rows([row for row in found["findings"] if row["severity"] not in apart])
    for name, heading in apart.items():
        said += [heading, *_rows(told[name])] if told[name] else []
    counts = f"{found['events']} events, {found['proofs_verified']} proofs verified"
    left = [f"not looked at: the logs of {', '.join(found['unread'])}"] if found["unread"] else []
    lasting = found["figures"]["post_quantum"]
    left.append(f"heads cosigned with ML-DSA-44, too: {lasting['cosigned']} of {lasting['heads']}")
    first = f"audit: {found['audit']} ({counts}, {found['bytes_paid_twice']} bytes paid twice)"
    return [first, *begun(found["went_on"]), *shared.told(found.get("shared")), *left, *said]


def _rows(rows: list[dict[str, Any]]) -> list[str]:
    """Return a line a finding, and below it a line for each that follows from it; so many and no more."""
    from ledger.audit.severity import laid_out  # noqa: PLC0415  # loaded when the verb runs

    every = [
        f"{'  follows: ' * below}{row['severity']}  {row['subject']}  {row['en']}" for below, row in laid_out(rows)
    ]
    more = len(every) - SHOWN_MAX
    return every if more <= 0 else [*every[:SHOWN_MAX], f"… and {more} more; --json shows all"]
