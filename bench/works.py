"""What is done at each size of a space that grows, and how fast it may grow: the works of `bench.axes`, by name."""

from __future__ import annotations

from dataclasses import dataclass

from bench import history
from bench.space import EXCHANGE

FLAT, LINEAR = 0.1, 1.0
START_SECONDS = 3.0
ORDER_KIB = 40.0
# an exchange keeps all members in memory, and reads them when it starts
START_OF_ALL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Work:
    """What is done at each size: how fast it may grow, the most at the largest, and the most KiB of one more."""

    name: str
    unit: str = "s"
    growth: float = FLAT
    most: float | None = None
    each: float | None = None


DEAL, DEAL_CPU = Work("a deal"), Work("a deal, CPU of both sides")
WINDOW, OPENING, PROCESSES = Work("a window"), Work("an opening"), Work("a page of processes")
START, START_EXCHANGE = (Work(f"start of the {role}", most=START_SECONDS) for role in ("provider", EXCHANGE))
MEMORY, MEMORY_EXCHANGE = (Work(f"memory of the {role}", "MiB") for role in ("provider", EXCHANGE))
BACKUP = Work("back-up of the provider", growth=LINEAR)
# from the command until it is ready again, with what others know asked for
RESTORE = Work("the provider out of its back-up", growth=LINEAR)
TABLES = tuple(Work(f"tables of the {role}", "MiB", LINEAR, each=ORDER_KIB) for role in history.ROLES)
TABLES_EXCHANGE = Work(f"tables of the {EXCHANGE}", "MiB", LINEAR)
QUESTION, PUBLISH = Work("a question"), Work("publishing one more")
# with other exchanges for sources: a question that all of them have products for, and reading all of them again
FOUND = Work("a question that all answer")
HARVEST = Work("reading all again, nothing new: CPU", growth=LINEAR)
# with other members
START_OF_ALL = Work(f"start of the {EXCHANGE}", growth=LINEAR, most=START_OF_ALL_SECONDS)
MEMORY_OF_ALL = Work(f"memory of the {EXCHANGE}", "MiB", LINEAR)
