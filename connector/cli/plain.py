"""What is typed becomes a value without pydantic, where a word is a text, a number, a yes or a path.

Law: what typer would make of it is made of it, and it is typer that refuses: whatever is not plainly a value goes the
way that typer has for it, by which it loads pydantic, and that takes longer than most commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer import BadParameter

# typer has no public place for how a parameter becomes a value; its version is fixed, and tests compare with it
from typer._coercion import RuntimeParam, build_runtime_param
from typer._param_types import coerce_cli_path
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer._click import Context
    from typer._coercion import TypeDescriptor

# what fits surely into what typer takes for a number
DIGITS_MAX = 15


class PlainGroup(TyperGroup):
    """A group whose commands, and theirs, make plain values plainly."""

    def get_params(self, ctx: Context) -> list[Any]:
        """Return its own parameters, made plain."""
        return _plain(super().get_params(ctx))

    def get_command(self, ctx: Context, cmd_name: str) -> Any:
        """Return a command, made plain, with those below it."""
        found = super().get_command(ctx, cmd_name)
        for one in _below(found) if found is not None else ():
            _plain(one.get_params(ctx))
        return found


def _below(command: Any) -> Iterator[Any]:
    yield command
    for one in getattr(command, "commands", {}).values():
        yield from _below(one)


def _plain(parameters: list[Any]) -> list[Any]:
    for one in parameters:
        told: TypeDescriptor = one.type_descriptor
        made = PlainParameter(told.parameter_info, told.annotation, told)
        one._runtime_param = made  # noqa: SLF001  # where typer keeps it from its first use on
    return parameters


@dataclass(frozen=True)
class PlainParameter(RuntimeParam):
    """How one parameter becomes a value; `descriptor` is what typer knows of it."""

    descriptor: TypeDescriptor

    def _coerce_value(self, value: Any, param: Any, ctx: Context) -> Any:
        kind, told = self.annotation, self.parameter_info
        if told.parser is None:
            if kind == list[str] and isinstance(value, (list, tuple)) and all(type(one) is str for one in value):
                return list(value)
            if (kind is str or kind is bool) and type(value) is kind:
                return value
            if kind is int and _fits(value, told.min, told.max):
                return int(value)
            if kind is Path and isinstance(value, str | Path) and told.path_type is None:
                try:
                    return coerce_cli_path(Path(value), told, path_type=Path, param=param, ctx=ctx)
                except BadParameter:
                    pass  # typer says it, in its words
        return build_runtime_param(self.descriptor).coerce(value, param, ctx)


def _fits(value: Any, least: float | None, most: float | None) -> bool:
    """Say whether a value is a whole number, in digits or not, within its limits."""
    if type(value) is not int and not (type(value) is str and value.isascii() and value.isdigit()):
        return False
    if len(str(value)) > DIGITS_MAX:
        return False
    return (least is None or int(value) >= least) and (most is None or int(value) <= most)
