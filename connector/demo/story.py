"""The journey as a user lives it: every step is a call that a command of the command line makes, too."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connector.cli.server import Server
from connector.demo.processes import Participant
from connector.errors import PenstockError

PRODUCT_A = "nyc-flights-2013"
PRODUCT_B = "nyc-weather-2013"
GET_A = "get-flights"
GET_B = "get-weather"
FUNDS = 100_000
LAWFUL, UNLAWFUL = "AirTrafficResearch", "DirectMarketing"
PERMITTED = "Research"
REGION = "US"
TERM_DAYS = 365
WAIT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Script:
    """The numbers of a play. Prices in minor units: of A per MiB, of B per opening.

    The two ranges of A overlap and the first bids do not, so both sides have to move; the provider's floor is where
    they meet. The buyer is killed after `kill_after` windows (drawn in that range) and up to `kill_spread_seconds` more.
    """

    tables: tuple[str, ...] = ()  # all five
    piece_kib: int = 64
    ask: int = 500
    floor: int = 420
    bid: int = 320
    limit: int = 450
    price_of_opening: int = 250
    openings: int = 3
    kill: bool = True
    kill_after: tuple[int, int] = (1, 6)
    kill_spread_seconds: float = 0.03


@dataclass(slots=True)
class Cast:
    """Who plays: a process and its management door for each role, and the seed that moves them."""

    provider: Participant
    buyer: Participant
    exchange: Participant
    regulator: Participant
    doors: dict[str, Server]
    seed: int
    tables: list[Path]
    restarted: bool = False
    notes: dict[str, Any] = field(default_factory=dict)

    def door(self, role: str) -> Server:
        """Return the management door of `role`."""
        return self.doors[role]

    def everyone(self) -> dict[str, Participant]:
        """Return role → process."""
        return {
            "exchange": self.exchange,
            "regulator": self.regulator,
            "provider": self.provider,
            "buyer": self.buyer,
        }


def term_end(now: datetime) -> str:
    """Return the end of use: a year from now, in New York's time zone, because the policy keeps its zone."""
    return (now.astimezone(ZoneInfo("America/New_York")) + timedelta(days=TERM_DAYS)).isoformat(timespec="seconds")


async def gather_members(cast: Cast) -> None:
    """The exchange admits the other three and credits the buyer."""
    for role in ("regulator", "provider", "buyer"):
        status = await cast.door(role).call("GET", "status")
        await cast.door("exchange").call("POST", "members", {"did": status["did"]})
        cast.notes[role] = status
    cast.notes["exchange"] = await cast.door("exchange").call("GET", "status")
    body = {"did": cast.notes["buyer"]["did"], "amount": str(FUNDS)}
    await cast.door("exchange").call("POST", "credits", body)


async def publish(cast: Cast) -> None:
    """Step 1: profile, permit, seal, register and submit both products."""
    until = term_end(datetime.now(UTC))
    shared = {"purpose": PERMITTED, "until": until, "region": REGION, "pieceKiB": PIECE_KIB}
    files = [str(path) for path in cast.tables]
    weather = [name for name in files if "weather" in name]
    product_a = {
        "id": PRODUCT_A,
        "files": files,
        "title": "New York flights 2013",
        "price": str(ASK_A),
        "floor": str(FLOOR_A),
        "unit": "MiB",
        "tier": "kept",
        "openings": None,
        "keywords": ["flights", "weather", "planes", "airports", "airlines"],
    }
    product_b = {
        "id": PRODUCT_B,
        "files": weather,
        "title": "New York weather 2013",
        "price": str(PRICE_B),
        "floor": str(PRICE_B),
        "unit": "opening",
        "tier": "leased",
        "openings": OPENINGS_B,
        "keywords": ["weather", "hourly"],
    }
    for product in (product_a, product_b):
        cast.notes[product["id"]] = await cast.door("provider").call("POST", "products", {**product, **shared})


