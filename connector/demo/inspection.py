"""Step 8 and the figures: the audit as a process of its own, and what the participants and it say, in one object.

Law: a figure is read from a participant's own answer or from the audit, never from what the script intended. Where two
of them can be asked, the judge (connector.demo.report) compares.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any

import orjson

from connector.demo.patience import Patience
from connector.demo.processes import at_work
from connector.demo.story import GET_A, GET_B, PRODUCT_A, PRODUCT_B
from connector.enforcement.rules import in_force
from connector.runtime.errors import VerificationFailed
from contracts.tariff import Tariff, amount
from policy.words.speak import LANGUAGES, explain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.demo.story import Cast

AUDIT = (sys.executable, "-m", "connector.cli.entry", "audit")
ANSWERS = (0, 6)  # exit codes: clean, and findings
Note = dict[str, Any]


async def audit(cast: Cast, mirrors: Mapping[str, str] | None = None) -> Note:
    """Run `penstock audit` as the regulator, who is given URLs only, and return what it prints.

    `mirrors` maps a log's origin to where else it is read. Raises VerificationFailed if the audit could not be made.
    """
    command = [*AUDIT, "--data", str(cast.regulator.data), "--exchange", cast.notes["exchange"]["url"]]
    command += ["--development", "--json"]
    for origin, url in (mirrors or {}).items():
        command += ["--mirror", f"{origin}={url}"]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    try:
        said, complaint = await _patiently(process)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode not in ANSWERS:
        raise VerificationFailed(f"the audit ended with {process.returncode}: {complaint.decode()[-500:]}")
    answer: Note = orjson.loads(said)
    return answer


async def _patiently(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    """Return what a process wrote; a source that hangs does not hang the demo (`ServerAbsent`)."""
    ended = asyncio.ensure_future(process.communicate())
    try:
        patience = Patience(lambda: [process.pid, *at_work()])
        await patience.until(ended.done, "the audit", lambda: "it did not say how far it was")
        return await ended
    finally:
        ended.cancel()


def figures(cast: Cast, audit: Note, forgeries: list[Note], seconds: float) -> Note:
    """Return the object that `penstock demo --json` prints; amounts are integers in minor units, over A and B."""
    notes = cast.notes
    published = [notes[PRODUCT_A], notes[PRODUCT_B]]
    got = [notes[GET_A], notes[GET_B]]
    return {
        "dataset_rows": published[0]["tableRows"],
        "editions": len({product["edition"] for product in published}),
        "statements_answered": int(bool(notes["answered"]["rows"])),
        "rows_sealed": sum(product["rows"] for product in published),
        "bytes_delivered": sum(map(delivered, got)),
        "rows_verified": sum(view["progress"]["rowsHeld"] for view in got),
        "windows_paid": sum(view["progress"]["windows"] for view in got),
        "negotiation_rounds": sum(view["negotiation"]["rounds"] for view in got),
        "amount_agreed": sum(agreed(cast)),
        "amount_settled": sum(int(channel["settled"]) for channel in notes["settled"]),
        "split": split(cast),
        "openings_allowed": len(notes["openings allowed"]),
        "openings_denied": sum(one["acquisition"] == GET_B for one in notes["openings denied"]),
        "uses_refused": sum(one["acquisition"] == GET_A for one in notes["openings denied"]),
        "seed": cast.seed,
        "resumed_after_kill": resumed(cast),
        "bytes_paid_twice": audit["bytes_paid_twice"],
        "events_logged": audit["events"],
        "proofs_verified": audit["proofs_verified"],
        "audit": "clean" if audit["audit"] == "clean" else [told(finding) for finding in audit["findings"]],
        "forgeries": forgeries,
        "policies": explained(cast),
        "seconds": round(seconds, 1),
    }


def delivered(view: Note) -> int:
    """Return the sealed bytes that came and were verified: all of the edition, or none that counts."""
    progress = view["progress"]
    return int(progress["sealedBytes"]) if progress["rowsHeld"] == progress["rows"] > 0 else 0


def agreed(cast: Cast) -> tuple[int, int]:
    """Return what A and B cost by their agreed tariffs for what was delivered: plain bytes of A, openings of B."""
    view, product = cast.notes[GET_A], cast.notes[PRODUCT_A]
    whole = view["progress"]["keysHeld"] == product["rows"]
    delivered = int(product["plainBytes"]) if whole else 0
    return amount(tariff(cast, GET_A), delivered), amount(tariff(cast, GET_B), len(cast.notes["openings allowed"]))


def tariff(cast: Cast, key: str) -> Tariff:
    """Return the tariff that both sides signed."""
    return Tariff.from_json(cast.notes["agreement " + key]["terms"]["tariff"])


def explained(cast: Cast) -> dict[str, dict[str, list[str]]]:
    """Return what both sides signed about use, in sentences: acquisition → language → sentences."""
    return {
        key: {lang: explain(in_force(*_signed(cast, key)).compiled.policy, lang) for lang in LANGUAGES}
        for key in (GET_A, GET_B)
    }


def _signed(cast: Cast, key: str) -> tuple[Mapping[str, Any], str, str]:
    terms = cast.notes["agreement " + key]["terms"]
    return terms["policy"], terms["product"], str(cast.notes["buyer"]["did"])


def split(cast: Cast) -> dict[str, int]:
    """Return what provider and exchange were credited by the channels."""
    paid: dict[str, int] = {}
    for channel in cast.notes["settled"]:
        for payee, share in channel["shares"].items():
            paid[payee] = paid.get(payee, 0) + int(share)
    return {role: paid.get(cast.notes[role]["address"], 0) for role in ("provider", "exchange")}


def resumed(cast: Cast) -> bool:
    """Say whether the buyer was killed with A begun and unfinished, and finished it after its second start."""
    left, end = cast.notes.get("killed"), cast.notes[GET_A]
    if left is None or end["state"] != "complete" or cast.buyer.starts < 2:
        return False
    return 0 < int(left["cumulative"]) < int(end["progress"]["paid"])


def told(finding: Note) -> str:
    """Return a finding of the audit in one line."""
    return f"{finding['code']}: {finding['subject']}: {finding['en']}"
