"""What is counted of the house stays as good as it is: a lower number is written here, a higher one is refused."""

from __future__ import annotations

from connector.api.authorize import MANAGEMENT
from connector.client.acts.table import TABLE
from tests.every import every
from tests.style import house

# what is counted → how many there may be
MOST = {
    "files in a circle of imports": 0,
    "rooms in a circle of imports": 0,
    "rooms": 24,
    "floors": 9,
    "arrows between rooms that run back up": 0,
    "functions that are handed the whole participant": 0,
    "files outside one room that count a use": 0,
    "management routes that no declared act makes": 0,
    "files that say what a row is": 0,
    "calls that name a table as text": 0,
}


def in_circles(arrows):
    return sorted(one for circle in house.circles(arrows) for one in circle)


def undeclared():
    declared = {(act.method, act.route) for act in TABLE}
    return [row.path for row in MANAGEMENT if (row.method, row.path) not in declared]


COUNTED = {
    "files in a circle of imports": lambda: in_circles(house.imports()),
    "rooms in a circle of imports": lambda: in_circles(house.rooms()),
    "rooms": lambda: sorted(house.rooms()),
    "floors": lambda: house.floors(house.rooms()),
    "arrows between rooms that run back up": house.back_arrows,
    "functions that are handed the whole participant": house.handed_the_whole,
    "files outside one room that count a use": lambda: house.outside("enforcement", {"uses.reserve", "uses.commit"}),
    "management routes that no declared act makes": undeclared,
    "files that say what a row is": house.rows_of_anything,
    "calls that name a table as text": house.tables_by_name,
}


@every("what", MOST)
def test_the_house_gets_no_worse(what):
    found = COUNTED[what]()
    assert len(found) <= MOST[what], found


@every("top", house.TOPS)
def test_no_file_is_in_a_circle(top):
    assert house.circles(house.imports(top)) == []


def test_no_room_of_the_ledger_is_in_a_circle():
    assert {"log", "edition", "chain", "audit"} <= set(house.rooms("ledger"))
    assert house.circles(house.rooms("ledger")) == []


def test_an_arrow_that_runs_up_is_found(monkeypatch):
    monkeypatch.setattr(house, "rooms", lambda: {"store": {"runtime", "api"}, "provider": {"consumer", "licence"}})
    assert house.back_arrows() == ["provider -> consumer", "store -> api"]


def test_a_use_is_counted_somewhere():
    assert house.outside("nowhere", {"uses.reserve"}) == ["connector.enforcement.enforce"]


def test_circles_are_found():
    arrows = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a"}}
    assert house.circles(arrows) == [{"a", "b", "c"}, {"d", "e"}]
    assert house.circles({"a": {"b"}, "b": set()}) == []


def test_a_room_stands_above_what_it_imports_from():
    assert house.floors({"a": {"b", "c"}, "b": {"c"}, "c": set(), "d": {"c"}}) == [["c"], ["b", "d"], ["a"]]


def test_imports_for_types_alone_and_inside_functions_count():
    assert "connector.identity.space.view" in house.imports()["connector.identity.space.author"]
    assert "connector.cli.checkup" in house.imports()["connector.cli.doctor"]
