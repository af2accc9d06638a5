"""`penstock audit --share` and `penstock audit join`: one audit by several regulators, and their parts put together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from connector.cli.options import new_file_option

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from connector.identity.keys import Keys
    from ledger.audit.archive import Keeper
    from ledger.audit.cut import Cut
    from ledger.audit.share import Sharing
    from ledger.audit.sources import Sources

ShareOf = Annotated[
    str, typer.Option("--share", metavar="I/N", help="judge share I of N alone, as one of several regulators")
]
Seed = Annotated[str, typer.Option("--seed", metavar="HEX", help="what cuts the audit: 32 bytes that nobody chose")]
Parts = Annotated[list[Path], typer.Argument(help="the parts that regulators signed", exists=True, dir_okay=False)]
Samples = Annotated[
    int | None, typer.Option("--samples", min=0, help="judge so many matters of each part again; default: 459")
]
PartFile = Annotated[Path | None, new_file_option("--part", what="with --share: write what was found of it, signed")]
# audits what is asked for, as far as it is shared, and returns the report
Audit: TypeAlias = "Callable[[Sharing], Awaitable[dict[str, Any]]]"


async def judged(audit: Audit, data: Path, share: str, seed: str, path: Path) -> dict[str, Any]:
    """Judge share `I/N` of an audit, and write what was found of it; returns what `--json` prints."""
    from connector.identity import keys  # noqa: PLC0415  # loaded when the option is given
    from connector.runtime import files  # noqa: PLC0415  # loaded when the option is given
    from connector.runtime.data_folder import KEYS  # noqa: PLC0415  # loaded when the option is given
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when the option is given
    from contracts import signature  # noqa: PLC0415  # loaded when the option is given
    from ledger.audit.share import NotYours, Share  # noqa: PLC0415  # loaded when the option is given

    number, cut = _numbered(share, seed)
    secret = keys.load(data / KEYS).agreement
    own = Share(cut, number, signature.address(secret))
    try:
        await audit(own)
    except NotYours as other:
        hint = f"by this seed it is that of `{other}`" if str(other) else "the space has no regulator"
        raise InvalidInput(f"share {number} of {cut.of} is not yours to judge", hint) from other
    assert own.part is not None
    files.write_atomic(path, own.part.signed(secret))
    matters = len(own.part.closed) + len(own.part.open)
    told = {"share": number, "of": cut.of, "seed": cut.seed.hex(), "matters": matters, "open": len(own.part.open)}
    return {**told, "digest": own.part.digest.hex(), "part": str(path)}


def lines(said: dict[str, Any]) -> list[str]:
    """Return what came of a share in words."""
    counts = f"{said['matters']} matters judged, {said['open']} of them left open for who joins the parts"
    return [f"share {said['share']} of {said['of']}: {counts}", f"signed in `{said['part']}`, digest {said['digest']}"]


async def joined(audit: Audit, data: Path, parts: list[Path], seed: str, samples: int | None) -> dict[str, Any]:
    """Put parts together, and judge their samples again; returns what `--json` prints."""
    import secrets  # noqa: PLC0415  # loaded when the verb runs

    from connector.identity import keys  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.data_folder import KEYS  # noqa: PLC0415  # loaded when the verb runs
    from contracts import signature  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.cut import SEED_BYTES  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.joining import Joining  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.sampling import SAMPLES  # noqa: PLC0415  # loaded when the verb runs

    read = [_read(path) for path in parts]
    account = signature.address(keys.load(data / KEYS).agreement)
    # drawn only now: who signed a part could not know which of its matters are judged again
    drawn, count = secrets.token_bytes(SEED_BYTES), SAMPLES if samples is None else samples
    # as most parts say: one that says otherwise is a part of another cut
    ((of, _),) = Counter(part.cut.of for part, _ in read).most_common(1)
    joining = Joining(_cut(of, seed), read, drawn, account=account, samples=count)
    while True:
        found = await audit(joining)
        if not joining.again:
            return found


def told(shared: dict[str, Any] | None) -> list[str]:
    """Return a line a share: who judged it, and what its samples say."""
    return [_line(row, shared["misjudged"]) for row in shared["shares"]] if shared else []


def _line(row: dict[str, Any], misjudged: str) -> str:
    counts = f"{row['matters']} matters, {row['open']} open, {row['agreed']} of {row['sampled']} samples agree"
    sure = f"had it misjudged {misjudged} of them, they would show it with probability {row['caught']}"
    return f"share {row['share']}: {row['regulator']}, {row['state']}: {counts}; {sure}"


def recording(source: Sources, kept: Keeper, held: Keys, *, opened: bool) -> Sources:
    """Return what keeps all answers, with what is disclosed to us as it was served or `opened` for others."""
    from ledger.audit.archive import Recording  # noqa: PLC0415  # loaded when the option is given
    from ledger.audit.opened import OpenedRecording  # noqa: PLC0415  # loaded when the option is given
    from ledger.audit.unsealing import openers_of, raw_keys  # noqa: PLC0415  # loaded when the option is given

    if not opened:
        return Recording(source, kept)
    openers = openers_of(raw_keys(held.openers))
    return OpenedRecording(source, kept, openers, held.delivery.public_key().public_bytes_raw())


def reader(bundle: Mapping[str, bytes]) -> bytes:
    """Return whose delivery key opened a bundle, nothing if it holds what was served."""
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when the option is given
    from ledger.audit.opened import READER  # noqa: PLC0415  # loaded when the option is given

    try:
        return bytes.fromhex(bundle[READER].decode()) if READER in bundle else b""
    except ValueError as error:
        raise InvalidInput(f"the bundle does not say whose key opened it: {error}", "ask for it again") from error


def _read(path: Path) -> Any:
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.part import NotAPart, Part  # noqa: PLC0415  # loaded when the verb runs

    try:
        return Part.read(path.read_bytes())
    except NotAPart as fault:
        raise InvalidInput(f"`{path}` is no part of an audit: {fault}", "leave it out, and ask for it again") from fault


def _numbered(share: str, seed: str) -> tuple[int, Cut]:
    """Return number and cut of `I/N`."""
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when the option is given

    number, _, of = share.partition("/")
    if not number.isdecimal() or not of.isdecimal() or not 1 <= int(number) <= int(of):
        raise InvalidInput(f"`{share[:40]}` is no share", "for example --share 2/3")
    return int(number), _cut(int(of), seed)


def _cut(of: int, seed: str) -> Cut:
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.cut import Cut  # noqa: PLC0415  # loaded when the verb runs

    try:
        return Cut(bytes.fromhex(seed.removeprefix("0x")), of)
    except ValueError as error:
        raise InvalidInput(f"this is no cut: {error}", "take the hash of a block that nobody knew before") from error