async def list_and_find(cast: Cast) -> None:
    """Step 2: the exchange opens drawn rows and lists; the buyer finds both by one word."""
    for product in (PRODUCT_A, PRODUCT_B):
        cast.notes["review " + product] = await cast.door("exchange").call("POST", f"listings/{product}/review", {})
    found = await cast.door("buyer").call("GET", "find?q=weather")
    cast.notes["found"] = sorted(row["id"] for row in found["products"])


async def acquire(cast: Cast, product: str, key: str, mandate: dict[str, Any]) -> None:
    """Steps 3 and 4: ask the buyer's connector to get `product` within `mandate`."""
    await cast.door("buyer").call("POST", "acquisitions", {"id": key, "product": product, "mandate": mandate})


async def watch(cast: Cast, key: str, *, until_windows: int | None = None) -> dict[str, Any]:
    """Return the acquisition's view when it is complete or failed, or has paid `until_windows` windows."""
    told = ""
    while True:
        view: dict[str, Any] = await cast.door("buyer").call("GET", f"acquisitions/{key}?wait=20&after={told}")
        told = view["mark"]
        windows = int(view["progress"].get("windows", 0))
        if view["state"] in ("complete", "failed") or (until_windows is not None and windows >= until_windows):
            return view


async def agree_and_pull(cast: Cast) -> None:
    """Steps 3 and 4: both products; the buyer is killed in the middle of A and goes on where it was."""
    draw = random.Random(cast.seed)  # noqa: S311  # a printed seed, so that a run can be repeated
    at_window = draw.randint(1, 6)
    pause = draw.uniform(0, KILL_SPREAD_SECONDS)
    mandate = {"bid": str(BID_A), "limit": str(LIMIT_A), "purpose": LAWFUL, "deposit": None}
    await acquire(cast, PRODUCT_A, GET_A, mandate)
    before = await watch(cast, GET_A, until_windows=at_window)
    await asyncio.sleep(pause)
    await cast.buyer.kill()
    await cast.buyer.start()
    cast.restarted = before["state"] != "complete"
    cast.notes[GET_A] = await watch(cast, GET_A)
    await acquire(
        cast, PRODUCT_B, GET_B, {"bid": None, "limit": str(PRICE_B), "purpose": LAWFUL, "deposit": str(PRICE_B * 4)}
    )
    cast.notes[GET_B] = await watch(cast, GET_B)


async def open_replicas(cast: Cast, to: Path) -> None:
    """Step 5: open A's files; open B three times; be denied an unlawful purpose and the fourth opening."""
    door = cast.door("buyer")
    files_a = {"id": "open-flights", "acquisition": GET_A, "purpose": LAWFUL, "to": str(to / "a")}
    cast.notes["opened A"] = await door.call("POST", "openings", files_a)
    allowed, denied = [], []
    attempts = [(f"open-weather-{n}", LAWFUL) for n in range(1, 4)]
    attempts += [("open-unlawful", UNLAWFUL), ("open-weather-4", LAWFUL)]
    for key, purpose in attempts:
        body = {"id": key, "acquisition": GET_B, "purpose": purpose, "to": str(to / "b" / key)}
        try:
            allowed.append(await door.call("POST", "openings", body))
        except PenstockError as refusal:
            denied.append({"id": key, "purpose": purpose, "reason": str(refusal)})
    cast.notes["openings allowed"], cast.notes["openings denied"] = allowed, denied


async def settle(cast: Cast) -> None:
    """Step 6: the provider settles both channels; the exchange collects its share."""
    settled = await cast.door("provider").call("POST", "settlements", {"agreement": None})
    cast.notes["settled"] = settled["channels"]
    cast.notes["exchange share"] = await cast.door("exchange").call("POST", "settlements", {"agreement": None})


async def anchor(cast: Cast) -> None:
    """Every participant has its head cosigned and anchored; the witnesses attest all four with one signature."""
    for role in ("provider", "buyer", "regulator", "exchange"):
        cast.notes["anchor " + role] = await cast.door(role).call("POST", "log/anchor", {})
    cast.notes["attestation"] = await cast.door("exchange").call("POST", "attestations", {})
