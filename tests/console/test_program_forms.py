"""Programs and assents that a browser sends: kept by digest, chosen in a form, looked at, and signed on a button."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from connector.compute import program_files
from connector.compute.program import PROGRAM_BYTES_MAX, digest_of
from connector.runtime import limits
from connector.runtime.clock import SetClock
from contracts import assent as assents
from tests.compute import programs

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS = "select revenue from firms where year >= 2024"
BUYER, PROVIDER = "did:web:buyer.example", "did:web:grid.example"
MEANT = {
    "product": "firms", "statement": ROWS, "tells": "mean:0:1000", "buyer": BUYER, "provider": PROVIDER,
    "until": "2099-06-30T00:00:00Z", "why": "a mean of all says nothing of one",
}  # fmt: skip
FORM, ASK = "acts/program-assent", "acts/program-ask"


@pytest_asyncio.fixture(loop_scope="session")
async def reviewer(connector, enter):
    """Somebody who may assent, at a participant to which no program was sent."""
    for path in left(connector):
        path.unlink()
    return await enter("reviewer", ("provider", "buyer", "regulator"), again=True)


def left(connector):
    folder = connector.program_files.folder
    return sorted(folder.iterdir()) if folder.exists() else []


async def sent(visitor, content=programs.MEAN, name="mean.wat", form=FORM, **typed):
    page = await visitor.open(form, params=typed)
    return await visitor.send_files(page, "/files", {"file": (name, content)})


async def given(connector):
    rows = await connector.store.read(lambda tx: tx.find("log_entries"))
    return [row for row in rows if row["kind"] == "assent.given"]


async def test_a_program_is_sent_looked_at_and_assented_to(connector, reviewer):
    digest, before = digest_of(programs.MEAN), len(await given(connector))
    seen = await sent(reviewer, **MEANT)
    asked = {name: told for name, [told] in parse_qs(urlsplit(seen.url).query).items()}
    assert asked == {**MEANT, "file": digest}, "what was typed is there still"
    [path] = left(connector)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (programs.MEAN, 0o600)
    assert f'<option value="{digest}" selected>mean.wat' in seen.text
    looked = await reviewer.open(FORM, params={**asked, "preview": "1"})
    for words in (f"Assent to the program {digest} of {BUYER} on firms: {ROWS}", "mean.wat", "assent.given"):
        assert words.replace(">", "&gt;") in looked.text, words
    assert (len(await given(connector)), "signature" in looked.text) == (before, False), "nothing is signed by looking"
    assert json.loads((await reviewer.open("assents.json")).text)["rows"] == []
    done = await reviewer.send(looked, "/" + FORM)
    assert done.status == 200, done.text
    name = done.url.rpartition("/assents/")[2]
    assert len(await given(connector)) == before + 1
    twin = await reviewer.open(f"assents/{name}.json")
    signed = assents.read(twin.text.encode())
    assert (signed.assent.digest.hex(), signed.assent.program) == (name, digest)
    assert signed.is_by(connector.core.identity.keys.address)
    assert f'href="/console/assents/{name}.json" download="assent.json"' in done.text
    [row] = json.loads((await reviewer.open("assents.json")).text)["rows"]
    assert (row["assent"], row["buyer"], row["program"], row["state"]) == (name, BUYER, digest, "good")
    assert name in (await reviewer.open("assents")).text
    again = await reviewer.send(looked, "/" + FORM)
    assert again.url == done.url, "the same words are the same assent"
    assert len(json.loads((await reviewer.open("assents.json")).text)["rows"]) == 1
    assert (await reviewer.open("assents/" + "0a" * 32)).status == 404


async def test_both_files_of_a_run_come_in_one_form(connector, reviewer):
    page = await reviewer.open(ASK, params={"what": "firms"})
    assent = {"document": json.loads((await signed(reviewer)).text)["document"], "signature": "0a" * 65}
    content = json.dumps(assent).encode()
    seen = await reviewer.send_files(
        page, "/files", {"file": ("mean.wat", programs.MEAN), "assent": ("assent.json", content)}
    )
    asked = {name: told for name, [told] in parse_qs(urlsplit(seen.url).query).items()}
    assert asked["assent"] == "sha-256:" + sha256(content).hexdigest()
    assert {path.name.partition("-")[0] for path in left(connector)} == {"program", "assent"}
    looked = await reviewer.open(ASK, params={**asked, "statement": ROWS, "tells": "mean:0:1000", "preview": "1"})
    assert looked.status == 404, "nothing was agreed about it"
    told = json.loads((await reviewer.open(ASK + ".json", params=asked)).text)
    assert [one["digest"] for one in told["choices"]["assent"]["files"]] == [asked["assent"]]
    assert [one["name"] for one in told["choices"]["file"]["files"]] == ["mean.wat"]


async def signed(visitor):
    """Return the twin of an assent that was given."""
    asked = {**MEANT, "file": digest_of(programs.MEAN), "preview": "1", "free": "1"}
    await sent(visitor)
    done = await visitor.send(await visitor.open(FORM, params=asked), "/" + FORM)
    twin = await visitor.open(done.url + ".json")
    assert "parameters" not in json.loads(twin.text)["document"], "they are free"
    return twin


async def test_what_differs_from_what_was_looked_at_is_another_file(connector, reviewer):
    """A form says a digest; whatever else lies here, what has that digest is signed, or nothing is."""
    await sent(reviewer)
    looked = await reviewer.open(FORM, params={**MEANT, "file": digest_of(programs.MEAN), "preview": "1"})
    before = len(await given(connector))
    [path] = left(connector)
    path.unlink()
    await sent(reviewer, programs.ECHO)
    refused = await reviewer.send(looked, "/" + FORM)
    assert (refused.status, "send its file again" in refused.text) == (404, True)
    for odd in ("mean.wat", "../management.token", str(left(connector)[0]), digest_of(b"other")):
        refused = await reviewer.send(looked, "/" + FORM, file=odd)
        assert refused.status == 404, odd
    assert len(await given(connector)) == before


@pytest.mark.parametrize(
    ("act", "files", "status", "words"),
    [
        (FORM, {"file": ("mean.wat", b"")}, 400, "1 byte to 512 KiB"),
        (FORM, {"file": ("", b"")}, 400, "no file was chosen"),
        (FORM, {"file": ("big.wasm", bytes(PROGRAM_BYTES_MAX + 1))}, 413, "at most"),
        (FORM, {"file": ("huge.wasm", bytes(2 * PROGRAM_BYTES_MAX))}, 413, "at most"),
        (FORM, {"assent": ("assent.json", b"{}")}, 400, "this form has the files file"),
        (ASK, {"assent": ("assent.json", b"{}")}, 400, "is no assent"),
        (ASK, {"assent": ("assent.json", b"x" * (assents.ASSENT_BYTES_MAX + 1))}, 413, "at most"),
    ],
)
async def test_what_is_none_of_its_kind_is_refused_and_not_kept(connector, reviewer, act, files, status, words):
    seen = await reviewer.send_files(await reviewer.open(act), "/files", files)
    assert (seen.status, words in seen.text) == (status, True), seen.text
    assert left(connector) == []


@pytest.mark.parametrize(
    ("told", "kept"),
    [("../../management.token", "management.token"), ("a\\b|c?.wasm", "b_c_.wasm"), ("程序" * 60 + ".wasm", ".wasm")],
)
async def test_a_name_reaches_no_other_place(connector, reviewer, told, kept):
    assert (await sent(reviewer, name=told)).status == 200
    [path] = left(connector)
    assert path.parent == connector.program_files.folder
    assert path.name.endswith(kept)


async def test_a_stranger_and_who_may_only_look_send_nothing(connector, enter, reviewer):
    page = await reviewer.open(FORM)
    onlooker = await enter("looks-at-programs", ("provider", "buyer"), operator=False)
    exchange = await enter("of-no-program", ("exchange",))
    for visitor in (onlooker, exchange):
        token = (await visitor.open("overview")).form("sign-out")[2]["form"]
        refused = await visitor.send_files(page, "/files", {"file": ("mean.wat", programs.MEAN)}, form=token)
        assert refused.status == 403
    assert "multipart" not in (await onlooker.open(FORM)).text
    assert json.loads((await onlooker.open(FORM + ".json")).text).get("choices") is None
    files = {"file": ("mean.wat", programs.MEAN)}
    theirs = (await onlooker.open("overview")).form("sign-out")[2]["form"]
    for token in ("", "0" * 64, theirs):
        assert (await reviewer.send_files(page, "/files", files, form=token)).status == 403
    there = {"Sec-Fetch-Site": "cross-site"}
    assert (await reviewer.send_files(page, "/files", files, headers=there)).status == 403
    assert left(connector) == []


async def test_the_oldest_makes_room_and_nothing_stays_for_good(connector, reviewer, monkeypatch):
    monkeypatch.setattr(program_files, "PROGRAM_FILES_MAX", 3)
    for number in range(5):
        await sent(reviewer, programs.MEAN + b";; %d" % number, f"{number}.wat")
    names = [one.name for one in await connector.program_files.page("program")]
    assert names == ["4.wat", "3.wat", "2.wat"]
    await sent(reviewer, programs.MEAN + b";; 2", "again.wat")
    names = [one.name for one in await connector.program_files.page("program")]
    assert names == ["again.wat", "4.wat", "3.wat"], "the same bytes are one file"
    await connector.program_files.tidy()
    assert len(left(connector)) == 3
    later = SetClock(connector.core.clock.now() + timedelta(days=limits.UPLOAD_DAYS_KEPT, minutes=1))
    monkeypatch.setattr(connector.program_files, "_core", replace(connector.core, clock=later))
    await connector.program_files.tidy()
    assert left(connector) == []


async def test_a_console_that_takes_no_files_says_so(connector, reviewer, monkeypatch):
    page, real = await reviewer.open(FORM), connector.core.settings
    none = replace(real, console=replace(real.console, uploads=0))
    monkeypatch.setattr(connector.program_files, "_core", replace(connector.core, settings=none))
    seen = await reviewer.open(FORM)
    assert "multipart" not in seen.text
    assert "penstock program assent" in seen.text
    refused = await reviewer.send_files(page, "/files", {"file": ("mean.wat", programs.MEAN)})
    assert (refused.status, left(connector)) == (400, [])


async def test_an_assent_that_is_over_is_listed_as_such(connector, enter, reviewer, monkeypatch):
    twin = await signed(reviewer)
    until = json.loads(twin.text)["document"]["until"]
    later = SetClock(connector.core.clock.now() + timedelta(days=100 * 366))
    monkeypatch.setattr(connector.assents, "_core", replace(connector.core, clock=later))
    rows = json.loads((await reviewer.open("assents.json")).text)["rows"]
    assert {row["state"] for row in rows if row["until"] == until} == {"lapsed"}
    chinese = await enter("reviewer-zh", ("provider",), language="zh")
    assert "程序审查同意书" in (await chinese.open("assents")).text
