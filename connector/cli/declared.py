"""The commands of declared acts: arguments, options, help and answer as the row in `connector.client.acts` says.

Law: (1) a command that is here is written nowhere else. A row whose command has ` --option` in it is asked for by that
option of a command whose own row has none: the option takes the row's first field, if that is its own option, or
nothing. (2) What a row cannot say is a function (`asking`): it is given what was typed for the row (`Typed`), and takes
options of its own besides.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli import amounts
from connector.cli.options import DEFAULT_DATA, AsJson, Data, DryRun, Wait
from connector.cli.speak import answer, ask, fail
from connector.client.acts import request
from connector.client.acts.act import Default, Field
from connector.client.acts.areas import named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from connector.client.acts.act import Act

# kind of a field → what the command line takes for it
TYPES: dict[str, Any] = {
    "text": str,
    "digits": int,
    "money": str,
    "coins": str,
    "number": int,
    "texts": list[str],
    "pairs": list[str],
    "document": Path,
}
DRY_RUN = "dry_run"
WAITS = "server_wait"
LONG = "long"
# the option of an act whose amounts may be in another currency than the space's
CURRENCY = "currency"
EXAMPLE = "For example:"
# a parameter that has to be given
NOTHING = inspect.Parameter.empty


def group(name: str, about: str) -> typer.Typer:
    """Return a group of commands, all of them declared."""
    app = typer.Typer(help=about, no_args_is_help=True)
    add(app, name)
    return app


def verb(name: str) -> Callable[..., None]:
    """Return the one declared command of this name, which is in no group."""
    return command([act for act in _all() if act.command == name])


def add(app: typer.Typer, above: str, *names: str, acts: Iterable[Act] | None = None) -> None:
    """Give a group the declared commands below `above`, those of these names, or all."""
    found: dict[str, list[Act]] = {}
    for act in _all() if acts is None else acts:
        group_, _, name = act.command.rpartition(" ")
        if group_ == above and (name in names or not names):
            found.setdefault(name, []).append(act)
    for name in names or found:
        app.command(name)(command(found[name]))


def _all() -> Sequence[Act]:
    from connector.client.acts.table import TABLE  # noqa: PLC0415  # who asks for one command loads its area alone

    return TABLE


def command(acts: Sequence[Act]) -> Callable[..., None]:
    """Return the command of these acts: the first one's, unless an option asks for another."""
    main = next(act for act in acts if " --" not in act.words)
    others = [act for act in acts if act is not main]

    def run(**typed: Any) -> None:
        asked = next((act for act in others if typed.get(_chosen_by(act))), main)
        if _is_valued(asked):
            typed = {asked.fields[0].name: typed[_chosen_by(asked)]} | typed
        Typed(asked, typed).do()

    before = [_option(act.fields[0], _chosen_by(act), optional=True) for act in others if _is_valued(act)]
    after = [_flag(_asks(act), _begun(act.help), _chosen_by(act)) for act in others if not _is_valued(act)]
    return _made(run, main, before, after)


