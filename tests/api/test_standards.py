"""What is listed in the words of others, as real participants ask for it: faces, the catalogue, the card, the files."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
import rdflib
import rdflib.compare

from tests.api.command import commanded
from tests.api.refusals import status as refused
from tests.api.test_console_story import entered

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning"),  # the reader's own affair
]
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
FILE = """
id = "gauges-{n}"
title = {{ en = "Gauges", zh = "水位计" }}
files = ["gauges.csv"]
keywords = ["water"]
licence = "https://creativecommons.org/licenses/by/4.0/"
citation = "Harbour (2026): Gauges."
description = "# Fake heading\\n\\nlevels of **three** gauges"
contact = "desk@example.org"
policy = {{ purpose = "Research", until = 2099-01-31 }}
price = "4.20"
mask = {{ e_mail = "none" }}
[tables."gauges.csv"]
title = "Levels"
columns.level = {{ meaning = "water level", unit = "cm" }}
"""


async def said(space, role, *words, code=0):
    done = await commanded(*map(str, words), "--data", space.people[role].data)
    assert done.code == code, (done.out, done.err)
    return done.out.decode(), done.err.decode()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gauges(space, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gauges")
    rows = "".join(f"g{n % 3},{n % 90},2026-01-{n % 28 + 1:02},a{n}@example.org\n" for n in range(600))
    (folder / "gauges.csv").write_text("gauge,level,day,e_mail\n" + rows)
    (folder / "product.toml").write_text(FILE.format(n=1))
    await said(space, "provider", "publish", "--from", folder / "product.toml")
    await space.doors["exchange"].call("POST", "listings/gauges-1/review", {})
    return folder


async def test_croissant_goes_out_with_the_checksum_of_what_its_address_serves(space, gauges):
    out, _ = await said(space, "buyer", "product", "show", "gauges-1", "--croissant")
    document = json.loads(out)
    header, file = document["distribution"]
    async with aiohttp.ClientSession() as session, session.get(header["contentUrl"]) as answer:
        assert hashlib.sha256(await answer.read()).hexdigest() == header["sha256"]
    assert (file["name"], file["containedIn"]) == ("gauges.csv", {"@id": header["@id"]})
    assert document["name"] == {"en": "Gauges", "zh": "水位计"}
    assert json.loads((await said(space, "buyer", "product", "face", "gauges-1", "--as", "croissant"))[0]) == document


async def test_croissant_comes_in_as_the_product_it_went_out_of(space, gauges, tmp_path):
    out, _ = await said(space, "buyer", "product", "show", "gauges-1", "--croissant")
    (tmp_path / "croissant.json").write_text(out.replace("product/gauges-1", "product/gauges-2"))
    (tmp_path / "gauges.csv").write_bytes((gauges / "gauges.csv").read_bytes())
    rest = ("--price", "420", "--purpose", "Research", "--until", "2099-01-31T23:59:59Z", "--mask", "e_mail=none")
    _, err = await said(space, "provider", "publish", "--from", tmp_path / "croissant.json", *rest)
    assert "not taken: dataType of 4 fields: what columns hold is measured" in err
    await space.doors["exchange"].call("POST", "listings/gauges-2/review", {})
    again = json.loads((await said(space, "buyer", "product", "show", "gauges-2", "--croissant"))[0])
    before = json.loads(out)
    for name in ("name", "description", "keywords", "license", "citeAs", "creator", "recordSet", "penstock:grade"):
        assert again[name] == before[name], name


async def test_what_is_not_here_is_refused_before_anything_is_kept(space, gauges, tmp_path):
    before = space.stored("provider")
    plain = {"@context": {}, "@type": "sc:Dataset", "name": "N", "conformsTo": "http://mlcommons.org/croissant/1.0"}
    (tmp_path / "out.csv").write_text("a\n1\n")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "sub").mkdir()
    (tmp_path / "in" / "sub" / "secret.txt").write_text("s")
    (tmp_path / "in" / ".env").write_text("KEY=s")
    (tmp_path / "in" / "link.csv").symlink_to(tmp_path / "out.csv")
    rest = ("--price", "420", "--purpose", "Research", "--until", "2099-01-31T23:59:59Z")
    for url, words in (
        ("https://example.org/a.csv", "are at `https://example.org/a.csv`"),
        ("../out.csv", "no path below its folder"),
        ("link.csv", "not below the folder"),
        ("none.csv", "there is no"),
        (".", "is hidden"),
        ("./", "is hidden"),
        (".env", "is hidden"),
        ("sub/.git/config", "is hidden"),
        ("sub", "is a folder"),
        ("./sub/", "is a folder"),
    ):
        path = tmp_path / "in" / "croissant.json"
        path.write_text(json.dumps(plain | {"distribution": [{"@id": "a", "contentUrl": url}]}))
        _, err = await said(space, "provider", "publish", "--from", path, *rest, code=2)
        assert words in " ".join(err.replace("│", " ").split()), err
    path.write_text(json.dumps(plain | {"@context": "https://example.org/context"}))
    assert "nothing is fetched" in (await said(space, "provider", "publish", "--from", path, *rest, code=2))[1]
    assert space.changed({"provider": before}) == []


async def test_turtle_says_what_json_ld_says(space, gauges):
    linked = (await said(space, "buyer", "product", "face", "gauges-1", "--as", "dcat"))[0]
    turtle = (await said(space, "buyer", "product", "face", "gauges-1", "--as", "turtle"))[0]
    one, other = rdflib.Graph().parse(data=linked, format="json-ld"), rdflib.Graph().parse(data=turtle)
    assert rdflib.compare.isomorphic(one, other)
    [dataset] = one.subjects(rdflib.RDF.type, DCAT.Dataset)
    assert str(one.value(one.value(dataset, rdflib.DCTERMS.publisher), rdflib.FOAF.name)) == "The provider"


async def test_the_catalogue_has_pages_and_each_product_once(space, gauges):
    for n in range(3):
        await space.publish("provider", f"paged-{n}", (65_536,))
    turtle = (await said(space, "buyer", "product", "catalogue", "--as", "turtle"))[0]
    graph = rdflib.Graph().parse(data=turtle)
    [catalogue] = graph.subjects(rdflib.RDF.type, DCAT.Catalog)
    listed = {str(one).rpartition("/")[2] for one in graph.objects(catalogue, DCAT.dataset)}
    assert {"gauges-1", "paged-0", "paged-1", "paged-2"} <= listed
    first = await space.doors["buyer"].call("GET", "catalogue/dcat?first=2")
    whole = await space.doors["buyer"].call("GET", "catalogue/dcat")
    begin, behind = ([one["@id"] for one in page["dcat:dataset"]] for page in (whole, first))
    assert begin[2:] == behind[: len(begin) - 2]  # a page is full where others have listed much
    assert len(set(begin + behind)) == len(begin) + max(0, len(behind) - len(begin) + 2)
    assert await refused(space.doors["buyer"].call("GET", "catalogue/marc")) == 404
    for number in ("-1", "x", "99999999"):
        assert await refused(space.doors["buyer"].call("GET", f"catalogue/dcat?first={number}")) == 400


async def test_the_card_says_what_a_reader_asks_in_both_languages(space, gauges):
    card, _ = await said(space, "buyer", "product", "show", "gauges-1", "--card")
    for part in ("# Gauges", "> # Fake heading", "## Personal data", "e\\_mail (e-mail address)", "4.20 CNY per MiB",
                 "| level | integer | water level | cm |", "desk@example.org", "Harbour (2026): Gauges."):  # fmt: skip
        assert part in card, part
    assert "\n# Fake heading" not in card
    both = await space.doors["buyer"].call("GET", "offers/gauges-1/card")
    assert "## 个人信息" in both["zh"]
    assert await refused(space.doors["buyer"].call("GET", "offers/nothing/card")) == 404


async def test_the_contract_is_read_before_it_is_signed(space, gauges):
    text, _ = await said(space, "buyer", "product", "show", "gauges-1", "--contract")
    for part in ("# Gauges", "nobody has signed it", "4.20 CNY per MiB", "*(kept by technique · `terms/tariff`)*"):
        assert part in text, part
    both = await space.doors["buyer"].call("GET", "offers/gauges-1/contract")
    assert (both["en"], "尚无人签署" in both["zh"]) == (text, True)
    assert await refused(space.doors["buyer"].call("GET", "offers/nothing/contract")) == 404
    visitor = await entered(space, "buyer", "reader", operator=False)
    try:
        page = await visitor.open("catalogue/gauges-1/contract?lang=zh")
        assert (page.status, "尚无人签署" in page.text, "由技术保证" in page.text) == (200, True, True)
        assert "catalogue/gauges-1/contract" in str((await visitor.open("catalogue/gauges-1")).links)
        async with visitor.session.get(f"{space.url('buyer')}/console/catalogue/gauges-1/contract.md") as answer:
            assert (answer.content_type, await answer.text()) == ("text/markdown", both["en"])
    finally:
        await visitor.session.close()


async def test_an_account_reads_the_card_and_takes_the_files(space, gauges):
    visitor = await entered(space, "buyer", "reader", operator=False)
    try:
        seen = await visitor.open("catalogue/gauges-1")
        links = [link for link in seen.links if "gauges-1/" in link]
        names = {link.rpartition("/")[2].partition("?")[0] for link in links}
        assert {"card", "croissant.json", "dcat-ap.ttl", "dcat-ap.jsonld", "card.md"} <= names
        page = await visitor.open("catalogue/gauges-1/card?lang=zh")
        assert page.status == 200
        assert "个人信息" in page.text
        assert len(page.text.encode()) < 100_000
        assert "Fake heading</h4>" in page.text  # a provider's own heading is below those of the card
        kinds = {"croissant.json": "application/ld+json", "dcat-ap.ttl": "text/turtle", "card.md": "text/markdown"}
        for name, kind in kinds.items():
            async with visitor.session.get(f"{space.url('buyer')}/console/catalogue/gauges-1/{name}") as answer:
                assert (answer.status, answer.content_type) == (200, kind)
                assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        async with visitor.session.get(f"{space.url('buyer')}/console/catalogue.ttl") as answer:
            assert "dcat:Catalog" in await answer.text()
        async with visitor.session.get(f"{space.url('buyer')}/console/catalogue/nothing/dcat-ap.ttl") as answer:
            assert answer.status == 404
    finally:
        await visitor.session.close()
    async with aiohttp.ClientSession() as session:
        address = f"{space.url('buyer')}/console/catalogue/gauges-1/croissant.json"
        async with session.get(address, allow_redirects=False) as answer:
            assert answer.status != 200


async def test_the_commands_of_the_page_do_what_it_says(space, gauges, tmp_path, monkeypatch):
    commands = re.findall(r"^    penstock (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) == 7
    (tmp_path / "tides.csv").write_text((gauges / "gauges.csv").read_text())
    product = FILE.format(n=1).replace("gauges-1", "tides-2026").replace("gauges.csv", "tides.csv")
    (tmp_path / "product.toml").write_text(product)
    await said(space, "provider", "publish", "--from", tmp_path / "product.toml")
    await space.doors["exchange"].call("POST", "listings/tides-2026/review", {})
    monkeypatch.chdir(tmp_path)
    for line in commands:
        words, _, kept = line.partition(" > ")
        role = "provider" if words.startswith("publish") else "buyer"
        out, _ = await said(space, role, *shlex.split(words))
        if kept:
            (tmp_path / kept).write_text(out)
    document = json.loads((tmp_path / "croissant.json").read_text())
    assert document["@id"].endswith("/tides-2026")
    assert rdflib.Graph().parse(tmp_path / "tides.ttl")
    for text in ("card.md", "contract.md"):
        assert (tmp_path / text).read_text().startswith("# Gauges")
