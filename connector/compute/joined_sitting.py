"""One sitting over what several products hold: each has its tables under names of its own, and its own columns.

    with JoinedSitting(statement, …) as sitting:
        sitting.ask_all({"": files, "stations": files})    which files of which product it asks for
        sitting.answer_all({"": source, …})                what it says of them, all opened for one process

A table of the product without a name is called as it is where it is asked alone. Another one of a product that has one
is called as its product, any as its product, `/`, and its own name.

Law: (1) no name means two tables. (2) Of each product the process is handed what it asks for, and no column beside the
licensed ones; a product that it asks nothing of is none of its matter, and is refused before it is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.compute.sitting import Handed, Sitting, names_of
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.sitting import Answer
    from connector.custody.reader import Reader
    from ledger.edition.index import IndexedFile


@dataclass(frozen=True, slots=True)
class Source:
    """What one product is read by; `columns` are the licensed ones, where not all are."""

    reader: Reader
    columns: Sequence[str]


class JoinedSitting(Sitting):
    """A reader process for a statement over several products, by the names that they have in it."""

    _of: Mapping[str, tuple[str, IndexedFile]]

    def ask_all(self, files: Mapping[str, Sequence[IndexedFile]]) -> None:
        """Have the statement looked at over the files of each product; raises InvalidInput, NotPermitted."""
        self._of = names_in(files)
        self._look(sorted(self._of))
        for product in files:
            if not self.asked_of(product):
                whose = f"of `{product}`" if product else "of what it is asked of first"
                raise InvalidInput(f"the statement asks for no table {whose}", f"its tables: {self._names(product)}")
        self._ask_for(file for product in files for file in self.asked_of(product))

    def asked_of(self, product: str) -> list[IndexedFile]:
        """Return the files of a product that the statement asks for."""
        found = [self._of[name] for name in self._tables]
        return list({file.name: file for whose, file in found if whose == product}.values())

    def answer_all(self, sources: Mapping[str, Source]) -> Answer:
        """Open what it asks for of each product, and return what it answers; raises as `answer` does."""
        return self._answer(
            Handed(self._alike(product, file), file, source.reader, source.columns)
            for product, source in sources.items()
            for file in self.asked_of(product)
        )

    def _alike(self, product: str, file: IndexedFile) -> list[str]:
        return [name for name, (whose, one) in self._of.items() if (whose, one.name) == (product, file.name)]

    def _names(self, product: str) -> str:
        named = [name for name, (whose, _) in self._of.items() if whose == product]
        return ", ".join(named[:NAMED_MAX]) or "it has none"


# tables that a refusal names
NAMED_MAX = 10


def names_in(files: Mapping[str, Sequence[IndexedFile]]) -> dict[str, tuple[str, IndexedFile]]:
    """Return under which names the files of several products are tables; raises InvalidInput where one means two."""
    found: dict[str, tuple[str, IndexedFile]] = {}
    for product, held in files.items():
        named = names_of(held)
        if product:
            alone = next(iter(named.values())) if len({file.name for file in named.values()}) == 1 else None
            named = {f"{product}/{name}": file for name, file in named.items()}
            named |= {} if alone is None else {product: alone}
        taken = {name.casefold() for name in found}
        if twice := next((name for name in named if name.casefold() in taken), ""):
            raise InvalidInput(f"`{twice}` would be the name of two tables", "join it under another name")
        found |= {name: (product, file) for name, file in named.items()}
    return found
