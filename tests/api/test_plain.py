"""A plain copy for a client that knows only HTTP: curl, and raw requests where curl is too polite."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import replace
from functools import partial

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from connector.custody import bearers, tickets
from connector.custody import edition as editions
from connector.custody.seal import Brief, seal
from connector.custody.sources import source_of
from connector.licence.throttle import Throttle
from connector.negotiation.protocol import data_address
from connector.provider.plain import copies
from connector.store.rows.protocol import ProcessState, TransferRow
from tests.api.running import SIZE, TERM, rule, running
from tests.interop import catalogue

pytestmark = pytest.mark.asyncio(loop_scope="module")

TERMS = catalogue.terms("running") | {"policy": {}, "salt": "05" * 32}
USE = rule(("count", "lteq", "10"))
FILES = {"a/b c.csv": 100_000, "empty.bin": 0, "last.bin": 65_536}
KILLED_BYTES = 3 << 20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    async with running(folder) as made:
        made.content = (folder / "source.bin").read_bytes()
        async with aiohttp.ClientSession() as made.session:
            yield made


@pytest.fixture
def curl(absent, tmp_path):
    """Run curl with arguments; returns its exit code and what it printed."""
    if shutil.which("curl") is None:
        absent("curl is not installed")

    async def run(*arguments):
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec("curl", "-sS", *arguments, stdout=pipe, stderr=pipe)
        out, err = await process.communicate()
        return process.returncode, out, err.decode()

    return run


async def copy(provider, policy=USE, **more):
    """Agree on a plain copy whose transfer runs; returns (agreement, transfer, url, header)."""
    digest, pid = await provider.agree(policy, tier="plain", terms=TERMS, **more)
    return digest, pid, *address(provider, digest, pid, **more)


def address(provider, digest, pid, edition=None, **_more):
    about = edition or provider.edition, bytes.fromhex(digest), tickets.transfer_digest(pid)
    token = bearers.issue(provider.connector.ticket_key, *about, provider.connector.clock.now())
    url = f"http://localhost:{provider.connector.settings.server.port}/plain/{about[0].hex()}"
    return url, {"Authorization": "Bearer " + token}


async def ask(provider, url, headers, method="GET"):
    async with provider.session.request(method, url, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_curl_takes_the_file_and_resumes_what_was_killed(provider, curl, tmp_path):
    digest, pid, url, header = await copy(provider)
    to = tmp_path / "copy.bin"
    say = ("-H", f"Authorization: {header['Authorization']}", "-o", str(to))
    to.write_bytes(provider.content[:KILLED_BYTES])
    assert await curl(*say, "-C", "-", url) == (0, b"", "")
    assert to.read_bytes() == provider.content
    row = await provider.row("copies", id=pid)
    assert (row["bytes"], row["number"], row["state"]) == (SIZE - KILLED_BYTES, 1, "open")
    assert await curl(*say, url) == (0, b"", "")
    assert to.read_bytes() == provider.content
    (started,) = await provider.events("opening.started", digest)
    assert started["part"] == digest
    assert [one["outcome"] for one in await provider.decisions(digest, "copy")] == ["allow"]
    assert (await provider.row("copies", id=pid))["bytes"] == 2 * SIZE - KILLED_BYTES


RANGES = {
    "bytes=0-0": (0, 1),
    "bytes=5-": (5, SIZE),
    "bytes=-7": (SIZE - 7, SIZE),
    f"bytes={(1 << 20) - 1}-{1 << 20}": ((1 << 20) - 1, (1 << 20) + 1),
    f"bytes={SIZE - 3}-{SIZE + 99}": (SIZE - 3, SIZE),
}


async def test_ranges(provider):
    _, _, url, header = await copy(provider)
    for told, (start, stop) in RANGES.items():
        status, headers, body = await ask(provider, url, header | {"Range": told})
        assert (status, body == provider.content[start:stop]) == (206, True), told
        assert headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    tag = headers["ETag"]
    status, _, body = await ask(provider, url, header | {"Range": "bytes=9-10", "If-Range": tag})
    assert (status, body) == (206, provider.content[9:11])


@pytest.mark.parametrize("told", [{"Range": "bytes=3-2"}, {"Range": f"bytes={SIZE}-"}, {"Range": "bytes=-0"}])
async def test_a_range_outside_the_file(provider, told):
    _, pid, url, header = await copy(provider)
    status, headers, _ = await ask(provider, url, header | told)
    assert (status, headers["Content-Range"]) == (416, f"bytes */{SIZE}")
    assert (await provider.row("copies", id=pid))["bytes"] == 0


WHOLE = (
    {"Range": "bytes=1-2", "If-Range": '"another"'},
    {"Range": "rows=1-2"},
    {"Range": "bytes=1-2,5-6"},
    {"Range": "bytes=a-b"},
)


@pytest.mark.parametrize("told", WHOLE)
async def test_a_range_that_does_not_apply_gives_the_whole(provider, told):
    _, _, url, header = await copy(provider)
    async with provider.session.get(url, headers=header | told) as answer:
        assert (answer.status, answer.content_length) == (200, SIZE)


async def test_head_opens_nothing_and_counts_nothing(provider):
    digest, pid, url, header = await copy(provider)
    status, headers, _ = await ask(provider, url, header, "HEAD")
    assert (status, headers["Content-Length"], headers["Accept-Ranges"]) == (200, str(SIZE), "bytes")
    assert await provider.row("copies", id=pid) is None
    assert await provider.decisions(digest, "copy") == []


async def test_several_files_are_listed_and_named(provider, tmp_path):
    for name, size in FILES.items():
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "source" / name).write_bytes(os.urandom(size))
    connector = provider.connector
    brief = Brief(series=os.urandom(32), number=1, key_holder=connector.did, piece_bytes=65_536)
    source, run = source_of([tmp_path / "source"]), connector.secrets.draw_run()
    sealed = seal(source, run, connector.blobs, brief, sealed_at=connector.clock.now())
    await provider.store.write(lambda tx: editions.record(tx, sealed, product="files", now=connector.clock.now()))
    _, _, url, header = await copy(provider, edition=sealed.edition_id)
    async with provider.session.get(url, headers=header) as answer:
        listed = (await answer.json())["files"]
    assert {one["path"]: int(one["bytes"]) for one in listed} == FILES
    for name in FILES:
        async with provider.session.get(url, headers=header, params={"path": name}) as answer:
            assert await answer.read() == (tmp_path / "source" / name).read_bytes()
    status, _, _ = await ask(provider, url + "?path=missing", header)
    assert status == 404


async def test_who_has_no_token_of_this_copy(provider):
    digest, pid, url, header = await copy(provider)
    token = header["Authorization"].removeprefix("Bearer ")
    wrong = {
        "none": {},
        "another's": {"Authorization": f"Bearer {token[:-8]}AAAAAAA="},
        "a ticket for sealed bytes": {"Authorization": "Bearer " + provider.ticket(digest, pid).split()[1]},
        "a ticket as it is": {"Authorization": provider.ticket(digest, pid)},
    }
    for name, headers in wrong.items():
        assert (await ask(provider, url, headers))[0] == 401, name
    assert (await ask(provider, url.replace(provider.edition.hex(), "00" * 32), header))[0] == 404
    assert (await ask(provider, url, {"Authorization": token}))[0] == 200, "some clients send it bare"
    sealed = url.replace("/plain/", "/sealed/") + "/pieces?first=0&count=1"
    assert (await ask(provider, sealed, {"Authorization": "Ticket " + token}))[0] == 401


async def test_each_transfer_is_one_use_and_the_policy_has_the_last_word(provider):
    digest, pid, url, header = await copy(provider, rule(("count", "lteq", "1"), ("purpose", "isA", "urn:p")))
    for _ in range(2):
        assert (await ask(provider, url, header | {"Range": "bytes=0-9"}))[0] == 206
    now = provider.connector.clock.now()
    await provider.store.write(lambda tx: provider.begin_transfer(tx, pid + "-2", digest, now + TERM, "plain"))
    url, header = address(provider, digest, pid + "-2")
    for _ in range(2):
        status, _, body = await ask(provider, url, header)
        assert (status, b"at most 1 times" in body) == (403, True)
    assert await provider.row("copies", id=pid + "-2") is None
    made = await provider.decisions(digest, "copy")
    assert sorted(one["outcome"] for one in made) == ["allow", "deny"]
    assert len(await provider.events("decision.made", digest)) == 2, "a refusal asked for again is no new decision"


async def test_a_purpose_that_is_said_is_held_to(provider):
    _, _, url, header = await copy(provider, rule(("purpose", "isA", "urn:p")))
    status, _, body = await ask(provider, url + "?purpose=urn:q", header)
    assert (status, b"purpose" in body) == (403, True)
    assert (await ask(provider, url, header | {"Range": "bytes=0-0"}))[0] == 206


@pytest.mark.parametrize("more", [{"parent": "0f" * 32}, {"terms": TERMS | {"columns": {"delay": "1"}}}])
async def test_what_a_plain_copy_would_give_too_much_of(provider, more):
    if "parent" in more:
        more["parent"], _ = await provider.agree(USE, tier="plain", terms=TERMS)
    digest, pid = await provider.agree(USE, tier="plain", **{"terms": TERMS} | more)
    url, header = address(provider, digest, pid)
    assert (await ask(provider, url, header))[0] == 403
    assert await provider.row("copies", id=pid) is None


async def test_what_only_the_client_could_know_and_did_not_say_is_refused(provider):
    _, _, url, header = await copy(provider, rule(("deliveryChannel", "eq", "urn:vpn")))
    assert (await ask(provider, url, header))[0] == 403


async def test_a_transfer_draws_its_edition_so_often_and_no_more(provider, monkeypatch):
    monkeypatch.setattr(copies, "EDITIONS_MAX", 2)
    monkeypatch.setattr(copies, "DRAWN_BYTES_MIN", 0)
    _, pid, url, header = await copy(provider)
    for _ in range(2):
        assert (await ask(provider, url, header))[0] == 200
    status, _, body = await ask(provider, url, header | {"Range": "bytes=0-0"})
    assert (status, b"request another" in body) == (403, True)
    assert (await provider.row("copies", id=pid))["bytes"] == 2 * SIZE


async def test_an_end_cuts_what_flows_and_records_what_was_served(provider):
    digest, pid, url, header = await copy(provider)
    async with provider.session.get(url, headers=header) as answer:
        await answer.content.read(1 << 16)
        await provider.connector.agreements.revoke(digest, "no more")
        with pytest.raises(aiohttp.ClientError):
            while await answer.content.readany():
                pass
    assert (await ask(provider, url, header))[0] == 403
    over = partial(replace, state=ProcessState.TERMINATED)
    await provider.store.write(lambda tx: provider.connector.copies.moved(tx, over(tx.get(TransferRow, id=pid))))
    (ended,) = await provider.events("opening.ended", digest)
    assert ended["part"] == digest
    assert (await provider.row("copies", id=pid))["state"] == "ended"


# --- pushed


class Receiver:
    """Takes files and answers what `answers` says, then 201; `taken` is (method, path, headers, body)."""

    def __init__(self):
        self.taken, self.answers, self.open = [], [], asyncio.Event()
        self.open.set()

    async def start(self):
        application = web.Application(client_max_size=2 * SIZE)
        application.router.add_route("*", "/{tail:.*}", self._take)
        self.runner = web.AppRunner(application, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://localhost:{self.runner.addresses[0][1]}/in"
        return self

    async def _take(self, request):
        await self.open.wait()
        answer = self.answers.pop(0) if self.answers else 201
        if answer is None:
            await request.content.read(1 << 16)
            request.transport.abort()
            raise ConnectionResetError
        self.taken.append((request.method, request.path, request.headers, await request.read()))
        return web.Response(status=answer)

    def address(self, **properties):
        return data_address.write(self.url, properties)


@pytest_asyncio.fixture(loop_scope="module")
async def receiver():
    made = await Receiver().start()
    yield made
    await made.runner.cleanup()


async def push(provider, address, policy=USE, **more):
    """Start a push and return its transfer's id and agreement."""
    digest, pid = await provider.agree(policy, tier="plain", terms=TERMS, **more)

    def act(tx):
        tx.update("transfers", {"id": pid}, format="HttpData-PUSH", address=address)

    await provider.store.write(act)
    provider.connector.pushes.moved("transfer", pid)
    return digest, pid


