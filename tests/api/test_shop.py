"""A provider's shop on real processes: a product file published, priced anew, taken off, and who bought what."""

from __future__ import annotations

import pytest

from tests.api.command import commanded

pytestmark = pytest.mark.asyncio(loop_scope="session")

FILE = """
id = "readings"
title = { en = "Readings of stations", zh = "站点读数" }
files = ["readings.csv", "stations.csv"]
keywords = ["weather"]
licence = "https://creativecommons.org/licenses/by/4.0/"
citation = "Example (2026): Readings."
frequency = "daily"

[description]
en = "# Readings\\n\\nof **three** stations"
zh = "三个站点的读数"

[contact]
name = "Data desk"
email = "data@example.org"

[price]
amount = "4.20"
floor = 4
unit = "MiB"

[policy]
purpose = "Research"
until = 2099-01-31
region = "US"

[tables."readings.csv"]
title = "Readings"
columns.station = "the station's code"
columns.temp = { meaning = { en = "air temperature", zh = "气温" }, unit = "°C" }

[[relations]]
from = "readings.csv:station"
to = "stations.csv:code"
"""


@pytest.fixture
def shop(space, tmp_path):
    (tmp_path / "readings.csv").write_text("station,temp\n" + "".join(f"s{n % 3},{n % 30}\n" for n in range(900)))
    (tmp_path / "stations.csv").write_text("code,place\ns0,A\ns1,B\ns2,C\n")
    (tmp_path / "product.toml").write_text(FILE)
    return tmp_path


async def said(space, role, *words, code=0):
    done = await commanded(*words, "--data", space.people[role].data)
    assert done.code == code, (done.out, done.err)
    return (done.out + done.err).decode()


async def test_a_product_file_is_published_and_shown_to_buyers(space, shop):
    told = await said(space, "provider", "publish", "--from", shop / "product.toml")
    assert "903 rows in 3 pieces sealed" in told
    await space.doors["exchange"].call("POST", "listings/readings/review", {})
    shown = await said(space, "buyer", "product", "show", "readings")
    for part in ("4.20 CNY per MiB", "气温", "°C", "data@example.org", "Example (2026)", "of **three** stations"):
        assert part in shown
    face = await space.doors["buyer"].call("GET", "offers/readings/dcat")
    assert face["dct:title"][1] == {"@value": "站点读数", "@language": "zh"}
    assert face["dcat:contactPoint"]["vcard:hasEmail"] == {"@id": "mailto:data@example.org"}
    assert face["dct:bibliographicCitation"] == "Example (2026): Readings."
    assert face["dct:license"]["@id"] == "https://creativecommons.org/licenses/by/4.0/"
    station, temp = face["dcat:distribution"][0]["csvw:tableSchema"]["csvw:column"]
    assert (station["csvw:name"], temp["http://schema.org/unitText"]) == ("station", "°C")
    again = await said(space, "provider", "publish", "--from", shop / "product.toml")
    assert "nothing changed: edition 1 is listed" in again
