"""Publishing from the console: what the preview shows, what is refused, and that no form reaches another file."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
import pytest_asyncio

from connector.provider.folders import files_of
from connector.runtime.errors import InvalidInput
from tests.api.visitor import Seen

pytestmark = pytest.mark.asyncio(loop_scope="session")
MARKUP = '"><script>alert(1)<img src=x onerror=alert(2)>.csv'
FORM = {
    "title": "Stations",
    "price": "4.20",
    "unit": "MiB",
    "tier": "kept",
    "purpose": "Research",
    "until": "2099-12-31",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def folder(connector):
    there = connector.data.parent / "on-offer"
    (there / "stations.csv").write_text("station,degrees\n" + "JFK,21\nLGA,22\n" * 40_000)
    (there / MARKUP).write_text("a,b\n1,2\n")
    (there / ".hidden").write_text("x")
    (there / "below").mkdir()
    (there / "below" / "deeper.csv").write_text("a\n1\n")
    (there / "away.csv").symlink_to(connector.data / "management.token")
    return there


async def previewed(visitor, folder, *names, **fields):
    asked = [("files", str(folder / name)) for name in names] + list({**FORM, **fields}.items())
    return await visitor.open("publish", params=asked)


async def test_only_files_of_the_named_folders_are_on_offer(connector, folder):
    there = files_of(connector)
    assert sorted(there) == sorted(str(folder / name) for name in (MARKUP, "stations.csv"))
    real = connector.settings
    try:
        for wrong in (connector.data, connector.data / "keys", folder / "absent"):
            console = replace(real.console, folders=(str(wrong),))
            connector.settings = replace(real, console=console)
            with pytest.raises(InvalidInput):
                files_of(connector)
    finally:
        connector.settings = real


async def test_the_preview_says_price_terms_and_columns(enter, folder):
    visitor = await enter("publisher", ("provider",))
    seen = await previewed(visitor, folder, "stations.csv", openings="3", region="US")
    assert seen.status == 200
    for words in ("4.20 CNY per MiB", "100 MiB", "420.00 CNY", "degrees", "sealed", "Publish it"):
        assert words in seen.text, words
    said = json.loads((await visitor.open(seen.url.replace("/publish?", "/publish.json?"))).text)
    costs = {one["en"]: one["amount"] for one in said["preview"]["examples"]}
    assert costs["1 MiB"] == "420"
    assert costs["100 MiB"] == "42000"
    assert [row["name"] for row in said["rows"]] == ["station", "degrees"]
    assert any("3" in rule for rule in said["preview"]["rules"]["en"])


async def test_what_is_personal_is_masked_in_the_form(enter, folder):
    (folder / "guests.csv").write_text("guest,phone\n" + "".join(f"g{at % 9},+49 30 55{at:05}\n" for at in range(90)))
    visitor = await enter("masker", ("provider",))
    try:
        bare = await previewed(visitor, folder, "guests.csv")
        assert "`phone` looks like: telephone number" in bare.text.replace("&#39;", "'")
        assert "Publish it" not in bare.text
        odd = await previewed(visitor, folder, "guests.csv", mask="phone")
        assert "`phone` is no mask" in odd.text
        seen = await previewed(visitor, folder, "guests.csv", mask="phone=hash, guest=redact")
        assert "Masked: a keyed digest" in seen.text
        assert "Publish it" in seen.text
        assert "+49 30 55" not in seen.text
        kept = await previewed(visitor, folder, "guests.csv", mask="phone=none")
        assert "Publish it" in kept.text
    finally:
        (folder / "guests.csv").unlink()


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": "four"}, {"price": "4.2.0"}, {"floor": "5"}, {"unit": "stone"}, {"tier": "magic"}, {"until": "soon"},
        {"purpose": "world domination"}, {"region": "Atlantis"}, {"openings": "-1"}, {"openings": "many"},
        {"unit": "opening"},
    ],
)  # fmt: skip
async def test_what_is_wrong_is_said_and_what_was_filled_in_stays(enter, folder, wrong):
    seen = await previewed(await enter("publisher", ("provider",)), folder, "stations.csv", **wrong)
    assert seen.status == 200
    assert "This cannot be published so" in seen.text
    assert "Publish it" not in seen.text
    assert 'value="Stations"' in seen.text


@pytest.mark.parametrize(
    "name", ["below/deeper.csv", ".hidden", "away.csv", "../data/management.token", "/etc/passwd", "absent.csv"]
)
async def test_no_form_reaches_another_file(connector, enter, folder, name):
    visitor = await enter("publisher", ("provider",))
    refused = await previewed(visitor, folder, name)
    assert "is no file that may be published" in refused.text
    page = await previewed(visitor, folder, "stations.csv")
    sent = await visitor.send(page, "/publish", **{**page.form("/publish")[2], "files": str(folder / name)})
    assert sent.status in (400, 405)
    before = await connector.store.read(lambda tx: len(tx.find("products")))
    token = page.form("sign-out")[2]["form"]
    form = {**dict.fromkeys(("description", "keywords", "floor", "region", "openings"), ""), **FORM}
    sent = await visitor.session.post(
        f"{visitor.prefix}/publish", data={**form, "files": str(folder / name), "form": token}
    )
    assert sent.status == 400
    assert await connector.store.read(lambda tx: len(tx.find("products"))) == before


async def test_names_of_files_and_what_is_typed_are_text(enter, folder):
    visitor = await enter("publisher", ("provider",))
    typed = dict.fromkeys(("title", "description", "keywords", "region", "openings"), MARKUP)
    seen = await previewed(visitor, folder, MARKUP, **typed)
    assert "&lt;script&gt;alert(1)" in seen.text
    assert "<script>alert" not in seen.text
    assert "<img" not in seen.text


async def test_it_is_published_in_three_steps(connector, enter, folder):
    visitor = await enter("publisher", ("provider",))
    page = await previewed(visitor, folder, "stations.csv", title="Published by hand")
    action = next(form for form in page.forms if form[0] == "post" and form[1].endswith("/publish"))
    token = action[2]
    async with visitor.session.post(f"{visitor.prefix}/publish", data=token) as answer:
        assert answer.status == 200, await answer.text()
        where = str(answer.url)
    assert "/products/" in where
    async with asyncio.timeout(60):
        while (said := json.loads((await visitor.open(where + ".json")).text))["state"] not in ("submitted", "failed"):
            await asyncio.sleep(0.2)
    assert said["state"] == "submitted", said
    assert said["title"] == "Published by hand"
    page = await visitor.open(where + "/versions")
    assert "Version 1" in page.text
    key = where.rsplit("/", 1)[-1]
    await connector.store.write(lambda tx: tx.update("listings", {"id": key}, state="listed"))
    reader = await enter("reader", ("buyer",))
    seen = await reader.open(f"catalogue/{key}?many=2")
    assert "2 MiB: 8.40 CNY" in seen.text
    assert (await reader.open(f"catalogue/{key}?many=two")).status == 400


PRODUCT = """
id = "by-file"
title = {{ en = "Stations", zh = "站点" }}
files = ["{name}"]
price = "4.20"
description = "**bold** <b>not bold</b> [x](javascript:alert)"

