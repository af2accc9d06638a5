"""What an act of the management interface is: one row, from which everything that offers the act is made.

Law: (1) from a row of `connector.client.acts.table` come the route with its authorisation, the operation in
`/management/openapi.json`, the command, the shape of its `--json`, the form of the console, the client's method and the
line of the reference; none of them is written beside it. (2) A row is data: what a person reads of an answer is a
function that stands beside it and takes the answer alone, or what was asked for, too (`echo`). (3) This room loads
nothing heavy, because every `penstock --help` reads it.
"""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from catalog.roles import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.client.acts.columns import Column
    from connector.client.acts.shape import Shape

BELOW = "/management/"
# a variable of a path: the field of that name, or with `=` what it always is
VARIABLE = re.compile(r"\{(\w+)(?:=([\w-]+))?\}")
EVERYBODY = " ".join(ROLES)
TRADERS, EXCHANGE = "provider buyer", "exchange"
JSON = "application/json"
# who answers what the exchange answers: it is asked in our own name; and what all operators of an exchange may see
FORWARD, READ = "demands.forward", "read"
CREATED, ACCEPTED = 201, 202
# kind of a field → what a fault calls it
KINDS: Mapping[str, str] = {
    "text": "a text",
    "coins": "an amount as people write it",
    "digits": "a whole number as text",
    "money": "a whole number of hundredths as text",
    "number": "a whole number",
    "truth": "true or false",
    "texts": "a list of texts",
    "pairs": "an object of texts",
    "list": "a list",
    "document": "an object",
    "parts": "an object",
}


class Default(Enum):
    """What a field is when nobody gave it, besides a value of its own; None: it is not sent."""

    NEEDED = "it has to be given"
    FRESH = "a new id"
    NULL = "null, and sent as that"


