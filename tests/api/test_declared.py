"""Every declared act is whole: its route, operation, command, form and method agree with its row."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from functools import cache
from importlib import import_module
from string import Formatter

import jsonschema
import pytest
import typer

from catalog.posts import ACTS as OPERATORS
from catalog.roles import ROLES
from connector.api import declared, openapi, operators, rehearsals
from connector.api.authorize import MANAGEMENT, Who
from connector.app.app import Connector
from connector.cli import declared as commands
from connector.cli.answers import ANSWERS
from connector.cli.main import app
from connector.client.acts import request
from connector.client.acts.act import FRESH, KINDS, NEEDED, NULL, Act, Field
from connector.client.acts.table import BY_CALL, TABLE
from connector.client.client import Client
from connector.client.waiting import WaitingClient
from connector.console.acts import ACT_BY_ROUTE
from connector.console.page import PREFIX
from connector.console.pages import PAGES
from connector.core import service
from connector.runtime.errors import InvalidInput
from docs.generate.management import acts as shown
from docs.generate.reference import walked
from tests.every import every

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ROUTES = {(row.method, row.path): row for row in MANAGEMENT}
each = every("act", TABLE, ids=lambda act: act.call)
FIELDS = (
    Field("id", ("Id", "编号"), "an id", default=FRESH),
    Field("many", ("Many", "数量"), "how many", "--many", "number", default=None, least=1, most=5),
    Field("most", ("Most", "上限"), "at most", "--most", "digits", default=NULL),
    Field("loud", ("Loud", "大声"), "aloud", "--loud", "truth", default=None),
    Field("tags", ("Tags", "标签"), "tags", "--tag", "texts", default=[]),
    Field("classes", ("Classes", "分类"), "classes", "--class", "pairs", default={}),
    Field("rules", ("Rules", "规则"), "rules", "--rules", "document", default=None),
    Field("whose", ("Whose", "归属"), "whose", None, "parts", default=None, parts=(
        Field("name", ("Name", "名称"), "a name", "--name", default=""),
        Field("region", ("Region", "地区"), "a region", "--region", default=""),
    )),
)  # fmt: skip
LOOK = Act("thing make", "POST things", help="", says=("", ""), answer="any", example={}, fields=FIELDS)


@cache
def commands_by_words():
    return {" ".join(words): command for words, command in walked(typer.main.get_command(app))}


@cache
def document():
    return openapi.document(TABLE)


# ---- each act of the table


@each
def test_its_route_is_its_owners_under_its_roles(act):
    row = ROUTES[act.method, act.route]
    assert (row.who, row.handler) == (Who.OWNER, act.serves)
    assert row.roles == frozenset(act.roles.split()) <= frozenset(ROLES)
    assert (row.body_bytes > 0) == act.changes


@each
def test_what_does_it_is_there_and_takes_its_fields(act):
    assert bool(act.does) != bool(act.handler)
    assert inspect.iscoroutinefunction(operators.handler_of(ROUTES[act.method, act.route]))
    if act.does:
        name, method = act.does.split(".")
        [line] = [one for one in service.lines(Connector) if one.name == name]
        told = {one.name: "" for one in act.fields if one.default is not None}
        function = getattr(line.kind, method)
        inspect.signature(function).bind(
            None, **told, **({"who": ""} if "who" in inspect.signature(function).parameters else {})
        )


@each
def test_an_operator_s_act_is_one_of_the_table_of_operators(act):
    assert act.operator in {"", "read", *OPERATORS}
    assert (act.operator == "read") == (act.serves in operators.READ)
    assert not act.rehearse or act.serves in rehearsals.ACTS
    assert not act.operator or act.changes == (act.operator != "read")


@each
def test_it_says_what_it_is_in_both_languages(act):
    known = {name for name, _ in request.leaves(act.fields)}
    said = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in act.says]
    assert said[0] == said[1] <= known
    for english, chinese in (act.says, *(one.words for _, one in request.leaves(act.fields))):
        assert english
        assert not CHINESE.search(english)
        assert CHINESE.search(chinese)
    assert all(one.kind in KINDS and one.help for _, one in request.leaves(act.fields))


@each
def test_its_command_is_there_and_can_be_rehearsed_if_it_can(act):
    if act.verb is None:
        assert act.words == ""
        assert act.name not in commands_by_words()
        return
    command, acts = commands_by_words()[act.command], [one for one in TABLE if one.command == act.command]
    options = {name for one in command.params for name in one.opts}
    looks = f"{act.command} --dry-run" in ANSWERS
    assert ("--dry-run" in options) == (looks or any(one.rehearse for one in acts))
    assert "--json" in options
    assert {one.option for _, one in request.leaves(act.fields) if one.option} <= options
    assert ANSWERS[act.words] == act.answer


@each
def test_its_operation_takes_its_example_and_nothing_else(act):
    operation = document()["paths"][act.address][act.method.lower()]
    assert operation["operationId"] == act.call
    variables = re.findall(r"\{(\w+)\}", act.address)
    assert variables == [one["name"] for one in operation["parameters"] if one["in"] == "path"]
    if act.changes:
        told = operation["requestBody"]["content"]["application/json"]
        accepted = jsonschema.Draft202012Validator(told["schema"])
        jsonschema.Draft202012Validator.check_schema(told["schema"])
        assert accepted.is_valid(told["example"])
        whole = [one.wire for one in act.within("body")] == [request.WHOLE]
        assert accepted.is_valid(1.5 if whole else told["example"] | {"strange": "x"}) is False
        assert not any(accepted.is_valid(told["example"] | {name: "x"}) for name in act.fixed)
        for one in () if whole else act.within("body"):
            assert not accepted.is_valid(told["example"] | {one.wire: 1.5}), one.name
    for answer in operation["responses"].values():
        [told] = answer["content"].values()
        jsonschema.Draft202012Validator.check_schema(told["schema"])


@each
def test_what_changes_something_has_a_page_and_a_form_on_the_console(act):
    pages = [page for page in PAGES if page.path == f"/acts/{act.slug}"]
    assert [page.held_by for page in pages] == ([act.roles] if act.shown else [])
    form = ACT_BY_ROUTE.get(f"{PREFIX}/acts/{act.slug}")
    assert (form is not None) == act.shown
    assert act.shown == (act.changes and act.form)
    if form is not None:
        assert list(form.fields) == [name for name, _ in request.leaves(act.asks)]


@each
def test_its_method_and_its_line_in_the_reference_are_there(act, tmp_path):
    assert callable(getattr(Client(tmp_path), act.call))
    assert act.call not in vars(Client), "a method that is written by hand hides it"
    assert f"| `{act.call}` |" in shown()


def test_acts_that_share_a_route_agree_on_who_and_what_does_it():
    for row in MANAGEMENT:
        acts = [act for act in TABLE if (act.method, act.route) == (row.method, row.path)]
        assert len({(act.roles, act.serves, tuple(act.always), act.status) for act in acts}) <= 1
    assert len(BY_CALL) == len(TABLE)


def test_a_method_that_there_is_not_is_told_as_python_tells_it(tmp_path):
    for client in (Client(tmp_path), WaitingClient.__new__(WaitingClient)):
        with pytest.raises(AttributeError, match="there is no act `source_paint`"):
            _ = client.source_paint
    with pytest.raises(AttributeError, match="names what does it"):
        _ = declared.source_pause


# ---- the document


def test_the_document_has_every_route_with_its_summary():
    for row in MANAGEMENT:
        acts = [act for act in TABLE if (act.method, act.route) == (row.method, row.path)]
        for address in [act.address for act in acts] or [row.path]:
            operation = document()["paths"][address][row.method.lower()]
            assert operation["summary"].endswith((".", "`")), row
            named = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
            assert named == re.findall(r"\{(\w+)\}", address)
    assert document()["openapi"].startswith("3.1")
    ids = [one["operationId"] for path in document()["paths"].values() for one in path.values() if "operationId" in one]
    assert sorted(ids) == sorted(BY_CALL)


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        ({"a": "text", "b?": "number"}, [{"a": "x"}, {"a": "x", "b": 1}], [{}, {"a": 1}, {"a": "x", "c": 1}]),
        ({"a": "text", "*": "digits"}, [{"a": "x", "b": "1"}], [{"a": "x", "b": 1}]),
        (["truth"], [[], [True]], [[1], {}]),
        ("text?", [None, "x"], [1]),
        ("any", [1, None, {}], []),
    ],
)
def test_a_shape_is_a_schema(shape, good, bad):
    schema = jsonschema.Draft202012Validator(openapi.shaped(shape))
    assert all(map(schema.is_valid, good))
    assert not any(map(schema.is_valid, bad))


# ---- what is asked and what is read


def test_what_was_not_given_is_what_its_field_says():
    path, body = request.request(LOOK, {})
    assert (path, sorted(body)) == ("things", ["classes", "id", "most", "tags"])
    assert (body["most"], body["tags"], body["classes"]) == (None, [], {})
    assert request.request(LOOK, {})[1]["id"] != body["id"]
    assert request.checked(body, FIELDS, "body") == body
    read = request.checked({}, FIELDS, "body")
    assert read == {"id": read["id"], "most": None, "tags": [], "classes": {}}
    assert len(read["id"]) == 36
    read["tags"].append("x")
    assert request.checked({}, FIELDS, "body")["tags"] == []


def test_an_operation_says_how_it_answers():
    begun, measures = BY_CALL["publication_begin"], BY_CALL["metrics_show"]
    assert set(document()["paths"][begun.address]["post"]["responses"]) == {"202", "default"}
    assert set(document()["paths"][measures.address]["get"]["responses"]["200"]["content"]) == {"text/plain"}
    for call in ("product_publish", "publication_begin", "acquisition_begin", "replica_open", "act_rehearse"):
        assert f"{PREFIX}/acts/{BY_CALL[call].slug}" not in ACT_BY_ROUTE, "it names files here, or changes nothing"


def test_a_query_says_a_list_text_by_text_and_nothing_of_what_is_empty():
    asked = {"q": "", "where": ["grade=1,2", "rows=7.."], "counts": True}
    assert request.request(BY_CALL["product_find"], asked)[0] == (
        "find?where=grade%3D1%2C2&where=rows%3D7..&first=0&counts=1"
    )
    assert request.request(BY_CALL["product_find"], {})[0] == "find?first=0"


def test_parts_that_nobody_said_are_what_their_fields_say():
    _, body = request.request(BY_CALL["demand_pursue"], {"demand": "x", "mandate": {"limit": "9", "purpose": "R"}})
    assert (body["mandate"]["limit"], body["mandate"]["cap"], "keep" in body["mandate"]) == ("9", None, False)


def test_a_path_and_a_query_are_quoted():
    act = Act(
        "thing list", "GET things/{of}", help="", says=("", ""), answer="any", example={},
        fields=(Field("of", ("Of", "属"), "of", sent="id"), *FIELDS[1:4]),
    )  # fmt: skip
    assert request.request(act, {"of": "a/b c"}) == ("things/a%2Fb%20c", None)
    for dots in (".", ".."):
        with pytest.raises(InvalidInput, match=r"is no `of`$"):
            request.request(act, {"of": dots})
    assert request.request(act, {"of": "x", "many": 2, "loud": True}) == ("things/x?many=2&loud=1", None)


def test_what_is_always_the_same_is_sent_and_what_is_the_whole_body_is_it():
    suspend = BY_CALL["listing_suspend"]
    told = request.request(suspend, {"product": "a/b", "reason": "late"})
    assert told == ("listings/a%2Fb/moves", {"move": "suspend", "reason": "late"})
    assert suspend.route == "/management/listings/{id}/moves"
    assert operators.ACT_OF["exchange.move"] == (
        "move", {"suspend": "suspend-listing", "resume": "resume-listing", "refuse": "refuse-listing"},
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="has no field `move`"):
        request.request(suspend, {"product": "x", "reason": "late", "move": "refuse"})
    assert request.request(BY_CALL["dispute_file"], {"bundle": {"v": 1}}) == ("disputes", {"v": 1})


@every(
    "call",
    [
        "account_add", "account_link", "account_remove", "operator_add", "operator_dismiss", "act_assent",
        "vault_export_keys",
    ],
)  # fmt: skip
def test_what_tells_a_secret_or_says_who_may_act_has_no_form(call):
    assert f"{PREFIX}/acts/{BY_CALL[call].slug}" not in ACT_BY_ROUTE


@every(
    ("given", "words"),
    [
        ({"strange": 1}, "has no field `strange`"),
        ({"many": "2"}, "`many` must be a whole number"),
        ({"many": True}, "`many` must be a whole number"),
        ({"many": 0}, "`many` is at least 1"),
        ({"many": 6}, "`many` is at most 5"),
        ({"most": 5}, "`most` must be a whole number as text"),
        ({"most": "٣"}, "`most` must be a whole number as text"),
        ({"loud": "yes"}, "`loud` must be true or false"),
        ({"tags": "one"}, "`tags` must be a list of texts"),
        ({"tags": [1]}, "`tags` must be a list of texts"),
        ({"classes": {"a": 1}}, "`classes` must be an object of texts"),
        ({"rules": []}, "`rules` must be an object"),
        ({"whose": {"strange": "x"}}, "member `whose` must have exactly"),
        ({"whose": {"name": 1}}, "`name` must be a text"),
    ],
)
def test_what_is_no_field_or_of_another_type_is_refused_on_either_side(given, words):
    with pytest.raises(InvalidInput, match=words):
        request.request(LOOK, given)
    if "strange" not in given:
        with pytest.raises(InvalidInput, match=words):
            request.checked(given, FIELDS, "body")


def test_what_has_to_be_there_is_named():
    needed = (Field("reason", ("Reason", "原因"), "why", "--reason"), *FIELDS[1:2])
    with pytest.raises(InvalidInput, match=r"^`x y` needs `reason`: why$"):
        request.request(Act("x y", "POST x", help="", says=("", ""), answer="any", example={}, fields=needed), {})
    for body in ({}, {"many": 1}, [], None, {"reason": "x", "more": 1}):
        with pytest.raises(InvalidInput, match=r"exactly `reason`: a text and perhaps `many`: a whole number$"):
            request.checked(body, needed, "body")
    with pytest.raises(InvalidInput, match=r"the body must have exactly no member$"):
        request.checked({"a": 1}, (), "body")


def test_what_is_typed_is_read_as_its_kind():
    typed = {"many": "3", "most": "7", "loud": "1", "tags": "one\n two \n", "classes": "a=b c=d", "rules": '{"x": 1}'}
    typed |= {"id": " ", "whose_name": "Ada", "whose_region": ""}
    read = {name: request.parsed(one, typed[name]) for name, one in request.leaves(FIELDS)}
    assert request.joined(FIELDS, read) == {
        "many": 3, "most": "7", "loud": True, "tags": ["one", "two"], "classes": {"a": "b", "c": "d"},
        "rules": {"x": 1}, "whose": {"name": "Ada", "region": ""},
    }  # fmt: skip
    for name, text in (("many", "x"), ("rules", "{"), ("loud", "maybe"), ("id", " ")):
        with pytest.raises(InvalidInput, match=f"`{name}`"):
            request.parsed(replace(next(one for one in FIELDS if one.name == name), default=NEEDED), text)


def test_an_example_is_typed_as_people_type_it():
    suspend = BY_CALL["source_suspend"]
    assert commands.example(suspend) == (
        'penstock exchange source suspend river --reason "complaints about what it lists"'
    )


def test_every_file_of_acts_is_in_the_table():
    folder = import_module("connector.client.acts").__path__[0]
    from pathlib import Path

    for path in Path(folder).glob("*.py"):
        made = (
            getattr(import_module(f"connector.client.acts.{path.stem}"), "ACTS", ()) if path.stem != "__init__" else ()
        )
        assert set(map(id, made)) <= set(map(id, TABLE)), path
