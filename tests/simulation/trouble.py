"""What happens to a space, drawn by a seed before it begins: who orders what, and everything that goes wrong.

Law: a plan is a list of events, each with its moment; a part of a plan is a plan, so one that breaks a law is made
shorter by leaving events out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.simulation.participant import CONFIRMATIONS

TROUBLED_SECONDS = 1500
SIZES = ((1, 2), (1, 3), (2, 3), (2, 4), (2, 5), (3, 6))
SELLS = 4  # of so many members one is a provider, where their number is said
LIMITS = (110, 110, 110, 100, 90)


@dataclass(frozen=True)
class Event:
    """What happens when, with its arguments by name."""

    at: float
    name: str
    args: dict[str, Any]

    def __str__(self):
        told = ", ".join(f"{key}={value!r}" for key, value in self.args.items())
        return f"{self.at:7.1f} s  {self.name}({told})"


@dataclass(frozen=True)
class Plan:
    """Who is there, and what happens, in its order."""

    providers: tuple[str, ...]
    buyers: tuple[str, ...]
    skews: tuple[float, ...]
    events: tuple[Event, ...]

    @property
    def names(self):
        return (*self.providers, *self.buyers)


@dataclass(frozen=True)
class Act:
    """One kind of event: of which mood, how often, from what its arguments are drawn, and in which mood never."""

    name: str
    moods: str
    most: int
    args: dict[str, Any]
    never: str = ""


DOWN = (0.5, 5.0, 40.0, 300.0)
WHILE = (20.0, 90.0, 240.0)
# moods: l lines, p partitions, c crashes, d disks, b blocks, r restores
ACTS = (
    Act("crash", "c", 5, {"who": "anybody", "down": DOWN}),
    Act("power", "cd", 6, {"who": "anybody", "commits": (0, 1, 2, 3, 5, 8, 13, 21), "down": DOWN}),
    Act("full", "d", 2, {"who": "anybody", "seconds": WHILE}),
    Act("lines", "l", 3, {"lost": (0.02, 0.1, 0.3), "doubled": (0.0, 0.1), "slow": (0.0, 0.1, 0.4), "seconds": WHILE}),
    Act("cut", "p", 4, {"who": "anybody", "other": "anybody", "seconds": WHILE}),
    Act("away", "b", 3, {"who": "anybody", "seconds": WHILE}),
    Act("blocks", "b", 2, {"every": (2.0, 40.0, 120.0), "most": (1, 3, 1000), "seconds": WHILE}),
    Act("spike", "b", 2, {"times": (3, 20, 400), "seconds": WHILE}),
    # who was restored waits for what it forgot to have sent, for as long as nodes keep it: hours, or for good here
    Act("dearer", "b", 1, {"times": (4, 10)}, never="r"),
    Act("reorganise", "b", 5, {
        "depth": tuple(range(1, CONFIRMATIONS + 1)), "most": (0, 1, 1000), "forgotten": (False, True),
    }),
    Act("back_up", "r", 3, {"who": "provider"}),
    Act("restore", "r", 2, {"who": "provider", "down": DOWN}),
    Act("settle", "cbr", 2, {"who": "provider"}),
)  # fmt: skip
MOODS = ("", "l", "p", "c", "d", "b", "r", "lp", "cl", "cb", "rl", "lpcdb", "lpcdbr")
SKEWS = (0.0, 0.0, 0.0, -2.0, 3.0)


def draw(chance, *, members=0, calm=False):
    """Draw a plan, of so many members if that is said; `calm`: nothing goes wrong in it."""
    sells = max(1, members // SELLS)
    providers, buyers = (sells, members - sells) if members else chance.choice(SIZES)
    providers = tuple(f"provider{number}" for number in range(providers))
    buyers = tuple(f"buyer{number}" for number in range(buyers))
    who = {"anybody": (*providers, *buyers), "provider": providers}
    events = [
        _order(chance, f"order{number}", buyers[number % len(buyers)], providers)
        for number in range(_orders(chance, buyers))
    ]
    mood = "" if calm else chance.choice(MOODS)
    for act in ACTS:
        if set(act.moods) & set(mood) and not set(act.never) & set(mood):
            for _ in range(chance.randint(0, act.most)):
                args = {name: chance.choice(who.get(of, of)) for name, of in act.args.items()}
                events.append(Event(round(chance.uniform(0.0, TROUBLED_SECONDS), 1), act.name, args))
    skews = tuple(chance.choice(SKEWS) for _ in (*providers, *buyers))
    return Plan(providers, buyers, skews, tuple(sorted(events, key=lambda one: (one.at, one.name, str(one)))))


def _orders(chance, buyers):
    return len(buyers) + chance.randint(0, len(buyers) // 2)


def _order(chance, key, buyer, providers):
    at = round(chance.choice((0.0, chance.uniform(0.0, TROUBLED_SECONDS / 2))), 1)
    args = {"key": key, "buyer": buyer, "provider": chance.choice(providers), "limit": chance.choice(LIMITS)}
    return Event(at, "order", args)
