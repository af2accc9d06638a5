"""The commands of declared acts: arguments, options, help and answer as the row in `connector.client.acts` says.

Law: a command that is here is written nowhere else. A row whose command has ` --option` in it is asked for by that
option of a command whose own row has none: the option takes the row's first field, or nothing if it has none.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun
from connector.cli.speak import answer, ask, fail
from connector.client.acts import request
from connector.client.acts.act import Default
from connector.client.acts.table import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from connector.client.acts.act import Act, Field

# kind of a field → what the command line takes for it
TYPES: dict[str, Any] = {
    "text": str,
    "digits": int,
    "number": int,
    "texts": list[str],
    "pairs": list[str],
    "document": Path,
}
# a parameter that has to be given
NOTHING = inspect.Parameter.empty


def group(name: str, about: str) -> typer.Typer:
    """Return a group of commands, all of them declared."""
    app = typer.Typer(help=about, no_args_is_help=True)
    add(app, name)
    return app


def verb(name: str) -> Callable[..., None]:
    """Return the one declared command of this name, which is in no group."""
    return command([act for act in TABLE if act.command == name])


def add(app: typer.Typer, above: str, *names: str, acts: Iterable[Act] = TABLE) -> None:
    """Give a group the declared commands below `above`, those of these names, or all."""
    found: dict[str, list[Act]] = {}
    for act in acts:
        group_, _, name = act.command.rpartition(" ")
        if group_ == above and (name in names or not names):
            found.setdefault(name, []).append(act)
    for name in names or found:
        app.command(name)(command(found[name]))


def command(acts: Sequence[Act]) -> Callable[..., None]:
    """Return the command of these acts: the first one's, unless an option asks for another."""
    main = next(act for act in acts if " --" not in act.words)
    others = [act for act in acts if act is not main]

    def run(**typed: Any) -> None:
        asked = next((act for act in others if typed.get(_chosen_by(act))), main)
        if asked is not main and asked.fields:
            typed = {asked.fields[0].name: typed[_chosen_by(asked)]} | typed
        _ask(asked, typed)

    told = [(name, leaf) for name, leaf in request.leaves(main.fields) if leaf.option is not None]
    parameters = [_option(act.fields[0], _chosen_by(act), optional=True) for act in others if act.fields]
    parameters += [_option(leaf, name) for name, leaf in told if not _is_flag(leaf)]
    parameters += [_parameter("data", Data, DEFAULT_DATA)]
    parameters += [_flag(leaf.option, leaf.help, name) for name, leaf in told if _is_flag(leaf)]
    parameters += [_flag(_asks(act), _begun(act.help), _chosen_by(act)) for act in others if not act.fields]
    parameters += [_parameter("dry_run", DryRun, default=False)] if main.rehearse else []
    parameters += [_parameter("as_json", AsJson, default=False)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer asks a function for
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__doc__ = f"{main.help}\n\nFor example: {example(main)}"
    return run


def example(act: Act) -> str:
    """Return an act's example as it is typed."""
    told = ["penstock", *act.words.split(), *filter(None, [act.typed])]
    for name, leaf in request.leaves(act.fields):
        for value in () if act.typed or leaf.option is None else _typed(act.example.get(name)):
            told += [leaf.option, _quoted(value)] if leaf.option else [_quoted(value)]
    return " ".join(told)


def _ask(act: Act, typed: dict[str, Any]) -> None:
    from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when a verb runs

    as_json = typed["as_json"]
    read = {name: _read(leaf, typed.get(name)) for name, leaf in request.leaves(act.fields)}
    try:
        path, body = request.request(act, request.joined(act.fields, read))
    except InvalidInput as fault:  # what a file brought; the rest typer has looked at
        fail(fault, as_json=as_json)
    told = ask(typed["data"], act.method, path, body, as_json=as_json, dry_run=typed.get("dry_run", False))
    shown = {name: leaf.default if read[name] is None else read[name] for name, leaf in request.leaves(act.fields)}
    lines = act.echo(told, shown) if act.echo else act.lines(told)
    answer(told, lines or list(filter(None, [act.none.format_map(shown)])), as_json=as_json)


def _read(field: Field, typed: Any) -> Any:
    """Return what was typed as the request has it."""
    if typed is None or typed == field.default:
        return None
    if field.kind == "digits":
        return str(typed)
    if field.kind == "pairs":
        return request.pairs(typed)
    if _is_flag(field):
        return (field.flag or typed) if typed else None
    return _document(field, typed) if field.kind == "document" else typed


def _document(field: Field, path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise typer.BadParameter(f"`{path}` is no JSON: {error}", param_hint=field.option) from error


def _chosen_by(act: Act) -> str:
    """Return the parameter of the option that asks for an act; a word of Python is none."""
    return "by" + _asks(act).replace("-", "_")


def _asks(act: Act) -> str:
    return "--" + act.words.partition(" --")[2]


def _option(field: Field, name: str, *, optional: bool = False) -> inspect.Parameter:
    """Return the argument or option of a field."""
    limits = {"min": field.least, "max": field.most} if TYPES[field.kind] is int else {}
    files = {"exists": True, "dir_okay": False, "readable": True} if field.kind == "document" else {}
    about: dict[str, Any] = {"help": field.help, "metavar": field.metavar, **limits, **files}
    told = typer.Option(field.option, **about) if field.option else typer.Argument(**about)
    default = "" if optional else field.default
    if default is Default.NEEDED:
        return _parameter(name, Annotated[TYPES[field.kind], told])
    if not isinstance(default, str | int):  # nothing typed is nothing given, and so is a list of nothing
        return _parameter(name, Annotated[TYPES[field.kind] | None, told], default=None)
    return _parameter(name, Annotated[TYPES[field.kind], told], default=default)


def _is_flag(field: Field) -> bool:
    return field.kind == "truth" or bool(field.flag)


def _flag(option: str | None, about: str, name: str) -> inspect.Parameter:
    """Return an option that takes no value; they stand behind those that do."""
    return _parameter(name, Annotated[bool, typer.Option(option, help=about)], default=False)


def _begun(text: str) -> str:
    """Return what a sentence says as the help of an option says it."""
    return text[0].lower() + text[1:].rstrip(".")


def _parameter(name: str, kind: Any, default: Any = NOTHING) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _typed(value: Any) -> list[str]:
    """Return what is typed for a value of an example, once for each time."""
    if isinstance(value, dict):
        return [f"{name}={one}" for name, one in value.items()]
    return list(map(str, value)) if isinstance(value, list) else [] if value is None else [str(value)]


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text or not text else text
