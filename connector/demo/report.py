"""What the demo says in the end: whether each of the eight steps held, a line for each, and the verdict.

Law: a step holds if every row of its checks does; a row that does not is named in the line of its step. Nothing is
taken from the script but the numbers a demo has to reach; the rest are figures and the participants' own answers.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from connector.demo.inspection import agreed, tariff
from connector.demo.story import GET_A, GET_B, MASKED, PRODUCT_A, PRODUCT_B, PRODUCT_C

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connector.demo.story import Cast

ROWS_IN_A, WINDOWS_OF_A, FORGERIES = 80, 8, 3
COMPARED_BYTES = 1 << 20
PERMITTED = 1  # the sentence after the head: what the first rule permits
DENIED = ("open-flights-unlawful", "open-unlawful", "open-too-many")
REASON_CHARACTERS = 64  # of each denial's last clause, which says what was the case
Note = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One of the eight: its name, its main figures in words, and what did not hold."""

    name: str
    words: str
    failures: tuple[str, ...]

    def line(self, number: int) -> str:
        """Return the step as a person reads it."""
        mark = "ok  " if not self.failures else "FAIL"
        return f"{mark} {number} {self.name:<8} {self.words}" + "".join(f" [not so: {one}]" for one in self.failures)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run showed: the figures of `--json`, the lines for a person, and what did not hold."""

    figures: Note
    lines: list[str]
    failures: list[str]

    @property
    def held(self) -> bool:
        """Whether all eight steps held."""
        return not self.failures


def judge(cast: Cast, figures: Note, folder: Path) -> Outcome:
    """Check all eight steps; `folder` holds what the buyer opened. Reads files, so call it in a thread."""
    steps = [step(cast, figures, folder) for step in STEPS]
    failures = [f"{step.name}: {one}" for step in steps for one in step.failures]
    lines = [step.line(number) for number, step in enumerate(steps, 1)]
    held = "all eight steps held" if not failures else f"{len(failures)} things did not hold"
    lines.append(f"     {GET_B}: " + " ".join(said[PERMITTED] for said in figures["policies"][GET_B].values()))
    lines.append(f"{held}; {figures['seconds']} s; repeat this run with --seed {figures['seed']}")
    return Outcome(figures, lines, failures)


def addresses(cast: Cast) -> list[str]:
    """Return, for who keeps the participants running, where each one's console is and what it could do next."""
    where = {role: cast.notes.get("console " + role, cast.notes[role]["url"]) for role in NEXT}
    return [f"{role:<9} {where[role]}  next: {command()} {NEXT[role].format(**_places(cast))}" for role in NEXT] + [
        "all four run until you press Ctrl-C"
    ]


NEXT = {
    "provider": "log head --data {provider}",
    "buyer": "open " + GET_A + " --purpose AirTrafficResearch --to opened --data {buyer}",
    "exchange": "show " + PRODUCT_A + " --data {exchange}",
    "regulator": "audit --exchange {url} --data {regulator} --development",
}


def command() -> str:
    """Return how a person starts this program here: by its name if the shell finds it, else by its path."""
    beside = Path(sys.executable).parent / "penstock"
    return str(beside) if shutil.which("penstock") is None and beside.exists() else "penstock"


def _places(cast: Cast) -> dict[str, str]:
    places = {role: str(person.data) for role, person in cast.everyone().items()}
    return places | {"url": cast.notes["exchange"]["url"]}


# ---- the eight steps


def _step(name: str, words: str, checks: Iterable[tuple[bool, str]]) -> Step:
    return Step(name, words, tuple(text for held, text in checks if not held))


def _publish(cast: Cast, figures: Note, _folder: Path) -> Step:
    a, b, c = (cast.notes[key] for key in (PRODUCT_A, PRODUCT_B, PRODUCT_C))
    words = (
        f"{figures['dataset_rows']:,} table rows in 3 products, sealed in {a['rows']}, {b['rows']} and {c['rows']} "
        "pieces, on chain"
    )
    checks = [
        (a["rows"] >= ROWS_IN_A, f"A has at least {ROWS_IN_A} pieces"),
        (len({one["edition"] for one in (a, b, c)}) == 3, "each product has its own edition"),
        ({one["state"] for one in (a, b, c)} == {"submitted"}, "all are registered and submitted"),
    ]
    return _step("publish", words, checks)