[policy]
purpose = "Research"
until = 2099-12-31

[tables."stations.csv".columns]
degrees = {{ meaning = {{ en = "warmth", zh = "温度" }}, unit = "°C" }}
"""


async def drafted(visitor, text, kind="toml"):
    """Paste a product file; return the page that it leads to."""
    page = await visitor.open("publish/file")
    token = page.form("sign-out")[2]["form"]
    async with visitor.session.post(
        f"{visitor.prefix}/publish/file", data={"kind": kind, "text": text, "form": token}
    ) as answer:
        return Seen(answer.status, str(answer.url), await answer.text(), answer.headers)


async def test_a_pasted_product_file_is_previewed_and_published(connector, enter, folder):
    visitor = await enter("drafter", ("provider",))
    assert "FILE-OR-FOLDER" in (await visitor.open("publish/file")).text
    seen = await drafted(visitor, PRODUCT.format(name="stations.csv"))
    for part in ("4.20 CNY per MiB", "warmth", "°C", "<strong>bold</strong>", "&lt;b&gt;not bold"):
        assert part in seen.text
    assert not [link for link in seen.links if link.startswith("javascript")]
    sent = await visitor.send(seen, "/publish/file/publication")
    assert (sent.status, sent.url.endswith("/products/by-file")) == (200, True)
    [row] = await connector.store.read(lambda tx: tx.find("products", "id = ?", ("by-file",)))
    assert row["brief"]["about"]["tables"]["stations.csv"]["columns"]["degrees"]["unit"] == "°C"


async def test_a_pasted_product_file_names_no_other_file_and_no_unknown_key(enter, folder):
    visitor = await enter("drafter-too", ("provider",))
    for name in ("/etc/passwd", "../stations.csv", "away.csv", ".hidden", "below/deeper.csv"):
        seen = await drafted(visitor, PRODUCT.format(name=name))
        assert "no file that may be published" in seen.text, name
    for text, part in (
        ("title = 'a'\nprise = 4", "perhaps `price`"),
        ("a = " + "[" * 5_000, "nested deeper"),
        ("title = 'a'", "files"),
    ):
        assert part in (await drafted(visitor, text)).text
    assert (await drafted(visitor, "a", kind="pickle")).status == 400
    assert (await visitor.open("publish/file?draft=nothing")).status == 404
