"""What is typed becomes what typer would make of it: both ways are tried on the same words."""

from __future__ import annotations

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer._coercion import build_runtime_param
from typer.core import TyperGroup

from connector.cli.main import app
from connector.cli.plain import PlainParameter

WORDS = [
    "",
    "0",
    "5",
    "-5",
    "+5",
    " 5",
    "1_0",
    "1.0",
    "1e3",
    "٣",
    "007",
    "9" * 15,
    "9" * 16,
    "x",
    "-",
    ".",
    "/",
    "true",
]
WORDS += ["no", "../x", "~", "ein wort", "wörter", "1", "10", "100000000"]


def parameters():
    """Yield every parameter of every command with its words."""

    def below(command, above=()):
        for one in command.params:
            yield (*above, one.name), one
        for name, sub in getattr(command, "commands", {}).items():
            yield from below(sub, (*above, name))

    yield from below(typer.main.get_command(app))


PARAMETERS = {" ".join(words): one for words, one in parameters()}


def kind(one):
    """What is typed is read by annotation and limits alone; return them."""
    told, limits = one.type_descriptor, vars(one.type_descriptor.parameter_info)
    silent = ("default", "param_decls", "help", "metavar", "envvar", "rich_help_panel", "callback", "show_default")
    return repr((told.annotation, one.nargs, one.multiple, {k: v for k, v in limits.items() if k not in silent}))


KINDS = {kind(one): name for name, one in PARAMETERS.items()}


def outcome(coerce, value, one):
    try:
        return coerce(value, one, None)
    except typer.BadParameter as refused:
        return "refused", refused.message


def compared(one, value):
    told = one.type_descriptor
    plain = PlainParameter(told.parameter_info, told.annotation, told)
    typed = [value] if one.multiple or one.nargs == -1 else value
    for given_ in (None, typed):
        assert outcome(plain.coerce, given_, one) == outcome(build_runtime_param(told).coerce, given_, one)


@pytest.mark.parametrize("name", sorted(KINDS.values()))
def test_plain_is_what_typer_makes(name):
    for word in WORDS:
        compared(PARAMETERS[name], word)


@given(st.text(max_size=20), st.sampled_from(sorted(KINDS.values())))
def test_any_word_is_what_typer_makes_of_it(word, name):
    if "\0" not in word:  # no process is given one
        compared(PARAMETERS[name], word)


def test_a_default_is_what_typer_makes_of_it():
    for one in PARAMETERS.values():
        told = one.type_descriptor
        plain = PlainParameter(told.parameter_info, told.annotation, told)
        typers = build_runtime_param(told)
        assert outcome(plain.coerce, one.default, one) == outcome(typers.coerce, one.default, one), one


def test_the_whole_is_made_plain():
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    context = command.make_context("penstock", [], resilient_parsing=True)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert all(isinstance(one.get_runtime_param(), PlainParameter) for one in found.get_params(context)), name