def _list(cast: Cast, _figures: Note, _folder: Path) -> Step:
    reviews = [(cast.notes[key], cast.notes["review " + key]) for key in (PRODUCT_A, PRODUCT_B)]
    opened = " and ".join(str(review["opened"]) for _, review in reviews)
    checks = [
        (all(review["state"] == "listed" for _, review in reviews), "both are listed"),
        (cast.notes["review " + PRODUCT_C]["opened"] == 0, "nothing is drawn of what stays where it is"),
        (
            all(review["opened"] == min(64, -(-one["rows"] // 8)) for one, review in reviews),
            "k = min(64, pieces/8) drawn",
        ),
        (cast.notes["found"] == sorted([PRODUCT_A, PRODUCT_B]), "the buyer finds both"),
    ]
    return _step("list", f"{opened} pieces drawn and opened to the exchange; the buyer finds both by `weather`", checks)


def _agree(cast: Cast, _figures: Note, _folder: Path) -> Step:
    price, said = {key: tariff(cast, key).minor for key in (GET_A, GET_B)}, cast.notes[GET_A]["negotiation"]["rounds"]
    script = cast.script
    words = (
        f"A at {money(cast, price[GET_A])} per MiB after {said} messages (asked {money(cast, script.ask)}, "
        f"bid {money(cast, script.bid)}); B at {money(cast, price[GET_B])} per opening"
    )
    checks = [
        (said >= 3 and price[GET_A] not in (script.ask, script.bid), "the price of A was countered"),
        (script.floor <= price[GET_A] <= script.limit, "the price of A is within both limits"),
        (all(cast.notes["agreement " + key]["licence_tx"] for key in (GET_A, GET_B)), "both licences are on chain"),
        (all(cast.notes[key]["channel"] for key in (GET_A, GET_B)), "both channels are open"),
    ]
    return _step("agree", words, checks)


def _pull(cast: Cast, figures: Note, folder: Path) -> Step:
    view, left = cast.notes[GET_A], cast.notes.get("killed", {})
    windows = view["progress"]["windows"]
    words = (
        f"{figures['bytes_delivered']:,} bytes, A in {windows} windows; buyer killed after window {left.get('seq')}, "
        f"resumed; files identical but for {MASKED}, which is masked"
    )
    checks = [
        (windows >= WINDOWS_OF_A, f"A took at least {WINDOWS_OF_A} windows"),
        (figures["rows_verified"] == figures["rows_sealed"], "every piece was verified"),
        (figures["resumed_after_kill"], "the buyer was killed in the middle and went on"),
        (
            identical(cast.tables, folder / "opened" / "a", MASKED),
            "the files are the provider's, but for a mask",
        ),
    ]
    return _step("pull", words, checks)


def _open(cast: Cast, figures: Note, folder: Path) -> Step:
    denied = cast.notes["openings denied"]
    weather = [path for path in cast.tables if path.stem == "weather"]
    of_b = [one for one in denied if one["acquisition"] == GET_B]
    words = f"B opened {figures['openings_allowed']} times; denied: " + "; ".join(
        shorten(one["reason"].rsplit("; ")[-1], REASON_CHARACTERS, placeholder=" …") for one in of_b
    )
    words += f"; C, where it is, told {len(cast.notes['answered']['rows'])} groups, no owners, and how much it covers"
    checks = [
        (figures["openings_allowed"] == cast.script.openings, "B was opened as often as agreed"),
        (cast.notes["audit"]["openings"] == figures["openings_allowed"], "the audit counts as many openings"),
        ([one["id"] for one in denied] == list(DENIED), "wrong purposes and one opening more were denied"),
        (all(one["reason"] for one in denied), "each denial says why"),
        (
            all(identical(weather, folder / "opened" / "b" / one["id"]) for one in cast.notes["openings allowed"]),
            "each opening gave the provider's file, byte for byte",
        ),
        *_answered(cast),
    ]
    return _step("open", words, checks)


def _answered(cast: Cast) -> list[tuple[bool, str]]:
    """Return what is to hold of the statements that C was asked where it is."""
    told = cast.notes["answered"]
    return [
        (len(told["rows"]) == 5 and told["columns"] == ["manufacturer", "planes", "seats"], "five groups were told"),
        (all(row[1] >= 10 for row in told["rows"]), "each of ten planes and more"),
        (bool(told["receipt"]["signature"]), "its provider signed the answer"),
        (MASKED in cast.notes.get("not answered", ""), "what names owners was not answered"),
        (_half(cast.notes["fitted"]), "it covers the half of the buyer's own list that is of it"),
    ]


def _half(fitted: Note) -> bool:
    """Say whether about half of a list is told as covered, and nobody's key."""
    [[_, _, keys, covered, low, high]] = fitted["rows"]
    return bool(low <= covered <= high and keys * 2 // 5 < covered < keys * 3 // 5)


def _settle(cast: Cast, figures: Note, _folder: Path) -> Step:
    parts, total = figures["split"], figures["amount_settled"]
    a, b = agreed(cast)
    words = (
        f"{money(cast, total)} = A {money(cast, a)} + B {money(cast, b)}; "
        f"provider {money(cast, parts['provider'])}, exchange {money(cast, parts['exchange'])}"
    )
    checks = [
        (figures["amount_agreed"] == total > 0, "agreed is settled"),
        (int(cast.notes["audit"]["amount_settled"]) == total, "the audit finds the same amount on chain"),
        (len(cast.notes["settled"]) == 2, "both channels are settled"),
        (parts["provider"] + parts["exchange"] == total and min(parts.values()) > 0, "the shares make the whole"),
        (int(cast.notes["withdrawn exchange"]["withdrawn"]) == parts["exchange"], "the exchange has its share"),
    ]
    return _step("settle", words, checks)


def _audit(cast: Cast, figures: Note, _folder: Path) -> Step:
    found = "clean" if figures["audit"] == "clean" else f"{len(figures['audit'])} findings: {figures['audit'][0]}"
    words = (
        f"{found}: {figures['events_logged']} events, {figures['proofs_verified']} proofs, "
        f"{figures['bytes_paid_twice']} bytes paid twice, {len(cast.notes['attestation']['heads'])} heads attested"
    )
    checks = [
        (figures["audit"] == "clean", "the audit is clean"),
        (figures["bytes_paid_twice"] == 0, "nothing was paid twice"),
        (figures["proofs_verified"] >= figures["events_logged"] > 0, "every event was proven to be in its log"),
        (len(cast.notes["attestation"]["heads"]) == 4, "the witnesses attest all four heads"),
    ]
    return _step("audit", words, checks)


def _forge(_cast: Cast, figures: Note, _folder: Path) -> Step:
    forgeries = figures["forgeries"]
    caught = sum(forgery["caught"] for forgery in forgeries)
    words = f"{caught} of {len(forgeries)} caught by name: " + "; ".join(forgery["what"] for forgery in forgeries)
    checks = [
        (len(forgeries) == FORGERIES, f"{FORGERIES} forgeries were made"),
        *((forgery["caught"], f"caught: {forgery['what']}") for forgery in forgeries),
    ]
    return _step("forge", words, checks)


STEPS: tuple[Callable[[Cast, Note, Path], Step], ...] = (
    _publish, _list, _agree, _pull, _open, _settle, _audit, _forge,
)  # fmt: skip


def money(cast: Cast, minor: int) -> str:
    """Return minor units as people write them, with the currency of A's tariff: 252000 → `2,520.00 CNY`."""
    sign, value = ("-" if minor < 0 else ""), abs(minor)
    return f"{sign}{value // 100:,}.{value % 100:02d} {tariff(cast, GET_A).currency}"


def identical(originals: Iterable[Path], opened: Path, masked: str = "") -> bool:
    """Say whether `opened` holds exactly these files, byte for byte; of a column `masked` other values."""
    names = {path.name: path for path in originals}
    there = {path.name: path for path in opened.iterdir()} if opened.is_dir() else {}
    if not names or names.keys() != there.keys():
        return False
    return all(
        _alike(path, there[name], masked)
        if masked and masked in pq.read_schema(path).names
        else _same(path, there[name])
        for name, path in names.items()
    )


def _alike(one: Path, other: Path, masked: str) -> bool:
    """Say whether two tables differ in one column alone, there in every value, equal ones in both alike."""
    first, second = pq.read_table(one), pq.read_table(other)
    known, hidden = (table.column(masked).combine_chunks() for table in (first, second))
    rest = first.drop_columns([masked]) == second.drop_columns([masked])
    apart = not pc.any(pc.is_in(hidden.drop_null(), value_set=known.drop_null())).as_py()
    return rest and apart and pc.count_distinct(known).as_py() == pc.count_distinct(hidden).as_py()


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while chunk := first.read(COMPARED_BYTES):
            if chunk != second.read(COMPARED_BYTES):
                return False
    return True