def asking(call: str, *without: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function: with the options of the act of this name, but `without` some, and its own."""
    act = named(call)

    def made(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]

        def run(**typed: Any) -> None:
            function(Typed(act, typed), **{one.name: typed[one.name] for one in own})

        run.__name__ = function.__name__
        flags = [one for one in own if one.kind is inspect.Parameter.KEYWORD_ONLY]
        return _made(run, act, [], flags, [one for one in own if one not in flags], without, function.__doc__ or "")

    return made


def _made(
    run: Callable[..., None],
    act: Act,
    before: Sequence[inspect.Parameter],
    flags: Sequence[inspect.Parameter],
    own: Sequence[inspect.Parameter] = (),
    without: Collection[str] = (),
    about: str = "",
) -> Callable[..., None]:
    """Return a function with the options of an act and these, as typer asks for them, and with what its help says."""
    leaves = [(name, leaf) for name, leaf in request.leaves(act.fields) if leaf.option is not None]
    told = [(name, leaf) for name, leaf in leaves if name not in without]
    parameters = [*before, *(_option(leaf, name) for name, leaf in told if not _is_flag(leaf)), *own]
    parameters += [_parameter("data", Data, DEFAULT_DATA)]
    if WAITS not in {one.name for one in own}:
        parameters += [_parameter(WAITS, Wait, default=None)]
    parameters += [*(_flag(leaf.option, leaf.help, name) for name, leaf in told if _is_flag(leaf)), *flags]
    if act.rehearse and DRY_RUN not in {one.name for one in flags}:
        parameters += [_parameter(DRY_RUN, DryRun, default=False)]
    if act.table:
        parameters += [_flag("--long", "show all columns, and ids whole", LONG)]
    parameters += [_parameter("as_json", AsJson, default=False)]
    keyword = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    run.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]  # what typer asks a function for
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__doc__ = about if EXAMPLE in about else f"{act.help}\n\n{EXAMPLE} {example(act)}"
    return run


def example(act: Act) -> str:
    """Return an act's example as it is typed."""
    told = ["penstock", *act.words.split(), *filter(None, [act.typed])]
    for name, leaf in request.leaves(act.fields):
        for value in () if act.typed or leaf.option is None else _typed(act.example.get(name)):
            told += [leaf.option, _quoted(value)] if leaf.option else [_quoted(value)]
    return " ".join(told)


@dataclass(frozen=True)
class Typed:
    """What was typed for an act, by the names of its leaves; another act takes of it what it has, too."""

    act: Act
    given: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.given[name]

    @property
    def data(self) -> Path:
        """Return whose server is asked."""
        found: Path = self.given["data"]
        return found

    @property
    def as_json(self) -> bool:
        """Say whether the answer is printed as JSON."""
        return bool(self.given["as_json"])

    def of(self, call: str) -> Typed:
        """Return the same for another act."""
        return Typed(named(call), self.given)

    def also(self, **typed: Any) -> Typed:
        """Return the same with these, as if they had been typed."""
        return Typed(self.act, {**self.given, **typed})

    def request(self, **instead: Any) -> tuple[str, Any]:
        """Return path and body of the act, with `instead` in the place of what was typed."""
        from connector.runtime.errors import InvalidInput  # noqa: PLC0415  # loaded when a verb runs

        try:
            return request.request(self.act, request.joined(self.act.fields, instead | self._read(instead)))
        except InvalidInput as fault:  # what a file brought; the rest typer has looked at
            fail(fault, as_json=self.as_json)

    def ask(self, **instead: Any) -> Any:
        """Have the own server do the act, or rehearse it; return its answer."""
        path, body = self.request(**instead)
        dry_run = self.given.get(DRY_RUN, False)
        return ask(self.data, self.act.method, path, body, as_json=self.as_json, dry_run=dry_run)

    def tell(self, value: Any, lines: Sequence[str]) -> None:
        """Print an answer."""
        answer(value, lines, as_json=self.as_json)

    def do(self) -> None:
        """Do the act, and tell of it as its row says."""
        told, read = self.ask(), self._read()
        shown = {name: leaf.default if read[name] is None else read[name] for name, leaf in self._leaves()}
        if self.act.table:
            lines = self.act.shows(told, long=bool(self.given.get(LONG)))
        else:
            lines = self.act.echo(told, shown) if self.act.echo else self.act.lines(told)
        self.tell(told, lines or list(filter(None, [self.act.none.format_map(shown)])))

    def _leaves(self) -> list[tuple[str, Field]]:
        return request.leaves(self.act.fields)

    def _read(self, without: Collection[str] = ()) -> dict[str, Any]:
        return {name: self._value(leaf, self.given.get(name)) for name, leaf in self._leaves() if name not in without}

    def minor(self, name: str) -> int | None:
        """Return what was typed for an amount in hundredths, None where nothing was."""
        leaf, typed = dict(self._leaves())[name], self.given.get(name)
        return None if typed is None else int(self._value(leaf, typed))

    def amount(self, option: str, text: str) -> str:
        """Return in hundredths what was typed for an option that is no field of the act."""
        return str(self._value(Field(option, ("", ""), "", option, "money", least=0), text))

    def _value(self, field: Field, typed: Any) -> Any:
        if field.kind not in ("money", "coins") or typed in (None, field.default):
            return _read(field, typed)
        if field.kind == "coins":
            return amounts.coins(field, typed)
        named = str(self.given.get(CURRENCY) or "")
        return amounts.minor(field, typed, self.data, named, as_json=self.as_json)


def _read(field: Field, typed: Any) -> Any:
    """Return what was typed as the request has it."""
    if typed in (None, [], field.default):
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


def _is_valued(act: Act) -> bool:
    """Say whether the option that asks for an act takes its first field."""
    return bool(act.fields) and act.fields[0].option == _asks(act)


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
