"""The verbs of a journey, how often each is drawn, and from what each of its arguments; and the spaces it begins in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Act:
    """One verb: how often it is drawn, and from what each of its arguments."""

    name: str
    weight: int
    args: dict
    lie: bool = False


WHO = (0, 0, 0, 0, 1, 2, 3)
ROW_SETS = ((0,), (1,), (0, 1), (2, 3), (1, 2, 3), (4, 5), (6, 7, 8), tuple(range(9)))
LOST = ("nothing", "nothing", "nothing", "nothing", "offer", "voucher", "answer")
WHICH = (0, 1, 2, 3, 4, 5, 6, 7)
ACTS = (
    Act("buy", 24, {"who": WHO, "rows": ROW_SETS, "lost": LOST}),
    Act("ahead", 4, {"who": WHO, "rows": ROW_SETS, "lost": LOST}),
    Act("acknowledge", 3, {"who": WHO, "heard": (True, True, False)}),
    Act("level", 8, {"who": WHO}),
    Act("back_up", 5, {"side": ("payee", "payee", "buyer")}),
    Act("restore", 5, {"side": ("payee", "payee", "buyer")}),
    Act("crash", 2, {"acts": (0, 1, 2, 3)}),
    Act("restart", 1, {}),
    Act("deny", 2, {"stage": ("offer", "release", "never")}),
    Act("mine", 8, {"seconds": (3, 15, 60, 300), "most": (0, 0, 1, None)}),
    Act("wait", 2, {"hours": (1, 12, 24, 30)}),
    Act("away", 1, {"hours": (2, 23, 30)}),
    Act("reorganise", 1, {"depth": (1, 2), "most": (0, 1, None)}),
    Act("settle", 4, {"who": (None, 0, 2, 3)}),
    Act("top_up", 1, {"who": WHO}),
    Act("look", 1, {"who": WHO}),
    Act("lie_ask", 8, {"who": WHO, "rows": ROW_SETS}, lie=True),
    Act("lie_pay", 6, {"who": WHO, "which": WHICH}, lie=True),
    Act("lie_resume", 14, {
        "who": WHO, "first": WHICH, "count": (1, 1, 2, 4), "seq": ("none", "all", "far"),
        "receipt": ("own", "none", "foreign"), "preimage": (False, True),
    }, lie=True),
    Act("lie_elsewhere", 1, {"who": WHO, "which": WHICH}, lie=True),
    Act("equivocate", 4, {
        "who": WHO, "which": WHICH, "how": ("less", "longer", "unlocked", "other"),
        "way": ("pay", "resume", "acknowledge"),
    }, lie=True),
    Act("lie_acknowledge", 1, {"who": WHO, "amount": ("less", "same", "more"), "seq": (0, 1, 2)}, lie=True),
    Act("lie_answer", 1, {"how": ("nothing", "less", "same")}, lie=True),
    Act("forge", 1, {"who": WHO, "which": WHICH, "way": ("pay", "resume")}),
    Act("claim_for", 1, {"who": WHO, "which": WHICH}),
)  # fmt: skip
SPACES = {
    "tiers": (("kept",), ("leased",), ("kept", "leased"), ("leased", "kept"), ("kept", "kept", "leased")),
    "lying": (0, 0, 1, 2, 3, 7),
}
# what a journey is about: acts that are drawn so much more often, or not at all
MOODS = {
    "a day": {},
    "back-ups": {"back_up": 3, "restore": 3, "level": 3, "settle": 0.3, "acknowledge": 2},
    "settling": {"settle": 3, "mine": 3, "reorganise": 3, "crash": 3},
    "trading": {"settle": 0, "away": 0.3, "restore": 0.5, "ahead": 3},
    "lying": {
        "settle": 0.2,
        "lie_ask": 2,
        "lie_resume": 2,
        "lie_pay": 2,
        "restore": 2,
        "back_up": 2,
        "equivocate": 0.3,
    },
    "time": {"wait": 5, "away": 4, "acknowledge": 2, "settle": 0.3},
}
