"""Product files as hypothesis draws them, the data sets that are described by them, and a listing of one."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import strategies as st

from catalog.about import about_from_json
from catalog.dataset import EU_FREQUENCIES, Dataset, dataset_json, distributions_of
from catalog.profile import Column, FileProfile

HEADER = {"edition": "3", "sealedAt": "2026-01-02T03:04:05Z"}
EDITION = "ab" * 32


def view(dataset, **more):
    return {
        "id": dataset.id,
        "provider": "did:web:p.example",
        "name": "P",
        "at": "https://p.example",
        "dataset": dataset_json(dataset),
        "offer": {"id": "o"},
        "header": HEADER,
        "edition": EDITION,
        "quality": {"letter": "B"},
    } | more


UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
LETTER = st.characters(exclude_categories=(*UNSEEN, "Zs"), exclude_characters='/\\:".')
REST = st.text(st.characters(exclude_categories=UNSEEN), max_size=40)
SPOKEN = st.builds(lambda first, rest: first + rest, LETTER, REST)
NAME = st.text(LETTER, min_size=1, max_size=12)
WORDS = SPOKEN | st.dictionaries(st.sampled_from(["en", "zh"]), SPOKEN, min_size=1)
MEANT = SPOKEN.map(lambda text: " ".join(text.split()))
COLUMN = st.fixed_dictionaries({"meaning": MEANT | st.dictionaries(st.sampled_from(["en", "zh"]), MEANT, min_size=1)})
UNIT = st.fixed_dictionaries({"unit": MEANT})
BOTH = st.builds(lambda one, other: one | other, COLUMN, UNIT)
TABLE = st.fixed_dictionaries(
    {"columns": st.dictionaries(NAME, COLUMN | UNIT | BOTH, min_size=1, max_size=4)}, optional={"title": MEANT}
)
CONTACT = st.fixed_dictionaries(
    {},
    optional={"name": MEANT, "email": st.just("d@example.org"), "url": st.just("https://example.org/x?y=1")},
).filter(bool)


@st.composite
def product_files(draw):
    """A product file as its writer has it, without price and rules: Croissant has no place for them."""
    tables = draw(st.dictionaries(NAME, TABLE, max_size=3))
    ends = [f"{table}:{column}" for table, said in tables.items() for column in said["columns"]]
    relations = []
    if ends:
        end = st.sampled_from(ends)
        relations = draw(st.lists(st.fixed_dictionaries({"from": end, "to": end}), max_size=3, unique_by=str))
    found = draw(
        st.fixed_dictionaries(
            {"id": NAME, "title": WORDS},
            optional={
                "description": WORDS,
                "keywords": st.lists(SPOKEN, min_size=1, max_size=4, unique=True),
                "licence": SPOKEN.map(str.strip),
                "citation": SPOKEN,
                "contact": CONTACT,
                "frequency": st.sampled_from(sorted(EU_FREQUENCIES)),
                "classes": st.just({"topic": "B0300", "origin": "collected"}),
            },
        )
    )
    assume(found.get("description") != found["title"])
    return found | ({"tables": tables} if tables else {}) | ({"relations": relations} if relations else {})


def dataset_of(fields, tables):
    """Return what is described of such files: every column of every table, and a file that is none."""
    files = [FileProfile(name, "text/csv", 9, 3, tuple(Column(one, "text", 0) for one in columns))
             for name, columns in tables.items()]  # fmt: skip
    names = {"id", "title", "description", "keywords", "frequency", "classes"}
    told = {name: value for name, value in fields.items() if name in names}
    told["keywords"] = tuple(told.get("keywords", ()))
    plain = FileProfile("besides.bin", "application/octet-stream", 1)
    about = about_from_json(fields.get("about", {}))
    more = {"description": told.pop("description", ""), "about": about, "grade": 2}
    return Dataset(**told | more, files=(*files, plain), distributions=distributions_of("kept"))
