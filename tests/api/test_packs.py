"""Two thousand small files, from publishing to files over HTTP: one pack is billed, and every file is itself again."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest
import pytest_asyncio

from connector.client.client import Client
from connector.provider.billing import printed
from connector.runtime.errors import Conflict, InvalidInput, PenstockError, explain_failure, from_reason
from tests.api.lying_serve import PACKS
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

FILES, GOT = 2_000, "gauges"
PRICE = 1_000_000  # a MiB: so that every byte shows in the bill
UNTIL = "2099-01-01T00:00:00Z"
ROOM = 10  # a bill is at most a tenth above the files


def content(folder):
    """Return the files below a folder, name → bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gauges(space, tmp_path_factory):
    """A folder of small tables was published and bought into a folder."""
    folder, drawn = tmp_path_factory.mktemp("packs") / "in", random.Random(7)
    for number in range(FILES):
        place = folder / f"district {number % 13}" / f"gauge-{number:04}.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"gauge,height\n{number},{drawn.random():.6f}\n")
    told = await space.publish_files("provider", GOT, [folder], price=PRICE, until=UNTIL)
    out = folder.parent / "out"
    mandate = {"limit": str(PRICE), "bid": None, "purpose": PURPOSE, "deposit": None, "to": str(out)}
    body = {"id": GOT, "product": GOT, "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    return folder, told, await space.complete(GOT), out


async def test_the_list_of_small_files_is_not_billed(space, gauges):
    folder, told, view, out = gauges
    assert content(out) == content(folder)
    size = sum(map(len, content(folder).values()))
    billed = told["billed"]
    assert billed["packing"] == {"packs": 1, "files": FILES, "instead": billed["packing"]["instead"]}
    assert int(billed["packing"]["instead"]) > 3 * size
    assert int(billed["bytes"]) == int(told["plainBytes"]) <= size + size // ROOM
    assert "2,000 small files in 1 pack" in billed["words"]["en"]
    assert "2,000 个小文件合为 1 个归档" in billed["words"]["zh"]
    assert int(view["progress"]["paid"]) == -(-int(told["plainBytes"]) * PRICE // 2**20)
    async with Client(space.people["buyer"].data) as penstock:
        quoted = await penstock.quote(GOT)
    assert quoted.whole["billed"] == billed
    bill = await space.doors["buyer"].call("GET", f"bills/{view['agreement']}")
    assert bill["bill"]["quantity"] == billed["bytes"]
    facts = dict(printed.facts(bill))
    assert "of the list of files" in facts["what is billed"]
    assert facts["what is billed"].split(" billed")[0] == billed["words"]["en"].split(": ")[1].split(" billed")[0]


async def test_the_same_again_changes_nothing(space, gauges):
    folder, told, *_ = gauges
    again = await space.publish_files("provider", GOT, [folder], price=PRICE, until=UNTIL)
    assert again["unchanged"] is True
    assert again["edition"] == told["edition"]
    assert again["billed"] == told["billed"]


async def test_files_are_described_one_by_one(space, gauges):
    shown = await space.doors["buyer"].call("GET", f"offers/{GOT}")
    assert len(shown["dataset"]["files"]) == FILES
    assert {file["rows"] for file in shown["dataset"]["files"]} == {"1"}
    assert shown["dataset"]["packing"]["packs"] == 1


async def test_whoever_opens_sees_the_files_themselves(space, gauges, tmp_path, absent):
    folder, *_ = gauges
    files = content(folder)
    async with Client(space.people["buyer"].data) as penstock:
        opened = await penstock.open_files(GOT, purpose=PURPOSE, to=tmp_path / "to")
        assert content(tmp_path / "to") == files
        assert sorted(opened.files) == sorted(str(tmp_path / "to" / name) for name in files)
        assert sorted((await penstock.replica_open(id="packs-nowhere", acquisition=GOT, purpose=PURPOSE))["files"]) == (
            sorted(files)
        )
        await penstock.open_files(GOT, purpose=PURPOSE, to=tmp_path / "packed", packed=True)
        (archive,) = (tmp_path / "packed").iterdir()
        subprocess.run(["tar", "xJf", archive], cwd=archive.parent, check=True, timeout=60)
        archive.unlink()
        assert content(tmp_path / "packed") == files
        with pytest.raises(Conflict, match="not empty"):
            await penstock.open_files(GOT, purpose=PURPOSE, to=tmp_path / "to")
        with pytest.raises(InvalidInput, match="packed"):
            await penstock.replica_open(id="packs-wrong", acquisition=GOT, purpose=PURPOSE, packed=True)
        try:
            from connector.client.file_system import PenstockFileSystem

            rows = (await penstock.open(GOT, purpose=PURPOSE)).to_arrow()
        except (ImportError, PenstockError):
            absent("fsspec or pyarrow is not installed: `make install`")
    assert sorted(rows["gauge"].to_pylist()) == list(range(FILES))
    there = PenstockFileSystem(str(space.people["buyer"].data), purpose=PURPOSE, skip_instance_cache=True)
    name = "district 7/gauge-0007.csv"
    with there.session(GOT):
        assert there.cat(f"{GOT}/{name}") == files[name]
        assert there.info(f"{GOT}/{name}")["size"] == len(files[name])
        assert len(there.ls(f"{GOT}/district 7")) == len([each for each in files if each.startswith("district 7/")])
    there.close()
    PenstockFileSystem.clear_instance_cache()


async def test_a_later_edition_repeats_the_packs_that_stayed(space, tmp_path):
    drawn, folder = random.Random(3), tmp_path / "in"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number:03}.bin").write_bytes(drawn.randbytes(15_000))
    more = {"price": 1000, "pack": "always"}
    one = await space.publish_files("provider", "packs-later", [folder], **more)
    assert one["billed"]["packing"]["packs"] >= 2
    assert int(one["billed"]["bytes"]) <= 1.02 * 300 * 15_000
    (folder / "299.bin").write_bytes(b"another")
    two = await space.publish_files("provider", "packs-later", [folder], **more)
    assert two["edition"] != one["edition"]
    assert int(two["repeatedBytes"]) > 1_000_000
    await space.get("packs-later")
    await space.complete("packs-later")
    async with Client(space.people["buyer"].data) as penstock:
        await penstock.open_files("packs-later", purpose=PURPOSE, to=tmp_path / "out")
    assert content(tmp_path / "out") == content(folder)


async def test_a_leased_replica_is_unpacked_too(space, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.txt").write_text(f"number {number}")
    told = await space.publish_files("provider", "packs-leased", [folder], openings=3)
    assert told["billed"]["packing"]["files"] == 40
    assert "delivered instead" in told["billed"]["words"]["en"]
    await space.get("packs-leased")
    await space.complete("packs-leased")
    async with Client(space.people["buyer"].data) as penstock:
        await penstock.open_files("packs-leased", purpose=PURPOSE, to=tmp_path / "out")
    assert content(tmp_path / "out") == content(folder)


async def test_a_broken_pack_is_the_providers_fault_and_can_be_had_as_it_is(space, proxy, tmp_path):
    proxy.calm()
    folder, lie = tmp_path / "in", space.people["second"].data / PACKS
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.txt").write_text(f"number {number}")
    lie.touch()
    try:
        await space.publish_files("second", "packs-broken", [folder], reviewed=False)
    finally:
        lie.unlink()
    # A review that draws the pack sees the lie, and one that does not cannot: it is listed in spite of it.
    await space.doors["exchange"].call("POST", "listings/packs-broken/review", {"despite": True})
    for key, to in (("packs-broken", str(tmp_path / "out")), ("packs-whole", None)):
        mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": None, "to": to}
        body = {"id": key, "product": "packs-broken", "mandate": mandate}
        await space.doors["buyer"].call("POST", "acquisitions", body)
        view = await space.until(key, lambda view: view["state"] in ("complete", "failed"))
        assert view["progress"]["keysHeld"] == view["progress"]["rows"]
        async with Client(space.people["buyer"].data) as penstock:
            if to is None:
                assert view["state"] == "complete"
                with pytest.raises(PenstockError) as refusal:
                    await penstock.open_files(key, purpose=PURPOSE, to=tmp_path / "unpacked")
                fault = explain_failure(refusal.value)
            else:
                assert view["state"] == "failed"
                fault = explain_failure(from_reason(view["reason"]))
            assert (fault.code, fault.exit_code, fault.whose) == ("pack", 6, "peer")
            assert "complain" in fault.hint
            opened = await penstock.open_files(key, purpose=PURPOSE, to=tmp_path / f"packed-{key}", packed=True)
        assert [Path(one).name for one in opened.files] == ["small-files-1.tar.xz"]
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "unpacked").exists()


NEVER = {"unit": "row"}, {"unit": "piece"}, {"pack": "never"}, {"tier": "plain"}


@pytest.mark.parametrize("more", NEVER)
async def test_where_nothing_is_packed(space, tmp_path, more):
    for number in range(40):
        (tmp_path / f"{number}.csv").write_text(f"a,b\n{number},2\n")
    name = "packs-" + "-".join(more.values())
    told = await space.publish_files("provider", name, [tmp_path], **more)
    assert "packing" not in told["billed"]
    edition = next(row for row in space.rows("provider", "editions") if row["id"] == told["edition"])
    assert len(json.loads(edition["index_json"])["files"]) == 40
    if more.get("tier") == "plain":
        assert told["billed"]["list"] == "0"


REFUSED = {"unit": "row"}, {"unit": "piece"}, {"layout": "cdc"}, {"layout": "aligned"}


@pytest.mark.parametrize("more", REFUSED)
async def test_packs_that_cannot_be_are_refused_before_anything_is_kept(space, tmp_path, more):
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(PenstockError) as refusal:
        await space.publish_files("provider", "packs-refused", [tmp_path], pack="always", **more)
    told = explain_failure(refusal.value)
    assert (told.exit_code, "cannot be packed" in told.text) == (2, True)
    assert not [row for row in space.rows("provider", "products") if row["id"] == "packs-refused"]


async def test_a_dry_run_says_what_will_be_billed(space, gauges):
    folder, told, *_ = gauges
    fields = {"files": [str(folder)], "title": "G", "price": "5", "floor": "5", "purpose": "Research"}
    fields |= {"until": "2099-01-01T00:00:00Z", "pieceKiB": 64}
    async with Client(space.people["provider"].data) as penstock:
        seen = await penstock.call("POST", "previews", fields | {"unit": "MiB", "tier": "kept"})
    assert seen["billed"] == told["billed"]
    assert Path(seen["files"][0]["path"]).suffix == ".csv"
