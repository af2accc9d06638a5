"""`penstock audit --share` and `penstock audit join`: one audit by several regulators, and their parts put together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from connector.cli.audit import Asked
    from ledger.audit.cut import Cut


async def judged(asked: Asked, share: str, seed: str, path: Path) -> dict[str, Any]:
    """Judge share `I/N` of an audit, and write what was found of it; returns what `--json` prints."""
    from connector.cli.audit import inspect  # noqa: PLC0415  # it loads this module at its top
    from connector.identity import keys  # noqa: PLC0415  # loaded when the option is given
    from connector.runtime import files  # noqa: PLC0415  # loaded when the option is given
    from connector.runtime.data_folder import KEYS  # noqa: PLC0415  # loaded when the option is given
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when the option is given
    from contracts import signature  # noqa: PLC0415  # loaded when the option is given
    from ledger.audit.share import NotYours, Share  # noqa: PLC0415  # loaded when the option is given

    number, cut = _numbered(share, seed)
    secret = keys.load(asked.data / KEYS).agreement
    own = Share(cut, number, signature.address(secret))
    try:
        await inspect(replace(asked, sharing=own))
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


async def joined(asked: Asked, parts: list[Path], seed: str, samples: int | None) -> dict[str, Any]:
    """Put parts together, and judge their samples again; returns what `--json` prints."""
    import secrets  # noqa: PLC0415  # loaded when the verb runs

    from connector.cli.audit import inspect  # noqa: PLC0415  # it loads this module at its top
    from connector.identity import keys  # noqa: PLC0415  # loaded when the verb runs
    from connector.runtime.data_folder import KEYS  # noqa: PLC0415  # loaded when the verb runs
    from contracts import signature  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.cut import SEED_BYTES  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.joining import Joining  # noqa: PLC0415  # loaded when the verb runs
    from ledger.audit.sampling import SAMPLES  # noqa: PLC0415  # loaded when the verb runs

    read = [_read(path) for path in parts]
    account = signature.address(keys.load(asked.data / KEYS).agreement)
    # drawn only now: who signed a part could not know which of its matters are judged again
    drawn, count = secrets.token_bytes(SEED_BYTES), SAMPLES if samples is None else samples
    joining = Joining(_cut(read[0][0].cut.of, seed), read, drawn, account=account, samples=count)
    while True:
        found = await inspect(replace(asked, sharing=joining))
        if not joining.again:
            return found


def told(shared: dict[str, Any] | None) -> list[str]:
    """Return a line a share: who judged it, and what its samples say."""
    return [_line(row, shared["misjudged"]) for row in shared["shares"]] if shared else []


def _line(row: dict[str, Any], misjudged: str) -> str:
    counts = f"{row['matters']} matters, {row['open']} open, {row['agreed']} of {row['sampled']} samples agree"
    sure = f"had it misjudged {misjudged} of them, they would show it with probability {row['caught']}"
    return f"share {row['share']}: {row['regulator']}, {row['state']}: {counts}; {sure}"


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
