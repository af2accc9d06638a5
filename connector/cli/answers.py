"""What `--json` prints, command by command: for whoever reads it with a program.

Law: an object has exactly the members of its row; renaming, adding or leaving out one begins with this table, or where
the act is declared (`connector.client.acts`).

Words of a shape: `text`; `digits`, a whole number as text, as money and bytes are; `number`, a whole number; `truth`;
`object`, whose members a standard or a specification says; `any`; with `?` it may be null. `[…]` is a list, `*` any
other member; a member whose name ends with `?` may be absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.cli.shapes.evidence import EVIDENCE
from connector.cli.shapes.journey import JOURNEY
from connector.cli.shapes.operation import OPERATION
from connector.cli.shapes.trade import TRADE
from connector.client.acts.table import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.client.acts.shape import Shape

ANSWERS: Mapping[str, Shape] = {
    **JOURNEY, **EVIDENCE, **TRADE, **OPERATION, **{act.words: act.answer for act in TABLE if act.words},
}  # fmt: skip
