"""Files sent from a browser: what is kept, what is refused, and that nothing of what was refused or cut off stays."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
import pytest_asyncio

from connector.operation.access_log import SUFFIX
from connector.provider import uploads as room
from connector.runtime import limits
from connector.runtime.clock import SetClock
from connector.runtime.data_folder import ACCESS
from connector.runtime.errors import Conflict
from connector.runtime.room import MIB
from tests.api.visitor import Seen

pytestmark = pytest.mark.asyncio(loop_scope="session")
TABLE = b"station,degrees\nJFK,21\nLGA,22\n"
BOUNDARY = "cut-here"


@pytest_asyncio.fixture(loop_scope="session")
async def sender(connector, enter):
    """Somebody who may send files, and a folder without any."""
    for path in connector.uploads.there():
        Path(path).unlink()
    return await enter("sender", ("provider",), again=True)


def token(page):
    return page.form("sign-out")[2]["form"]


async def sent(visitor, files, form=None, headers=None):
    """Send (name, bytes) as a browser does; return the page that it leads to."""
    form = token(await visitor.open("publish")) if form is None else form
    pieces = [part("form", form.encode()), *(part("files", data, name) for name, data in files)]
    body = b"".join(pieces) + f"--{BOUNDARY}--\r\n".encode()
    told = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **(headers or {})}
    where = f"{visitor.prefix}/publish/files"
    async with visitor.session.post(where, data=io.BytesIO(body), headers=told) as answer:
        return Seen(answer.status, str(answer.url), await answer.text(), answer.headers)


def part(field, data, name=None):
    """A part as browsers write it: the name in UTF-8, of what would end it only the quotation mark escaped."""
    named = "" if name is None else f'; filename="{name.replace(chr(34), "%22")}"'
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"{named}\r\n\r\n'.encode() + data + b"\r\n"


def names(connector):
    return sorted(Path(path).name for path in connector.uploads.there())


def left(connector):
    """What lies in the folder, seen or not."""
    folder = connector.uploads.folder
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


async def test_what_is_sent_is_kept_whole_chosen_in_the_form_and_published(connector, sender):
    big = os.urandom(3 * 1024 * 1024 + 17)
    seen = await sent(sender, [("tides.csv", TABLE), ("raw.bin", big)])
    assert seen.status == 200
    paths = [value for name, value in parse_qsl(urlsplit(seen.url).query) if name == "files"]
    assert paths == [str(connector.uploads.folder / name) for name in ("tides.csv", "raw.bin")]
    assert [Path(path).read_bytes() for path in paths] == [TABLE, big]
    assert [Path(path).stat().st_mode & 0o777 for path in paths] == [0o600, 0o600]
    assert left(connector) == ["raw.bin", "tides.csv"]
    chosen = set(re.findall(r'name="files" value="([^"]*)" checked', seen.text))
    assert chosen == set(paths)
    fields = {"title": "Tides", "price": "1.00", "unit": "MiB", "tier": "kept", "purpose": "Research"}
    asked = [("files", paths[0]), *fields.items(), ("until", "2099-12-31")]
    preview = await sender.open("publish", params=asked)
    assert "degrees" in preview.text
    action = next(form for form in preview.forms if form[0] == "post" and form[1].endswith("/publish"))
    async with sender.session.post(f"{sender.prefix}/publish", data=action[2]) as answer:
        where = str(answer.url)
    key = where.rsplit("/", 1)[-1]
    async with asyncio.timeout(60):
        while (await connector.publications.wait(key, 1.0))["state"] != "submitted":
            await asyncio.sleep(0.1)


async def test_the_same_again_is_the_same_and_other_bytes_are_refused(connector, sender):
    for _ in range(2):
        assert (await sent(sender, [("tides.csv", TABLE)])).status == 200
    refused = await sent(sender, [("new.csv", b"a\n1\n"), ("tides.csv", TABLE + b"SFO,23\n")])
    assert refused.status == 409
    assert "with other bytes" in refused.text
    assert str(connector.data) not in refused.text
    assert left(connector) == ["tides.csv"]
    assert connector.uploads.folder.joinpath("tides.csv").read_bytes() == TABLE
    assert (await sent(sender, [("TIDES.csv", TABLE)])).status == 409
    assert (await sent(sender, [("a.csv", TABLE), ("A.csv", TABLE)])).status == 400
    assert left(connector) == ["tides.csv"]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("../../management.token", "management.token"),
        ("..\\..\\keys\\log", None),
        ("/etc/passwd", "passwd"),
        ("a:b|c?.csv", "a_b_c_.csv"),
        ("rtl\u202egpj.csv", "rtl_gpj.csv"),
        ("数据 表.csv", "数据 表.csv"),
        ("'\"><script>x.csv", "'%22__script_x.csv"),
        (".env", None), ("..", None), ("/", None), ("con.csv", None), ("end.", None), ("x" * 300, None),
        ("a\0b", None),
    ],
)  # fmt: skip
async def test_a_name_reaches_no_other_place(connector, sender, told, kept):
    before = {path for path in connector.data.rglob("*") if "uploads" not in path.parts and "wal" not in path.name}
    seen = await sent(sender, [(told, TABLE)])
    assert seen.status == (400 if kept is None else 200), seen.text
    found = left(connector)
    assert (len(found) == 1 and found[0].endswith(kept)) if kept else found == []
    assert "<script>x" not in seen.text
    after = {path for path in connector.data.rglob("*") if "uploads" not in path.parts and "wal" not in path.name}
    # the access log begins its file when it likes; no name that was told ends like it
    new = {path for path in after - before if path.is_file() and "sealed" not in path.parts}
    assert {path for path in new if (path.parent.name, path.suffix) != (ACCESS, SUFFIX)} == set()


async def test_what_is_too_large_is_refused_before_its_bytes(connector, sender, monkeypatch):
    real = connector.core.settings
    small = replace(real, console=replace(real.console, uploads=1))
    monkeypatch.setattr(connector.uploads, "_core", replace(connector.core, settings=small))
    page = await sender.open("publish")
    assert f'data-upload="{MIB}"' in page.text
    refused = await sent(sender, [("large.bin", bytes(MIB + 1))])
    assert refused.status == 413
    assert "1.0 MiB more may be sent" in refused.text
    assert (await sent(sender, [("half.bin", bytes(MIB // 2))])).status == 200
    assert (await sent(sender, [("other.bin", bytes(MIB // 2))])).status == 413
    assert left(connector) == ["half.bin"]
    none = replace(real, console=replace(real.console, uploads=0))
    monkeypatch.setattr(connector.uploads, "_core", replace(connector.core, settings=none))
    assert "multipart" not in (await sender.open("publish")).text
    assert (await sent(sender, [("a.csv", TABLE)])).status == 400


async def test_a_disk_without_room_is_said_before_and_in_the_middle(connector, sender, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(room.Uploads, "_on_disk", lambda _: 1_000)
        refused = await sent(sender, [("a.csv", bytes(2_000))])
        assert refused.status == 507
        assert "room for 0.0 MiB" in refused.text

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("connector.runtime.files.write_at", full)
        refused = await sent(sender, [("a.csv", bytes(2_000))])
    assert refused.status == 507
    assert "no space left" in refused.text
    assert left(connector) == []
    assert not connector.uploads._promised


async def raw(visitor, connector, body, length, headers=()):
    """Send bytes by hand, and break off; returns the status that was answered, if any."""
    cookies = "; ".join(f"{one.key}={one.value}" for one in visitor.session.cookie_jar)
    reader, writer = await asyncio.open_connection("127.0.0.1", connector.core.settings.server.port)
    told = [
        "POST /console/publish/files HTTP/1.1", "Host: localhost", f"Cookie: {cookies}", "Accept: text/html",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}", *headers,
    ]  # fmt: skip
    told += [f"Content-Length: {length}"] if length is not None else ["Transfer-Encoding: chunked"]
    writer.write("\r\n".join(told).encode() + b"\r\n\r\n" + body)
    await writer.drain()
    return reader, writer


def parts(form, name, data, *, end=True):
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="form"\r\n\r\n{form}\r\n'
    head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return head.encode() + data + (f"\r\n--{BOUNDARY}--\r\n".encode() if end else b"")


async def until(settled, seconds=10):
    async with asyncio.timeout(seconds):
        while not settled():
            await asyncio.sleep(0.05)


async def test_what_is_cut_off_in_the_middle_leaves_nothing(connector, sender):
    form = token(await sender.open("publish"))
    body = parts(form, "half.csv", bytes(500_000), end=False)
    _, writer = await raw(sender, connector, body, len(body) + 500_000)
    await until(lambda: any(one.endswith(".part") for one in left(connector)))
    writer.close()
    await until(lambda: left(connector) == [])
    reader, writer = await raw(sender, connector, body, len(body))  # whole by its length, and without its end
    assert b" 400 " in await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    await until(lambda: left(connector) == [] and not connector.uploads._promised)
    assert (await sent(sender, [("half.csv", TABLE)])).status == 200


async def test_who_sends_nothing_more_is_refused(connector, sender, monkeypatch):
    real = connector.core.settings
    slow = replace(real, server=replace(real.server, request_seconds=0.3))
    form = token(await sender.open("publish"))
    body = parts(form, "slow.csv", bytes(1_000), end=False)
    monkeypatch.setattr("connector.api.uploading._seconds", lambda _: slow.server.request_seconds)
    reader, writer = await raw(sender, connector, body, len(body) + 500_000)
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    await until(lambda: left(connector) == [])


async def test_what_is_no_upload_is_refused(connector, sender):
    form = token(await sender.open("publish"))
    whole = parts(form, "a.csv", TABLE)
    for body, length, headers, status in (
        (b"", None, (), 400),
        (whole, len(whole), ("Content-Encoding: gzip",), 415),
        (b"x" * 100, 100, (), 400),
        (whole.replace(b'name="form"', b'name="files"; filename="x"'), len(whole) + 18, (), 403),
        (whole.replace(form.encode(), b"f" * 5_000), len(whole) + 5_000 - len(form), (), 403),
    ):
        reader, writer = await raw(sender, connector, body, length, headers)
        assert f" {status} ".encode() in await asyncio.wait_for(reader.readline(), 10), (body[:80], status)
        writer.close()
    encoded = whole.replace(b'filename="a.csv"', b'filename="a.csv"\r\nContent-Transfer-Encoding: base64')
    reader, writer = await raw(sender, connector, encoded, len(encoded))
    assert b" 400 " in await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    for at in range(0, len(whole) - 1, 41):  # a body that ends anywhere
        reader, writer = await raw(sender, connector, whole[:at], at)
        said = await asyncio.wait_for(reader.readline(), 10)
        assert b" 400 " in said or b" 403 " in said, at  # 403 where the token ends early
        writer.close()
    assert (await sent(sender, [])).status == 400
    assert (await sent(sender, [("", b"")])).status == 400
    assert (await sent(sender, [(f"{n}.csv", b"1") for n in range(limits.UPLOAD_FILES_MAX + 1)])).status == 400
    await until(lambda: left(connector) == [])


async def test_two_at_once(connector, sender):
    large = os.urandom(2 * MIB)
    seen = await asyncio.gather(*(sent(sender, [(f"{n}.bin", large)]) for n in range(limits.CONSOLE_UPLOADS_MAX)))
    assert [one.status for one in seen] == [200] * limits.CONSOLE_UPLOADS_MAX
    both = await asyncio.gather(*(sent(sender, [("same.bin", large[n:])]) for n in range(2)))
    assert sorted(one.status for one in both) == [200, 409]
    assert connector.uploads.folder.joinpath("same.bin").read_bytes() in (large, large[1:])
    form = token(await sender.open("publish"))
    body = parts(form, "held.csv", bytes(100_000), end=False)
    held = [(await raw(sender, connector, body, len(body) + 100_000)) for _ in range(limits.CONSOLE_UPLOADS_MAX)]
    await until(lambda: len(connector.uploads._promised) == limits.CONSOLE_UPLOADS_MAX)
    assert (await sent(sender, [("one-more.csv", TABLE)])).status == 429
    for _, writer in held:
        writer.close()
    await until(lambda: not connector.uploads._promised)
    assert (await sent(sender, [("one-more.csv", TABLE)])).status == 200


async def test_two_at_once_do_not_get_the_same_room(connector, sender, monkeypatch):
    monkeypatch.setattr(room.Uploads, "_on_disk", lambda _: 3_000_000)
    seen = await asyncio.gather(*(sent(sender, [(f"{n}.bin", os.urandom(2_000_000))]) for n in range(2)))
    assert sorted(one.status for one in seen) == [200, 507]


async def test_a_stranger_sends_nothing(connector, enter, sender):
    onlooker = await enter("onlooker", ("provider",), operator=False)
    buyer = await enter("a-buyer", ("buyer",))
    for visitor in (onlooker, buyer):
        form = token(await visitor.open("overview"))
        assert (await sent(visitor, [("a.csv", TABLE)], form)).status == 403
        assert "multipart" not in (await visitor.open("publish")).text
    for form in ("", "0" * 64, token(await onlooker.open("overview"))):
        assert (await sent(sender, [("a.csv", TABLE)], form)).status == 403
    ours = token(await sender.open("publish"))
    assert (await sent(sender, [("a.csv", TABLE)], ours, {"Sec-Fetch-Site": "cross-site"})).status == 403
    async with aiohttp.ClientSession() as stranger:
        told = aiohttp.FormData()
        told.add_field("form", ours)
        told.add_field("files", TABLE, filename="a.csv")
        where = f"{sender.prefix}/publish/files"
        async with stranger.post(where, data=told(), allow_redirects=False) as answer:
            assert answer.status in (303, 401)
    assert left(connector) == []


async def test_what_was_sent_is_removed_by_hand_and_by_itself(connector, sender, monkeypatch):
    page = await sent(sender, [("a.csv", TABLE), ("b.csv", TABLE)])
    assert (await sender.send(page, "/publish/files/removal", name="a.csv")).status == 200
    assert names(connector) == ["b.csv"]
    for wrong in ("a.csv", "../management.token", "../uploads/b.csv", "", "."):
        refused = await sender.send(page, "/publish/files/removal", name=wrong)
        assert refused.status in (400, 404), wrong
    assert connector.data.joinpath("management.token").exists()
    await connector.uploads.tidy()
    assert names(connector) == ["b.csv"]
    later = SetClock(connector.core.clock.now() + timedelta(days=limits.UPLOAD_DAYS_KEPT, minutes=1))
    monkeypatch.setattr(connector.uploads, "_core", replace(connector.core, clock=later))
    await sent(sender, [("tides.csv", TABLE)])  # a product names it
    await connector.uploads.tidy()
    assert names(connector) == ["tides.csv"]


async def test_what_is_being_sealed_is_not_removed(connector, sender, monkeypatch):
    await sent(sender, [("tides.csv", TABLE)])
    real = room._products

    def sealing(tx):
        return [replace(row, state="draft") for row in real(tx)]

    monkeypatch.setattr(room, "_products", sealing)
    with pytest.raises(Conflict, match="is being sealed"):
        await connector.uploads.remove("tides.csv")


async def test_what_a_crash_left_goes_with_the_next_start(connector, sender):
    await sent(sender, [("a.csv", TABLE)])
    crashed = connector.uploads.folder / ".0123.part"
    crashed.mkdir()
    (crashed / "half.csv").write_bytes(b"half")
    await connector.uploads.recover()
    assert left(connector) == ["a.csv"]
