"""Read as a stream while it is bought: the right bytes in order, and nothing is paid without a reader."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import sys
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.consumer.pipe import WAITING_BYTES_MAX
from connector.runtime.errors import PenstockError, explain_failure
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIECE = 65_536
PRICE = 1000
MANDATE = {"limit": str(PRICE), "bid": None, "purpose": PURPOSE, "deposit": None, "to": "-"}
LONG = 400 * PIECE + 9


def command(space, product, *more):
    """Return the words of `penstock get --to -`."""
    asked = ("get", product, "--max-price", str(PRICE), "--purpose", PURPOSE, "--to", "-", "--id", product)
    return (sys.executable, "-m", "connector.cli.main", *asked, "--data", str(space.people["buyer"].data), *more)


async def run(*words):
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode, out, err.decode()


async def begun(space, product, **more):
    body = {"id": product, "product": product, "mandate": MANDATE | more}
    await space.doors["buyer"].call("POST", "acquisitions", body)


def bill(space, product):
    """Return what an acquisition has paid, and what all of it costs."""
    (row,) = [row for row in space.rows("buyer", "acquisitions") if row["id"] == product]
    paid = [each["amount"] for each in space.rows("buyer", "paid_rows") if each["agreement"] == row["agreement"]]
    (agreement,) = [each for each in space.rows("buyer", "agreements") if each["digest"] == row["agreement"]]
    (edition,) = [each for each in space.rows("provider", "editions") if each["id"] == agreement["edition"]]
    return sum(map(int, paid)), -(-int(json.loads(edition["header"])["plainBytes"]) * PRICE // 2**20)


@pytest.mark.parametrize("keep", [True, False])
async def test_one_file_is_its_bytes(space, keep):
    product = f"stream-{keep}".lower()
    (file,) = await space.publish("provider", product, (40 * PIECE + 7,), price=PRICE)
    code, out, err = await run(*command(space, product, *(() if keep else ("--no-keep",))))
    assert code == 0, err
    assert out == file.read_bytes()
    assert "pieces here" in err
    paid, all_of_it = bill(space, product)
    assert paid == all_of_it


async def test_several_files_are_an_archive(space):
    files = await space.publish("provider", "stream-many", (3 * PIECE + 1, 0, 1, PIECE, 512), price=PRICE)
    code, out, err = await run(*command(space, "stream-many"))
    assert code == 0, err
    with tarfile.open(fileobj=io.BytesIO(out)) as archive:
        found = {member.name: archive.extractfile(member).read() for member in archive}
    assert found == {path.name: path.read_bytes() for path in files}


async def test_columns_come_with_holes_and_a_footer_that_was_paid_first_comes_last(space, tmp_path):
    table = pa.table({"id": range(90_000), "delay": [n * 7 % 91 / 3 for n in range(90_000)]})
    pq.write_table(table, tmp_path / "flights.parquet", row_group_size=30_000)
    told = {"layout": "aligned", "columns": ["delay"]}
    await space.publish_files("provider", "stream-columns", [tmp_path / "flights.parquet"], price=PRICE, **told)
    code, out, err = await run(*command(space, "stream-columns"))
    assert code == 0, err
    assert len(out) == (tmp_path / "flights.parquet").stat().st_size
    assert pq.read_table(pa.BufferReader(out), columns=["delay"]) == table.select(["delay"])


async def test_who_reads_no_more_pays_no_more_and_may_come_back(space):
    (file,) = await space.publish("provider", "stream-head", (LONG,), price=PRICE)
    await begun(space, "stream-head")
    async with space.doors["buyer"].stream("acquisitions/stream-head/plain") as body:
        first = await anext(aiter(body.chunks()))
        await asyncio.sleep(1)  # nobody reads: windows come until the pipe is full
        paid, all_of_it = bill(space, "stream-head")
        assert 0 < paid < all_of_it
    view = await space.until("stream-head", lambda view: view["turn"]["whose"] == "buyer")
    assert "nobody reads" in view["turn"]["why"]
    assert file.read_bytes().startswith(first)
    paid, _ = bill(space, "stream-head")
    await asyncio.sleep(0.5)
    assert bill(space, "stream-head")[0] == paid < all_of_it
    code, out, err = await run(*command(space, "stream-head"))
    assert code == 0, err
    assert out == file.read_bytes()
    assert bill(space, "stream-head") == (all_of_it, all_of_it)


def reluctant(space, product):
    """Return a connection that asks for a stream and has room for next to nothing of it."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", int(space.url("buyer").rsplit(":", 1)[1])))
    token = (space.people["buyer"].data / "management.token").read_text().strip()
    head = f"GET /management/acquisitions/{product}/plain HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {token}\r\n\r\n"
    made.sendall(head.encode())
    return made