async def ended(provider, pid):
    """Return the transfer once the provider has said how it ends."""

    async def look():
        row = await provider.row("transfers", id=pid)
        return row if row["pending"] else None

    return await provider.until(look)


async def test_a_push_arrives_and_completes(provider, receiver):
    digest, pid = await push(provider, receiver.address(authorization="secret", authType="bearer"))
    assert (await ended(provider, pid))["pending"] == "COMPLETED"
    ((method, path, headers, body),) = receiver.taken
    assert (method, path, headers["Authorization"]) == ("PUT", "/in", "Bearer secret")
    assert (headers["Content-Length"], body == provider.content) == (str(SIZE), True)
    assert (await provider.row("copies", id=pid))["bytes"] == SIZE
    assert [one["outcome"] for one in await provider.decisions(digest, "copy")] == ["allow"]


async def test_a_push_that_breaks_off_is_sent_again(provider, receiver):
    receiver.answers = [None]
    _, pid = await push(provider, receiver.address(method="POST"))
    assert (await ended(provider, pid))["pending"] == "COMPLETED"
    ((method, _, _, body),) = receiver.taken
    assert (method, body == provider.content) == ("POST", True)


async def test_a_push_that_never_succeeds_ends_at_its_bound(provider, receiver, monkeypatch):
    monkeypatch.setattr(copies, "EDITIONS_MAX", 2)
    monkeypatch.setattr(copies, "DRAWN_BYTES_MIN", 0)
    receiver.answers = [503, 503, 503]
    _, pid = await push(provider, receiver.address())
    row = await ended(provider, pid)
    assert (row["pending"], "request another" in row["reason"], len(receiver.taken)) == ("TERMINATED", False, 2)
    assert "may be by one transfer" in row["reason"]


