"""What the issue asks of transfers is what their benchmark holds the figures to, and a peer fetches and verifies."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import subprocess
import sys

import pytest

from bench import crowd, gated, many, memory, nginx, packages, peers, report, sealing, taken, transfer, unstored
from ledger.edition import opening
from tests.every import every

# the issue's words, by the row that answers them
ASKED = {
    "disk: opened to disk ÷ nginx (debian) + curl -o": "at least 1.2",
    "disk: opened to disk ÷ curl -o + openssl dgst -sha256": "at least 2",
    "disk: opened to disk ÷ curl -o + b3sum": "at least 1.5",
    "disk: opened to disk ÷ curl -o + sha256sum": "at least 3",
    "disk: opened to disk: CPU of both sides": "at most 0.9",
    "disk: opened to disk: CPU of the server": "at most 0.25",
    "disk: opened to disk ÷ floor, to disk": "at least 0.85",
    "disk: opened to disk: CPU of both sides ÷ floor, to disk": "at most 1.35",
    "null: opened to null ÷ nginx (debian) + curl to null": "at least 0.9",
    "null: opened to null ÷ nginx (tuned) + curl to null": "at least 0.7",
    "null: opened to null: CPU of both sides": "at most 0.9",
    "null: opened to null ÷ floor, to null": "at least 0.65",
    "null: opened to null: CPU of both sides ÷ floor, to null": "at most 1.5",
    "tls: opened to disk ÷ nginx (debian) + curl -o": "at least 0.75",
    "tls: opened to null ÷ nginx (debian) + curl to null": "at least 0.75",
    "others: opened to disk ÷ aria2c with sha-256": "at least 2",
    "others: opened to disk ÷ rclone + b3sum": "at least 1",
    "others: opened to disk ÷ libtorrent v2": "at least 2",
    "metering: vouchers, keys and policy: CPU": "at most 5",
    "channels: 16 channels, opened to disk ÷ nginx (debian) + 16 curl -o": "at least 0.95",
    "objects: 10,000 objects, opened to disk": "at least 3000",
    "buyers: 200 buyers: Jain's index": "at least 0.95",
    "buyers: 200 buyers: peak memory of the provider": "at most 300",
    **{
        f"{work}: {what} above idle": f"at most {most}"
        for work in ("stored", "generated")
        for what, most in (
            ("memory of the provider", 150),
            ("memory of the buyer", 150),
            ("sealing: memory of the provider", 200),
        )
    },
    "sealing: sealing ÷ cat FILE > COPY": "at least 0.7",
}


def targets(rows):
    return {row.work: row.target for row in rows if row.target}


def test_every_target_of_the_issue_is_held():
    assert targets(transfer.gathered({}, [])) == ASKED
    assert all(row.unit == "not run" and row.met is None for row in transfer.gathered({}, []))


@every("name", transfer.WORKS)
def test_a_work_answers_its_targets(name):
    wanted = transfer.WORKS[name].targets
    rows = transfer.rows_of(name, dict.fromkeys(wanted, (1.0, "")))
    assert {row.work: row.target for row in rows}.items() <= ASKED.items()
    assert all(row.met is not None for row in rows)
    assert {row.unit for row in transfer.rows_of(name, {})} == {"absent"}


def test_a_run_of_one_work_keeps_the_rows_of_the_others():
    before = [*transfer.rows_of("disk", {"x": (1.0, "s")}), *transfer.rows_of("null", {"y": (2.0, "s")})]
    rows = transfer.gathered({"disk": transfer.rows_of("disk", {"x": (3.0, "s")})}, before)
    assert {row.work: row.value for row in rows if row.value} == {"disk: x": 3.0, "null: y": 2.0}
    assert targets(rows) == ASKED


def test_a_work_that_fails_lets_the_others_run(monkeypatch, capsys):
    async def broken(gib, rounds):
        raise OSError(f"no room for {gib} GiB, {rounds} times")

    work = transfer.WORKS["stored"]
    monkeypatch.setattr(transfer, "WORKS", {"stored": dataclasses.replace(work, measure=broken)})
    rows = transfer.taken("stored", 10, 1)
    assert {row.unit for row in rows} == {"failed"}
    assert targets(rows).items() <= ASKED.items()
    assert "no room for 10 GiB" in capsys.readouterr().err


def test_what_is_recorded_answers_every_target():
    assert targets(transfer.recorded()) == ASKED


def test_a_ratio_says_how_many_times_as_fast_we_are():
    def once(seconds, size=1 << 30):
        return taken.Taken(size, seconds, 0.25, 0.5, 1, 1)

    rounds = {"ours": [once(1.0), once(9.0), once(2.0)], "peer": [once(2.0, 1 << 29)] * 3}
    assert taken.ratios(rounds, "ours", ["peer", "absent"]) == {"ours ÷ peer": (2.0, "times")}
    found = taken.figures(rounds)
    assert found["ours: speed"] == (512.0, "MiB/s")
    assert found["peer: CPU of both sides"] == (1.5, "s/GiB")
    assert taken.cpu_ratios(rounds, "ours", ["peer", "absent"]) == {"ours: CPU of both sides ÷ peer": (0.5, "times")}
    busy = {"ours": [dataclasses.replace(one, turns=1024) for one in rounds["ours"]]}
    assert taken.turns(busy, "ours") == {"ours: turns of the client's threads for a slab": (4.0, "")}


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source" / "data.bin"
    path.parent.mkdir()
    path.write_bytes(os.urandom(1 << 20))
    return path


@pytest.mark.parametrize("name", ["nginx (tuned) + curl -o", "curl -o + sha256sum", "libtorrent v2", "floor, to disk"])
def test_a_peer_fetches_and_verifies(name, source, tmp_path, absent):
    if missing := packages.absent(peers.PEERS[name].programs):
        absent(f"{', '.join(missing)}: not installed")
    with peers.ready([name], source, tmp_path / "peers") as works:
        once = works[name]()
    assert once.size == 1 << 20
    assert once.client_cpu > 0
    assert min(once.server_peak, once.client_peak) > 1 << 20


def test_a_peer_that_finds_other_bytes_ends_the_run(source, tmp_path, absent):
    name = "curl -o + sha256sum"
    if missing := packages.absent(peers.PEERS[name].programs):
        absent(f"{', '.join(missing)}: not installed")
    with peers.ready([name], source, tmp_path / "peers") as works:
        source.write_bytes(os.urandom(1 << 20))
        with pytest.raises(AssertionError, match="failed"):
            works[name]()


def test_many_curls_fetch_at_once(source, tmp_path, absent):
    if missing := packages.absent(("nginx", "curl")):
        absent(f"{', '.join(missing)}: not installed")
    second = source.with_name("second.bin")
    second.write_bytes(os.urandom(1 << 19))
    with nginx.serving("debian", tmp_path / "nginx", source.parent) as server:
        once = many.curls(server, [source, second], tmp_path / "curled")
    assert once.size == 3 << 19
    assert not list((tmp_path / "curled").iterdir())


def test_a_peer_that_is_absent_has_no_work(source, tmp_path, monkeypatch):
    monkeypatch.setattr(peers.packages, "absent", list)
    others = [name for name, peer in peers.PEERS.items() if peer.programs]
    with peers.ready(others, source, tmp_path / "peers") as works:
        assert works == {}


def test_sealed_again_a_piece_is_the_same(tmp_path, monkeypatch):
    size = unstored.Hollow.PIECE_BYTES
    source = tmp_path / "data.bin"
    source.write_bytes(os.urandom(2 * size + 5000))
    monkeypatch.setattr(unstored.seal, "Part", unstored.Hollow)
    made = sealing.sealed_edition(tmp_path / "vault", source)
    assert made.path.stat().st_blocks * 512 < size
    monkeypatch.setitem(unstored.SEALED, made.path, made)
    with unstored.Again(made.path, made.table) as again:
        pieces = list(again.buffers(0, len(made.table)))
    for row, piece in zip(made.table, pieces, strict=True):
        opening.accept(row, piece)


def test_a_hole_is_not_read_to_level(tmp_path):
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(1 << 43)  # reading it would take hours
    taken.level(tmp_path.iterdir())


def test_sealing_is_measured_in_a_process_of_its_own(source, tmp_path):
    cost = sealing.seal_once(source, tmp_path)
    assert 0 < cost.cpu_seconds < 5
    assert cost.peak_bytes > 1 << 20
    copied = sealing.cat_once(source, tmp_path)
    figures = sealing.figures_of({sealing.SEALING: [cost], sealing.CAT: [copied]}, 1 << 20)
    assert figures[sealing.RATIO][0] == copied.seconds / cost.seconds


@pytest.mark.parametrize(("drawn", "index"), [([5, 5, 5], 1.0), ([9, 0, 0], 1 / 3), ([1, 2, 3], 6 / 7)])
def test_fairness_is_jain_s(drawn, index):
    assert crowd.jain(drawn) == pytest.approx(index)


def test_a_crowd_is_compared_by_when_each_has_everything():
    looks = [
        (1.0, [(0, 0, False), (9, 1, False)]),
        (2.0, [(100 << 20, 5, True), (40 << 20, 2, False)]),
        (4.0, [(100 << 20, 5, True), (100 << 20, 5, True)]),
    ]
    seen = [crowd.Look(seconds, [crowd.Paid(*one) for one in each]) for seconds, each in looks]
    figures = crowd.figures(seen, 0.5, 7 << 20)
    assert figures["2 buyers: Jain's index"][0] == pytest.approx(crowd.jain([50, 25]))
    assert figures["2 buyers: Jain's index at half-time"][0] == pytest.approx(crowd.jain([100, 40]))
    assert figures["2 buyers: speed of all"] == (50.0, "MiB/s")
    assert (figures["2 buyers: slowest"][0], figures["2 buyers: fastest"][0]) == (25, 50)
    assert figures["2 buyers: windows paid by half-time, the fewest"] == (2, "")
    assert figures["2 buyers: CPU of the provider for a window, with its bytes"] == (50.0, "ms")
    assert figures["2 buyers: peak memory of the provider"] == (7.0, "MiB")


async def test_pulls_wait_at_the_gate(tmp_path, monkeypatch):
    pulled = []

    async def pull(*told):
        pulled.append(told)

    monkeypatch.setattr(gated.pulling.Pulls, "pull", pull)
    gate = tmp_path / "gate"
    with gated.held(lambda: gated.there(gate)):
        waiting = asyncio.create_task(gated.pulling.Pulls.pull("pulls", "row"))
        await asyncio.sleep(2 * gated.POLL_SECONDS)
        assert not pulled
        gate.touch()
        await waiting
    assert pulled == [("pulls", "row")]
    assert gated.pulling.Pulls.pull is pull


async def test_a_process_is_watched():
    code = "print('ready', flush=True); input(); b = bytearray(64 << 20); print('here', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        async with memory.watched({"child": child.pid}) as curves:
            child.stdin.write(b"\n")
            child.stdin.flush()
            assert await asyncio.to_thread(child.stdout.readline) == b"here\n"
        child.stdin.close()
    curve = curves["child"]
    assert 64 << 20 <= curve.above < 96 << 20
    assert max(curve.samples) > curve.idle + (48 << 20)


def test_a_curve_that_rises_grows():
    assert memory.Curve(0, 0, [10, 10, 10, 10, 12, 12, 30, 30]).growth == 20
    assert memory.Curve(0, 0, [50] * 8).growth == 0


def test_quiet_commands_stay_quiet(capfd):
    report.run(["echo", "heard"], subprocess.DEVNULL)
    assert capfd.readouterr().out == ""
