"""Product files: templates that say the same, refusals that name line or key, and hostile files that cost little."""

from __future__ import annotations

import re

import pytest

from catalog import product_keys
from catalog.about import about_from_json, about_json
from catalog.errors import CatalogError
from catalog.product_file import DEPTH_MAX, FILE_BYTES_MAX, FORMS, form_of, read
from catalog.product_template import PLACE, TEXTS, template
from connector.client.acts import request
from connector.client.acts.areas import named
from connector.provider import brief as briefs
from tests.effort import within
from tests.every import every

WITHIN_SECONDS = 5.0


def said(text, form="toml"):
    return product_keys.said(read(text if isinstance(text, bytes) else text.encode(), form))


def whole(form):
    """Return a template with everything that is commented out taken in, but what is no key."""
    lines = template(form, "2099-12-31", "p").splitlines()
    key = re.compile(r"^( *)# (?=( {0,6}(- )?[\w-]+(\.\w+)?( =|:)(?! Markdown| penstock))|\[|  )")
    return "\n".join(key.sub(r"\1", line) if not line.startswith("# description:") else line for line in lines)


@pytest.mark.parametrize("form", TEXTS)
def test_a_template_makes_a_brief_once_its_files_are_named(form):
    told = said(template(form, "2099-12-31", "p").replace(PLACE, "a.csv"), form)
    assert told["until"] == "2099-12-31T23:59:59Z"
    _, body = request.request(named("product_publish"), {"floor": told["price"], **told})
    assert briefs.check(body)["price"] == "500"


def test_both_forms_of_the_template_say_the_same():
    assert said(template("toml", "2099-12-31", "p")) == said(template("yaml", "2099-12-31", "p"), "yaml")
    everything = said(whole("toml"))
    assert everything == said(whole("yaml"), "yaml")
    assert set(everything) == {field.name for field in named("product_publish").fields}, (
        "no field is out of a file's reach"
    )
    assert everything["about"]["tables"]["a.csv"]["columns"]["temp"]["unit"] == "°C"


def test_what_is_said_besides_is_the_same_after_its_json():
    about = about_from_json(said(whole("toml"))["about"])
    assert about_from_json(about_json(about)) == about
    assert "气温" in about.searchable


REFUSED = {
    "unknown": ('prise = "5"', "`prise`", "perhaps `price`"),
    "of the price": ('amount = "5.00"', "`amount`", "perhaps `price.amount`"),
    "of the policy": ('purpose = "Research"', "`purpose`", "perhaps `policy.purpose`"),
    "unknown within": ('[policy]\npurpos = "R"', "`policy.purpos`", "perhaps `policy.purpose`"),
    "unknown in a column": ('[tables."a"]\ncolumns.x = { unti = "m" }', "columns.x.unti", "perhaps"),
    "unknown in a contact": ('[contact]\nmail = "a@b.c"', "`contact.mail`", "perhaps `contact.email`"),
    "amount": ('price = "4.205"', "`price`", ""),
    "amount of a currency": ('[price]\namount = "4 EUR"', "`price.amount`", ""),
    "negative": ("price = -4", "`price`", ""),
    "number": ("sample = 1.5", "`sample`", ""),
    "truth": ('unlisted = "yes"', "`unlisted`", ""),
    "list": ("keywords = 3", "`keywords`", ""),
    "language": ('title = { de = "T" }', "`title.de`", ""),
    "long title": (f'title = "{"x" * 257}"', "title", ""),
    "long description": (f'description = "{"x" * 10_001}"', "10001", ""),
    "long licence": (f'licence = "{"x" * 50_001}"', "`licence`", ""),
    "control": ('citation = "a\\u001bb"', "`citation`", ""),
    "direction": ('title = "a\\u202eb"', "`title", ""),
    "contact": ('contact = { email = "nobody" }', "`contact/email`|`nobody`", ""),
    "page": ('contact = { url = "javascript:alert(1)" }', "javascript", "https://"),
    "end": ('[[relations]]\nfrom = "a"\nto = "b:c"', "relations[0].from", ""),
    "step": ("[price]\nbeyond = { a = 3 }", "`price.beyond.a`", ""),
    "syntax": ('title = "a"\nprice = \nid = "b"', "line 2", ""),
}