NEEDED, FRESH, NULL = Default.NEEDED, Default.FRESH, Default.NULL


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that an act is told: in its path where the path has a variable of its name, else in body or query.

    `words` are its label in English and 中文, `help` what the command line says. `option` is its option there,
    empty for an argument, None where the command line does not have it. `sent` is its name on the wire, if that is
    another one; `*` is a body that is the field itself. A field of the kind `parts` is an object whose members are
    fields, sent when one of them is given. With `flag` its option takes no value, and means that one. `metavar` is what
    the help of a command calls it, if that is not its name. `of` is the kind of thing whose id it is, where that is one
    of ours: the beginning of the id will do (`connector.store.naming`). `money` is sent as hundredths, and typed as
    `contracts.decimals.read_typed` has it; `coins` is sent as it is typed, `9.50`. With `form` False the console's form
    does not ask for it: it names a file of the server's machine. With `upload` that form has a browser send the file,
    of the kind that it says (`connector.compute.program_files`), and knows it by its digest.
    """

    name: str
    words: tuple[str, str]
    help: str
    option: str | None = ""
    kind: str = "text"
    default: Any = NEEDED
    least: int | None = None
    most: int | None = None
    sent: str = ""
    metavar: str | None = None
    parts: tuple[Field, ...] = ()
    flag: str = ""
    of: str = ""
    form: bool = True
    upload: str = ""

    @property
    def needed(self) -> bool:
        """Say whether it has to be given."""
        return self.default is NEEDED

    @property
    def wire(self) -> str:
        """Return its name in path, query or body."""
        return self.sent or self.name


def lines_of(told: Any) -> list[str]:
    """Return what a person reads of an answer for which nobody wrote other words."""
    return [f"{name}: {value}" for name, value in told.items()]


@dataclass(frozen=True, slots=True)
class Act:
    """One act: `path` is its method and its path below /management/, `roles` those of a participant that has it.

    Acts that share a path and differ in a member of their body name it behind a `#`, which no request sends.
    `does` names the service and its method that do it, called with the fields by name, and with `who` asks where the
    method has such a parameter; or else `handler` names a function of `connector.api` that reads the request itself.
    `operator` is the act of an exchange's operators that it is (`catalog.posts.ACTS`), `read` for what they all may
    see. `verb` is its command where that is not its name, None where no command answers as it does; what follows ` --`
    is the option that asks for it; `typed` is what is typed after it as an example, where a file is named. `says` is
    what is done, in English and 中文, with the fields in place; `lines` is what a person reads of the answer, `none` of
    one with nothing in it, `echo` of one that is told with what was asked for. A list that names the columns of its
    `table` has them, and `--long` for all of them; its rows are the answer's one list, and `lines` what follows them,
    also where there are none and `none` says nothing.
    `form`: the console has a form for it, if it changes something; False for what tells a secret, names a file of the
    server's machine, or says who may act, and for a POST that changes nothing. `makes`: what it answers is new;
    `begins`: it goes on after its answer. `media` is the type of an answer that is no JSON. `tells` names the field
    under which its answer is kept at who asked: the console shows the answer, and draws an id so that it is paid once.
    """

    name: str
    path: str
    _: KW_ONLY
    help: str
    says: tuple[str, str]
    answer: Shape
    example: Mapping[str, Any]
    fields: tuple[Field, ...] = ()
    does: str = ""
    handler: str = ""
    roles: str = EVERYBODY
    operator: str = ""
    makes: bool = False
    begins: bool = False
    rehearse: bool = False
    verb: str | None = ""
    typed: str = ""
    lines: Callable[[Any], list[str]] = lines_of
    none: str = ""
    echo: Callable[[Any, Mapping[str, Any]], list[str]] | None = None
    table: tuple[Column, ...] = ()
    form: bool = True
    media: str = JSON
    tells: str = ""

    def shows(self, found: Any, *, long: bool) -> list[str]:
        """Return what a person reads of an answer that is a list: its table, and what `lines` says below it."""
        from connector.client.acts.columns import lines  # noqa: PLC0415  # it imports nothing of ours

        rows = next(value for value in found.values() if isinstance(value, list))
        shown = lines(self.table, rows, long=long)
        if self.lines is lines_of or (self.none and not rows):
            return shown
        return [*shown, *self.lines(found)]

    @property
    def method(self) -> str:
        """Return its HTTP method."""
        return self.path.split(" ")[0]

    @property
    def changes(self) -> bool:
        """Say whether it changes something."""
        return self.method != "GET"

    @property
    def status(self) -> int:
        """Return the HTTP status of its answer."""
        return CREATED if self.makes else ACCEPTED if self.begins else 200

    @property
    def shown(self) -> bool:
        """Say whether the console has a form for it."""
        return self.changes and self.form

    @property
    def asks(self) -> tuple[Field, ...]:
        """Return what the console's form asks for."""
        return tuple(one for one in self.fields if one.form)

    @property
    def uploads(self) -> tuple[Field, ...]:
        """Return those of them that are files which a browser sends."""
        return tuple(one for one in self.asks if one.upload)

    @property
    def words(self) -> str:
        """Return its command without `penstock`, empty for one that has none."""
        return self.name if self.verb == "" else self.verb or ""

    @property
    def command(self) -> str:
        """Return its command without the option that asks for it."""
        return self.words.partition(" --")[0]

    @property
    def slug(self) -> str:
        """Return its name in an address of the console."""
        return self.name.replace(" ", "-")

    @property
    def call(self) -> str:
        """Return its name in Python."""
        return self.slug.replace("-", "_")

    @property
    def serves(self) -> str:
        """Return its handler as the table of routes has it."""
        return self.handler or f"declared.{self.call}"

    @property
    def route(self) -> str:
        """Return its path as the table of routes has it, which several acts may share."""
        known = {one.name: one.wire for one in self.fields}
        return BELOW + VARIABLE.sub(lambda found: f"{{{known.get(found[1], found[1])}}}", self.way)

    @property
    def address(self) -> str:
        """Return its own path: a variable for each field in it."""
        return BELOW + VARIABLE.sub(lambda found: found[2] or found[0], self.path.split(" ")[1])

    @property
    def way(self) -> str:
        """Return its path below /management/ with its variables, as it is asked for."""
        return self.path.split(" ")[1].partition("#")[0]

    @property
    def always(self) -> dict[str, str]:
        """Return the variables of its route, or the members of its body, that are always the same."""
        return {found[1]: found[2] for found in VARIABLE.finditer(self.path) if found[2]}

    @property
    def fixed(self) -> dict[str, str]:
        """Return those of them that are members of its body."""
        return {found[1]: found[2] for found in VARIABLE.finditer(self.path.partition("#")[2])}

    def within(self, where: str) -> tuple[Field, ...]:
        """Return the fields that stand in `path`, `query` or `body`."""
        named = {found[1] for found in VARIABLE.finditer(self.path)}
        rest = "body" if self.changes else "query"
        return tuple(one for one in self.fields if where == ("path" if one.name in named else rest))
