"""Croissant out and in: what a product file said comes back, what is not taken is said, bad files are refused."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from catalog import croissant_file, product_file, product_keys
from catalog.croissant import croissant
from catalog.dataset import Dataset, distributions_of
from catalog.errors import CatalogError
from catalog.profile import Column, FileProfile
from contracts.canonical import sha
from tests.catalog.described import EDITION, HEADER, dataset_of, product_files, view
from tests.every import every
from tests.fault.extent import tried

# ---- there and back


def in_order(fields):
    """Return fields with relations in one order: which of them is said first means nothing."""
    about = fields.get("about", {})
    return fields | ({"about": about | {"relations": sorted(about.get("relations", []), key=str)}} if about else {})


@settings(max_examples=tried(200))
@given(product_files())
def test_what_a_product_file_said_comes_back_from_croissant(document):
    assume("besides.bin" not in document.get("tables", {}))
    said = product_keys.said(document)
    tables = {name: list(one["columns"]) for name, one in document.get("tables", {}).items()}
    dataset = dataset_of(said, tables)
    content = json.dumps(croissant(view(dataset))).encode()
    taken = croissant_file.read(product_file.read(content, "json"))
    found = taken.fields()
    assert sorted(found.pop("files")) == sorted([*tables, "besides.bin"])
    assert found.pop("grade") == 2
    expected = said | {"frequency": said.get("frequency", "irregular")}
    assert in_order(found) == in_order(expected)
    dropped = (
        "distribution: ",
        "dataType",
        "identifier",
        "url",
        "publisher",
        "version",
        "datePublished",
        "creator: `did:",
    )
    assert [line for line in taken.left if not line.startswith(dropped)] == []


# ---- what is written

MEASURED = Dataset(
    "tides",
    "Tides",
    "hourly",
    ("tide",),
    (
        FileProfile("a.csv", "text/csv", 9, 3, (Column("e_mail", "text", 0, hint="e-mail address"),)),
        FileProfile("day 1/b.csv", "text/csv", 9, 3, (Column("t", "time", 0, minimum="2020-01-01"),)),
    ),
    distributions_of("kept"),
    3,
    "US-NY",
)  # fmt: skip


def test_a_checksum_is_of_the_header_and_no_file_has_one_that_is_not_its_own():
    header, *files = croissant(view(MEASURED))["distribution"]
    assert header["contentUrl"] == f"https://p.example/sealed/{EDITION}/header"
    assert header["sha256"] == sha(HEADER).hex()
    assert [set(one) & {"sha256", "md5"} for one in files] == [set(), set()]
    assert {one["containedIn"]["@id"] for one in files} == {header["@id"]}


def test_columns_that_hint_at_people_are_named_and_no_value_is_told():
    found = croissant(view(MEASURED))
    assert found["rai:personalSensitiveInformation"] == ["a.csv: e_mail (e-mail address)"]
    assert "2020" not in json.dumps(found["recordSet"])
    [_, field] = [one for table in found["recordSet"] for one in table["field"]]
    assert (field["dataType"], field["source"]["extract"]) == ("sc:DateTime", {"column": "t"})


# ---- what is read of others'

FOREIGN = {
    "@context": {"@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/",
                 "cr": "http://mlcommons.org/croissant/", "dct": "http://purl.org/dc/terms/",
                 "recordSet": "cr:recordSet", "field": "cr:field", "conformsTo": "dct:conformsTo"},
    "@type": "sc:Dataset",
    "name": "Titanic",
    "description": "Passengers.",
    "conformsTo": "http://mlcommons.org/croissant/1.0",
    "license": [{"@type": "sc:CreativeWork", "name": "CC0", "url": "https://creativecommons.org/publicdomain/zero/1.0/"}],
    "keywords": "ships, people",
    "creator": [{"@type": "sc:Person", "name": "Ada", "email": "ada@example.org", "affiliation": "X"},
                {"@type": "sc:Person", "name": "Bo"}],
    "sameAs": "https://example.org/titanic",
    "frequency": "our word without our prefix is somebody else's",
    "distribution": [{"@type": "cr:FileObject", "@id": "passengers.csv", "name": "passengers.csv",
                      "contentUrl": "data/passengers.csv", "encodingFormat": "text/csv", "sha256": "00"}],
    "recordSet": {"@type": "cr:RecordSet", "@id": "p", "description": "All aboard", "key": {"@id": "p/name"}, "field": [
        {"@type": "cr:Field", "@id": "p/name", "description": "full\n name", "dataType": "sc:Text",
         "source": {"fileObject": {"@id": "passengers.csv"}, "extract": {"column": "name"}}},
        {"@type": "cr:Field", "@id": "p/fare", "dataType": "sc:Float", "unitText": "GBP",
         "source": {"fileObject": {"@id": "passengers.csv"}, "extract": {"column": "fare"},
                    "transform": {"regex": "x"}}},
        {"@type": "cr:Field", "@id": "p/image", "source": {"fileSet": {"@id": "images"}}},
    ]},
}  # fmt: skip


def taken(**change):
    document = {name: value for name, value in (FOREIGN | change).items() if value is not None}
    return croissant_file.read(product_file.read(json.dumps(document).encode(), "json"))


def test_somebody_elses_file_is_read_and_what_is_not_taken_is_said():
    found = taken()
    assert found.fields() == {
        "title": "Titanic",
        "description": "Passengers.",
        "keywords": ["ships", "people"],
        "files": ["data/passengers.csv"],
        "about": {
            "licence": "https://creativecommons.org/publicdomain/zero/1.0/",
            "contact": {"name": "Ada, Bo", "email": "ada@example.org"},
            "tables": {
                "passengers.csv": {
                    "title": "All aboard",
                    "columns": {"name": {"meaning": {"und": "full name"}}, "fare": {"unit": "GBP"}},
                }
            },
        },
    }
    for part in ("sameAs", "frequency", "creator: affiliation", "creator: addresses of 1 more", "recordSet/0/key",
                 "recordSet/0/field/1/source/transform",
                 "distribution: encodingFormat, sha256", "recordSet/0/field/2", "dataType of 2 fields"):  # fmt: skip
        assert any(line.startswith(part) for line in found.left), (part, found.left)


def test_files_that_somebody_names_stand_in_the_place_of_the_data():
    found = taken(distribution=[{"@id": "passengers.csv", "contentUrl": "https://example.org/passengers.csv"}])
    with pytest.raises(CatalogError, match=r"are at `https://example.org/passengers.csv`"):
        found.fields()
    assert set(found.fields(["passengers.csv"])["about"]["tables"]) == {"passengers.csv"}
    assert "tables" not in found.fields(["other.csv"])["about"]
    assert "table `passengers.csv`: no file of this name is published" in found.left


def test_what_is_longer_than_a_product_may_say_is_not_taken_where_it_can_do_without():
    found = taken(citeAs="x" * 2_001)
    assert "citation" not in found.keys
    assert "citeAs: 2001 characters, the limit is 2000" in found.left


def test_words_in_other_languages_are_said_not_to_be_taken():
    found = taken(name={"en-GB": "Ships", "fr": "Bateaux"}, description={"fr": "Passagers"})
    assert found.keys["title"] == {"en": "Ships"}
    assert found.keys["description"] == "Passagers"
    assert "name: a text in `fr`" in found.left


FILE, ZIP = {"@id": "a", "contentUrl": "a.csv"}, {"@id": "z", "contentUrl": "z.zip"}
HIDDEN = (".", "./", "././", ".env", "a/.git/config", "./.ssh/id")
ELSEWHERE = ("../a.csv", "/etc/passwd", "x/../../a", "file:///etc/passwd", "//host/a", "s3://b/k", "a\\b", "C:/a")


@every(
    ("change", "words"),
    [
        ({"@context": "https://example.org/context.jsonld"}, "nothing is fetched"),
        ({"@context": ["https://schema.org/", "https://example.org/c"]}, "nothing is fetched"),
        ({"@context": {"@import": "https://example.org/c"}}, "`@import`, which is not read"),
        ({"@context": {"@vocab": "https://example.org/"}}, "not schema.org"),
        ({"@context": {"license": "https://example.org/licence"}}, "`license` is `https://example.org/licence`"),
        ({"@context": {"sc": "https://example.org/", "name": "sc:name"}}, "which here is `https://schema.org/name`"),
        ({"@context": {"name": None}}, "`name` is nothing"),
        ({"@context": 7}, "`@context` is no object"),
        ({"@graph": []}, "`@graph`"),
        ({"@type": "sc:Movie"}, "no `sc:Dataset`"),
        ({"conformsTo": "http://mlcommons.org/croissant/9.0"}, "conforms to"),
        ({"sc:name": "again"}, "says `name` twice"),
        ({"name": 7}, "`name` is no text"),
        ({"name": {"en": 7}}, "`name` is no text"),
        ({"name": {"@value": "a", "@language": ["en"]}}, "`name` is in no language"),
        ({"name": "x" * 300}, "300 characters, the limit is 256"),
        ({"description": "x" * 10_001}, "the limit is 10000"),
        ({"name": "a\u202eb"}, "marks of direction"),
        ({"license": 7}, "`license`"),
        ({"license": {"@type": "sc:CreativeWork"}}, "`license`"),
        ({"keywords": [7]}, "`keywords`"),
        ({"creator": 7}, "`creator`"),
        ({"creator": {"name": "A", "email": "none"}}, "no address of mail"),
        ({"creator": {"name": "A", "url": "javascript:alert(1)"}}, "no address of a page"),
        ({"penstock:frequency": "dayly"}, "unknown frequency"),
        ({"penstock:grade": "2"}, "`grade`"),
        ({"distribution": 7}, "`distribution`"),
        ({"distribution": [FILE, FILE]}, "two of `a`"),
        ({"distribution": [FILE | {"containedIn": {"@id": "a"}}]}, "contained in itself"),
        (
            {"distribution": [FILE | {"containedIn": {"@id": "b"}}, {"@id": "b", "containedIn": {"@id": "a"}}]},
            "contained in itself",
        ),
        ({"distribution": [FILE | {"containedIn": {"@id": "z"}}]}, "which is not there"),
        ({"distribution": [FILE | {"cr:containedIn": {"@id": "z"}}, ZIP]}, "lie in `z.zip`"),
        (
            {"distribution": [FILE | {"containedIn": {"@type": "cr:Source", "cr:fileObject": {"@id": "z"}}}, ZIP]},
            "lie in `z.zip`",
        ),
        ({"distribution": [FILE | {"containedIn": {"@id": "z"}}, ZIP]}, "lie in `z.zip`"),
        ({"distribution": [FILE | {"@type": "cr:FileSet", "includes": "*.csv"}]}, "a pattern of names"),
        ({"distribution": [{"@id": "a"}]}, "no `contentUrl`"),
        ({"distribution": None}, "names no file"),
        *(({"distribution": [FILE | {"contentUrl": path}]}, "are at") for path in ELSEWHERE),
        *(({"distribution": [FILE | {"contentUrl": path}]}, "is hidden") for path in HIDDEN),
        ({"recordSet": 7}, "`recordSet/0` is no object"),
        ({"recordSet": [{"field": [7]}]}, "field/0"),
        ({"recordSet": [{}] * 1_001}, "the limit is 1000"),
        ({"recordSet": [{"field": [{}] * 5_000}]}, "more than 4096 fields"),
        ({"recordSet": [{"field": [{"dataType": "sc:Text"}] * 3_000}] * 2}, "more than 4096 fields"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_its_place(change, words):
    with pytest.raises(CatalogError) as refusal:
        taken(**change).fields()
    assert words in str(refusal.value)


def test_a_file_that_is_too_large_or_too_deep_is_refused_before_it_is_understood():
    many = {
        "@type": "sc:Dataset",
        "recordSet": [{"field": [{"@id": f"f{n}", "name": "x" * 30} for n in range(100_000)]}],
    }
    with pytest.raises(CatalogError, match="bytes"):
        product_file.read(json.dumps(many).encode(), "json")
    deep = '{"@type": "sc:Dataset", "recordSet": ' + "[" * 50_000 + "]" * 50_000 + "}"
    with pytest.raises(CatalogError, match="nested deeper"):
        product_file.read(deep.encode(), "json")
    large = json.dumps({"title": "x" * product_file.FILE_BYTES_MAX}).encode()
    with pytest.raises(CatalogError, match="at most"):  # a product file of our own is not made of columns by a machine
        product_file.read(large, "json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["a", "did:web:x", "@none"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*croissant_file.TERMS, "@id", "@type", "@value", "@language", "containedIn", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=tried(300))
@given(st.dictionaries(st.sampled_from([*FOREIGN, *croissant_file.TERMS]), JSON, max_size=5))
def test_whatever_is_in_it_it_is_read_or_refused(change):
    document = FOREIGN | change
    with suppress(CatalogError):
        assert "files" not in croissant_file.read(document).fields(["passengers.csv"])
