"""The verdict: a run in which everything held, and that each single thing that does not hold fails its own step."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.demo import inspection, report
from connector.demo.story import GET_A, GET_B, MASKED, PRODUCT_A, PRODUCT_B, PRODUCT_C, Cast, Script

DIGEST = "d1" * 32
PAYEES = {"provider": "0xP", "buyer": "0xB", "exchange": "0xE", "regulator": "0xR"}
AUDIT = {"audit": "clean", "findings": [], "events": 200, "proofs_verified": 210, "bytes_paid_twice": 0, "openings": 3}
AUDIT |= {"amount_settled": "3270"}
FORGERIES = [{"what": f"forgery {n}", "caught": True, "finding": "found"} for n in range(3)]


def acquired(windows, rows, size, paid, rounds, channel):
    progress = {"windows": windows, "rowsHeld": rows, "keysHeld": rows, "rows": rows, "sealedBytes": str(size)}
    return {
        "state": "complete",
        "agreement": DIGEST,
        "channel": channel,
        "negotiation": {"rounds": rounds, "price": "420"},
        "progress": {**progress, "paid": str(paid)},
    }


def agreement(unit, minor, per):
    tariff = {"unit": unit, "minor": str(minor), "per": str(per), "currency": "CNY"}
    terms = {"tariff": tariff, "product": "flights", "policy": {"permission": [{"action": "use"}]}}
    return {"terms": terms, "licence_tx": "ab"}


def channel(amount, share):
    return {"settled": str(amount), "shares": {"0xP": str(amount - share), "0xE": str(share)}}


NOTES = {
    **{
        role: {"address": address, "url": f"http://localhost:{n}", "did": f"did:web:{role}.example"}
        for n, (role, address) in enumerate(PAYEES.items())
    },
    PRODUCT_A: {"rows": 100, "plainBytes": str(6 << 20), "tableRows": 1000, "edition": "e1", "state": "submitted"},
    PRODUCT_B: {"rows": 6, "plainBytes": "300000", "tableRows": 100, "edition": "e2", "state": "submitted"},
    PRODUCT_C: {"rows": 2, "edition": "e3", "state": "submitted"},
    "review " + PRODUCT_A: {"state": "listed", "opened": 13},
    "review " + PRODUCT_B: {"state": "listed", "opened": 1},
    "review " + PRODUCT_C: {"state": "listed", "opened": 0},
    "found": [PRODUCT_A, PRODUCT_B],
    "killed": {"seq": 4, "cumulative": 500},
    GET_A: acquired(15, 100, 6 << 20, 2520, 6, "c1"),
    GET_B: acquired(3, 6, 300_000, 750, 1, "c2"),
    "agreement " + GET_A: agreement("byte", 420, 1 << 20),
    "agreement " + GET_B: agreement("opening", 250, 1),
    "openings allowed": [{"id": f"open-weather-{n}"} for n in (1, 2, 3)],
    "openings denied": [
        {"id": "open-flights-unlawful", "acquisition": GET_A, "reason": "no"},
        {"id": "open-unlawful", "acquisition": GET_B, "reason": "no"},
        {"id": "open-too-many", "acquisition": GET_B, "reason": "no more"},
    ],
    "answered": {
        "columns": ["manufacturer", "planes", "seats"],
        "rows": [["BOEING", n, 100] for n in (90, 40, 30, 20, 10)],
        "receipt": {"signature": "0xab"},
    },
    "fitted": {"rows": [["", "", 1000, 510, 480, 540]]},
    "not answered": f"`{MASKED}` cannot be asked about",
    "settled": [channel(2520, 252), channel(750, 75)],
    "withdrawn exchange": {"withdrawn": "327"},
    "attestation": {"heads": [{}] * 4},
    "audit": AUDIT,
}


def flights(path, numbers, distances=(100, 200, 300)):
    pq.write_table(pa.Table.from_pydict({MASKED: list(numbers), "distance": list(distances)}), path)


@pytest.fixture
def world(tmp_path):
    tables = []
    for name in ("flights", "weather"):
        path = tmp_path / "tables" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode() * 1000)
        tables.append(path)
    flights(tables[0], ("N1", "N2", None))
    pq.write_table(pa.table({"hour": pa.nulls(9)}), tables[1])
    opened = [("a", tables), *((f"b/open-weather-{n}", tables[1:]) for n in (1, 2, 3))]
    for place, files in opened:
        folder = tmp_path / "opened" / place
        folder.mkdir(parents=True)
        for path in files:
            (folder / path.name).write_bytes(path.read_bytes())
    flights(tmp_path / "opened" / "a" / "flights.parquet", ("ab", "cd", None))
    people = [
        SimpleNamespace(data=tmp_path / role, starts=2) for role in ("provider", "buyer", "exchange", "regulator")
    ]
    return Cast(*people, doors={}, seed=7, script=Script(), tables=tables, notes=copy.deepcopy(NOTES))


def judged(world, tmp_path, audit=AUDIT, forgeries=FORGERIES):
    return report.judge(world, inspection.figures(world, audit, forgeries, 12.34), tmp_path)


def test_a_run_in_which_everything_held(world, tmp_path):
    outcome = judged(world, tmp_path)
    assert outcome.failures == []
    assert outcome.held
    found = outcome.figures
    assert (found["amount_agreed"], found["amount_settled"]) == (6 * 420 + 3 * 250,) * 2
    assert found["split"] == {"provider": 2943, "exchange": 327}
    assert (found["bytes_delivered"], found["rows_verified"], found["windows_paid"]) == ((6 << 20) + 300_000, 106, 18)
    assert (found["negotiation_rounds"], found["dataset_rows"], found["seconds"]) == (7, 1000, 12.3)
    assert len(outcome.lines) + len(report.addresses(world)) <= 15
    assert "32.70 CNY = A 25.20 CNY + B 7.50 CNY" in outcome.lines[5]


def put(*path):
    *where, value = path

    def change(world):
        at = world.notes
        for key in where[:-1]:
            at = at[key]
        at[where[-1]] = value

    return change


def delivered(world):
    return world.tables[0].parent.parent / "opened" / "a" / "flights.parquet"


def corrupted(world):
    flights(delivered(world), ("ab", "cd", None), (100, 200, 301))


def unmasked(world):
    flights(delivered(world), ("ab", "N2", None))


def merged(world):
    flights(delivered(world), ("ab", "ab", None))


def missing(world):
    (world.tables[0].parent.parent / "opened" / "b" / "open-weather-2" / "weather.parquet").unlink()


def never_restarted(world):
    world.buyer.starts = 1


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (put(PRODUCT_A, "rows", 79), "publish"),
        (put(PRODUCT_B, "edition", "e1"), "publish"),
        (put(PRODUCT_C, "edition", "e1"), "publish"),
        (put(PRODUCT_C, "state", "draft"), "publish"),
        (put("review " + PRODUCT_C, "opened", 1), "list"),
        (put("review " + PRODUCT_B, "state", "submitted"), "list"),
        (put("review " + PRODUCT_A, "opened", 12), "list"),
        (put("found", [PRODUCT_A]), "list"),
        (put(GET_A, "negotiation", "rounds", 2), "agree"),
        (put("agreement " + GET_A, "terms", "tariff", "minor", "500"), "agree"),
        (put("agreement " + GET_A, "terms", "tariff", "minor", "419"), "agree"),
        (put("agreement " + GET_B, "licence_tx", None), "agree"),
        (put(GET_A, "progress", "windows", 7), "pull"),
        (put(GET_A, "progress", "rowsHeld", 99), "pull"),
        (put("killed", "cumulative", 2520), "pull"),
        (put("killed", "cumulative", 0), "pull"),
        (never_restarted, "pull"),
        (corrupted, "pull"),
        (unmasked, "pull"),
        (merged, "pull"),
        (missing, "open"),
        (put("openings allowed", NOTES["openings allowed"][:2]), "open"),
        (put("openings denied", NOTES["openings denied"][:1]), "open"),
        (put("openings denied", 0, "reason", ""), "open"),
        (put("audit", "openings", 4), "open"),
        (put("answered", "rows", []), "open"),
        (put("answered", "rows", 4, 1, 9), "open"),
        (put("answered", "receipt", "signature", ""), "open"),
        (put("not answered", ""), "open"),
        (put("fitted", "rows", 0, 3, 541), "open"),
        (put("fitted", "rows", 0, 3, 300), "open"),
        (put("audit", "amount_settled", "3269"), "settle"),
        (put("settled", 0, "settled", "2519"), "settle"),
        (put("settled", [channel(3270, 327)]), "settle"),
        (put("settled", 1, "shares", {"0xP": "674", "0xE": "75"}), "settle"),
        (put("withdrawn exchange", "withdrawn", "0"), "settle"),
        (put(GET_A, "progress", "keysHeld", 99), "settle"),
        (put("attestation", "heads", [{}] * 3), "audit"),
    ],
)
def test_what_does_not_hold_fails_its_step(world, tmp_path, change, step):
    change(world)
    outcome = judged(world, tmp_path)
    assert not outcome.held
    assert step in {failure.split(":")[0] for failure in outcome.failures}
    assert any(line.startswith("FAIL") and f" {step} " in line for line in outcome.lines)
    assert "did not hold" in outcome.lines[-1]


@pytest.mark.parametrize(
    "change",
    [
        {"audit": "findings", "findings": [{"code": "c", "subject": "s", "en": "said"}]},
        {"bytes_paid_twice": 1},
        {"proofs_verified": 199},
        {"events": 0},
    ],
)
def test_an_audit_that_is_not_clean_fails(world, tmp_path, change):
    outcome = judged(world, tmp_path, {**AUDIT, **change})
    assert {failure.split(":")[0] for failure in outcome.failures} == {"audit"}
    if "findings" in change:
        assert outcome.figures["audit"] == ["c: s: said"]


def test_a_forgery_that_is_not_caught_fails(world, tmp_path):
    missed = [*FORGERIES[:2], {"what": "forgery 2", "caught": False, "finding": None}]
    assert judged(world, tmp_path, forgeries=missed).failures == ["forge: caught: forgery 2"]
    assert not judged(world, tmp_path, forgeries=FORGERIES[:2]).held


def test_files_are_compared_as_a_whole(tmp_path, world):
    folder = tmp_path / "opened" / "a"
    assert report.identical(world.tables, folder, MASKED)
    assert not report.identical(world.tables, folder)
    (folder / "more").write_bytes(b"")
    assert not report.identical(world.tables, folder, MASKED)
    assert not report.identical(world.tables, tmp_path / "nowhere")
    assert not report.identical([], tmp_path / "nowhere")