@every("text, part, hint", REFUSED.values())
def test_a_refusal_names_the_key_or_the_line(text, part, hint):
    with pytest.raises(CatalogError) as refused:
        said(text)
    assert any(one in str(refused.value) for one in part.split("|")), str(refused.value)
    assert hint in refused.value.hint


HOSTILE = {
    "huge": b"a" * (FILE_BYTES_MAX + 1),
    "no text": b"title: \xff\n",
    "zero": b"title: \x00\n",
    "deep lists": b"a = " + b"[" * (FILE_BYTES_MAX - 4),
    "deep flows": b"[" * FILE_BYTES_MAX,
    "deep objects": b'{"a":' * (FILE_BYTES_MAX // 5),
    "deep blocks": b"".join(b" " * n + b"a:\n" for n in range(DEPTH_MAX * 4)),
    "hidden lists": b'a = [""" """"", ' + b"[" * 100_000 + b'"]',
    "texts without end": b'a = """' + b'\\"""' * 60_000,
    "short texts without end": b'a = "' + b'\\"' * 100_000,
    "long keys": b"a." * (FILE_BYTES_MAX // 2 - 2) + b"b=1",
    "quoted keys": b'"".' * (FILE_BYTES_MAX // 3 - 2) + b"b=1",
    "anchor": b"title: &a [x, x]\n",
    "bomb": b"a: &a [x]\nb: [*a, *a]\n",
    "merge": b"base: &b {title: x}\n<<: *b\n",
    "tag": b"title: !!python/object/apply:os.system ['id']\n",
    "own tag": b"title: !x y\n",
    "two documents": b"title: a\n---\ntitle: b\n",
    "many": b"".join(b"k%d: 1\n" % n for n in range(20_000)) + b"x: [" + b"1," * 30_000 + b"1]",
    "twice": b"title: a\ntitle: b\n",
    "twice in JSON": b'{"title": "a", "title": "b"}',
    "big number": b"price = 1e999999999\n",
    "long number": b"price = " + b"9" * 100_000,
    "not a number": b'{"price": NaN}',
    "a list": b"- a\n",
    "a text": b'"a"',
    "nothing": b"",
}


@every("content", HOSTILE.values())
def test_a_hostile_file_is_refused_at_once_in_every_form(content):
    for form in set(FORMS.values()):
        with within(WITHIN_SECONDS), pytest.raises(CatalogError):
            said(content, form)


def test_a_number_keeps_what_was_written():
    for form, text in (("toml", "price = 4.20"), ("yaml", "price: 4.20"), ("json", '{"price": 4.20}')):
        assert said(text, form) == {"price": "420"}
    assert said("price: 07", "yaml") == {"price": "700"}
    assert said("title: yes", "yaml")["title"] == "yes", "a word is no truth"


def test_a_day_is_its_last_second_and_a_moment_stays():
    assert said("[policy]\nuntil = 2027-12-31")["until"] == "2027-12-31T23:59:59Z"
    assert said("policy: {until: 2027-12-31}", "yaml")["until"] == "2027-12-31T23:59:59Z"
    assert said("[policy]\nuntil = 2027-12-31T08:00:00+08:00")["until"] == "2027-12-31T08:00:00+08:00"


def test_only_the_named_endings_are_product_files():
    assert {form_of(f"a{ending}") for ending in FORMS} == {"toml", "yaml", "json"}
    for name in ("product", "product.py", "product.toml.gz"):
        with pytest.raises(CatalogError, match="is no product file"):
            form_of(name)