async def test_a_pause_stops_a_push_and_a_start_goes_on(provider, receiver):
    receiver.open.clear()  # what is sent fills buffers and waits
    _, pid = await push(provider, receiver.address())
    await provider.until(lambda: provider.row("copies", id=pid))
    await provider.connector.engine.operating.suspend(pid, "later")
    assert (await provider.row("transfers", id=pid))["pending"] == "SUSPENDED"

    def start(tx):
        tx.delete("outbox", subject=pid)
        tx.update("transfers", {"id": pid}, state="STARTED", pending="")

    await provider.store.write(start)
    receiver.open.set()
    provider.connector.pushes.moved("transfer", pid)
    assert (await ended(provider, pid))["pending"] == "COMPLETED"
    assert receiver.taken[-1][3] == provider.content


async def test_a_push_that_is_refused_ends_the_transfer(provider, receiver):
    receiver.answers = [403]
    _, pid = await push(provider, receiver.address())
    row = await ended(provider, pid)
    assert (row["pending"], "403" in row["reason"]) == ("TERMINATED", True)


async def test_a_push_that_the_policy_denies_sends_nothing(provider, receiver):
    _, pid = await push(provider, receiver.address(), rule(("deliveryChannel", "eq", "urn:vpn")))
    assert (await ended(provider, pid))["pending"] == "TERMINATED"
    assert receiver.taken == []


async def test_an_agreement_has_a_rate_over_all_its_connections(provider, monkeypatch):
    rate = 16 << 20
    throttle = Throttle(provider.connector.clock.monotonic, each=rate)
    monkeypatch.setitem(provider.connector.parts._found, Throttle, throttle)
    _, _, url, header = await copy(provider)
    begun = asyncio.get_running_loop().time()
    part = header | {"Range": f"bytes=0-{(4 << 20) - 1}"}
    answers = await asyncio.gather(*(ask(provider, url, part) for _ in range(2)))
    assert [status for status, _, _ in answers] == [206, 206]
    assert asyncio.get_running_loop().time() - begun >= (6 << 20) / rate, "all but the first piece and a burst waits"