async def test_what_was_paid_but_not_read_is_read_later_for_nothing(space):
    (file,) = await space.publish("provider", "stream-paid", (WAITING_BYTES_MAX,), price=PRICE)
    await begun(space, "stream-paid")
    with reluctant(space, "stream-paid"):
        view = await space.until(
            "stream-paid", lambda view: view["progress"]["keysHeld"] == view["progress"]["rows"] > 0
        )
    assert view["state"] == "receiving"
    before = bill(space, "stream-paid")
    code, out, err = await run(*command(space, "stream-paid"))
    assert code == 0, err
    assert out == file.read_bytes()
    assert before == bill(space, "stream-paid") == before[::-1]


async def test_a_closed_stdout_is_no_crash(space):
    await space.publish("provider", "stream-pipe", (LONG,), price=PRICE)
    words = " ".join(command(space, "stream-pipe"))
    code, out, err = await run("bash", "-c", f"{words} | head -c 100; exit ${{PIPESTATUS[0]}}")
    assert (code, len(out)) == (130, 100)
    assert "nothing more is bought" in err
    assert "Traceback" not in err
    assert "ignored" not in err


async def test_a_pull_that_goes_on_leaves_out_what_was_read(space):
    (file,) = await space.publish("provider", "stream-pause", (LONG,), price=PRICE)
    await begun(space, "stream-pause")
    read = b""
    async with space.doors["buyer"].stream("acquisitions/stream-pause/plain") as body:
        async for chunk in body.chunks():
            read += chunk
            if len(read) >= PIECE:
                break
        transfer = (await space.doors["buyer"].call("GET", "acquisitions/stream-pause"))["transfer"]
        await space.doors["buyer"].call("POST", f"processes/{transfer}/suspend", {"reason": "a rest"})
        await asyncio.sleep(0.5)
        await space.doors["buyer"].call("POST", f"processes/{transfer}/resume", {})
        async for chunk in body.chunks():
            read += chunk
    assert read == file.read_bytes()


REFUSED = {
    "stream-to-null": ({"to": "null"}, "not asked for as a stream"),
    "stream-twice": ({}, "complete and was read"),
}


@pytest.mark.parametrize("product", REFUSED)
async def test_a_stream_that_is_none_is_refused(space, product):
    more, words = REFUSED[product]
    await space.publish("provider", product, (PIECE,), price=PRICE)
    await begun(space, product, **more)
    if product == "stream-twice":
        assert (await run(*command(space, product)))[0] == 0
    with pytest.raises(PenstockError) as refusal:
        async with space.doors["buyer"].stream(f"acquisitions/{product}/plain"):
            pass
    assert words in explain_failure(refusal.value).text


async def test_no_agreement_ends_the_stream_in_words(space):
    await space.publish("provider", "stream-dear", (PIECE,), price=PRICE)
    words = [word if word != str(PRICE) else "1" for word in command(space, "stream-dear")]
    code, out, err = await run(*words)
    assert (code, out) == (3, b"")
    assert "no agreement" in err


async def test_json_and_a_stream_do_not_share_stdout(space):
    code, out, err = await run(*command(space, "stream-json", "--json"))
    assert (code, out) == (2, b"")
    assert "stdout" in err
