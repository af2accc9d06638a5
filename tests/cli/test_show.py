"""What `show` says of a thing and what can be done with it, what purposes there are, what a search is narrowed by."""

from __future__ import annotations

import pytest
import typer

from connector.cli.get import APPLICATION, ASKED, OPENED, STATEMENT, asked_by, used_by
from connector.cli.main import app
from connector.cli.show import NEXT, WHAT
from policy import purposes

SIGNED = {"summary": "Tides · 4.20 CNY per MiB", "priceCap": "31"}
AGREEMENT = {
    "kind": "agreements", "digest": "ab" * 32, "role": "consumer", "product": "tides", "state": "FINALIZED",
    "agreement": SIGNED,
}  # fmt: skip
FOUND = {"id": "p", "title": "T", "price": "5", "tier": "kept"}


def test_what_can_be_done_next_are_commands():
    """Each line leads to a command, with options that it has."""
    tree = typer.main.get_command(app)
    assert set(NEXT) <= set(WHAT)
    after_a_get = [one.removeprefix("penstock ") for one in (*ASKED.values(), OPENED, STATEMENT, APPLICATION)]
    for line in (*after_a_get, *(one for lines in NEXT.values() for one in lines)):
        command, words = tree, line.split()
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        options = {name for parameter in command.params for name in parameter.opts}
        assert not hasattr(command, "commands"), line
        assert {word for word in words if word.startswith("--")} <= options, line


def test_what_is_computed_is_asked_as_its_gate_says():
    engine = {"engine": {"name": "slope", "seconds": "5", "digest": "sha-256:00"}, "noise": {}}
    assert asked_by({"columns": [], "noise": {}}) == 'penstock query {id} "select …"'
    assert asked_by(engine).startswith('penstock run {id} "select …" --engine slope ')
    assert asked_by({"programs": {"seconds": "5"}, "noise": {}}).endswith("NAME:LEAST:MOST")
    assert asked_by({"programs": {"seconds": "5", "reviewer": "did:web:r"}}).endswith(" --assent ASSENT.json")
    assert all(asked_by({one: {"name": "x"}}).startswith(line.split("{")[0]) for one, line in ASKED.items())


def test_what_was_got_is_used_as_its_terms_say():
    assert used_by({}) == used_by({"tier": "kept"}) == OPENED
    assert used_by({"tier": "computed", "gate": {}}) == STATEMENT
    assert used_by({"tier": "leased", "application": {"program": "sha-256:00"}}).endswith(" --application {id}")


def test_a_thing_is_told_in_words_with_the_next_commands(penstock, management):
    management.answers["things/abab"] = (200, AGREEMENT)
    said = penstock("show", "abab", "--data", management.data)
    assert said.code == 0
    assert said.out.startswith(f"{AGREEMENT['digest']}: an agreement\n")
    assert f"next: penstock bill show {AGREEMENT['digest']} --data {management.data}\n" in said.out
    assert "odrl" not in said.out
    assert "  terms    Tides · 4.20 CNY per MiB\n" in said.out
    assert "priceCap" not in said.out
    assert '"kind": "agreements"' in penstock("show", "abab", "--long", "--data", management.data).out
    assert penstock("show", "abab", "--json", "--data", management.data).json == AGREEMENT


def test_a_next_command_can_be_pasted_whatever_the_id_is(penstock, management):
    management.answers["things/a%20b"] = (200, {"kind": "products", "id": "a b", "state": "draft"})
    said = penstock("show", "a b", "--data", management.data)
    assert "next: penstock version list 'a b' --data" in said.out


def test_all_purposes_are_listed_and_words_choose(penstock):
    told = penstock("purposes", "--json").json["purposes"]
    assert {row["iri"] for row in told} == set(purposes.SCHEME)
    said = penstock("purposes", "weather").out
    assert "WeatherResearch" in said
    assert "天气研究" in said
    assert penstock("purposes", "研究", "--json").json["purposes"]
    assert "no purpose has these words" in penstock("purposes", "xyzzy").out


def test_a_facet_narrows_as_where_does(penstock, management):
    management.answers["find"] = (200, {"products": [FOUND], "found": 1})
    said = penstock("find", "tide", "--where", "grade=1", "--facet", "tier=kept", "--data", management.data)
    assert said.code == 0, said.err
    [(_, path, _)] = management.asked
    assert path == "find?q=tide&where=grade%3D1&where=tier%3Dkept&first=0"


def test_a_terminal_is_shown_what_narrows(penstock, management, monkeypatch):
    many = [{"value": name, "count": 9 - at, "en": name, "zh": name} for at, name in enumerate("abcdefg")]
    counts = {"tier": many, "region": many[:1], "quality": many}
    management.answers["find"] = (200, {"products": [FOUND], "found": 1, "counts": counts})
    monkeypatch.setattr("connector.cli.find.is_seen", lambda: True)
    said = penstock("find", "tide", "--data", management.data)
    assert "counts=1" in management.asked[0][1]
    assert said.out.count("--facet tier=") == 5, "the most frequent"
    assert "--facet region=" not in said.out, "one value narrows nothing"
    assert "quality" not in said.out


@pytest.mark.parametrize("words", [("find", "tide"), ("find", "tide", "--json")])
def test_no_terminal_is_shown_the_results_alone(penstock, management, words):
    management.answers["find"] = (200, {"products": [FOUND], "found": 1})
    assert penstock(*words, "--data", management.data).code == 0
    assert "counts" not in management.asked[0][1]
