"""The client's wheel: the files that it needs, all of them below its one name."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_the_wheel_has_what_it_imports_and_nothing_else():
    from connector.client import wheel

    files = wheel.files()
    assert not [name for name in files if not name.startswith("penstock/")]
    for name, text in files.items():
        compile(text, name, "exec")
        begun = [line.split()[1] for line in text.splitlines() if line.strip().startswith(("from ", "import "))]
        assert not [one for one in begun if one.split(".")[0] in wheel.ROOMS], name
    rooms = {name.split("/")[3] for name in files if name.startswith("penstock/rooms/connector/")}
    assert rooms == {"__init__.py", "client", "net", "runtime"}


def test_a_room_is_renamed_in_imports_and_where_a_text_names_a_class():
    from connector.client import wheel

    source = (
        "from connector.net import tls\nfrom aiohttp import web\n"
        'ROWS = {"connector.runtime.errors.Absent": 1, "demo": "connector"}\n'
        'def f():\n    """Ask `connector.net`."""\n    from catalog.roles import ROLES  # late\n'
    )
    assert wheel.renamed(source) == (
        "from penstock.rooms.connector.net import tls\nfrom aiohttp import web\n"
        'ROWS = {"penstock.rooms.connector.runtime.errors.Absent": 1, "demo": "connector"}\n'
        'def f():\n    """Ask `connector.net`."""\n    from penstock.rooms.catalog.roles import ROLES  # late\n'
    )
    with pytest.raises(ValueError, match="binds the name of a room"):
        list(wheel.imported("import connector.net.tls\n"))


def test_what_penstock_offers_is_there():
    import penstock

    assert [name for name in penstock.__all__ if getattr(penstock, name) is None] == []
    assert penstock.__all__ == sorted(penstock.__all__)
    with pytest.raises(AttributeError, match="has no `nothing`"):
        _ = penstock.nothing
    assert Path(penstock.__file__).with_name("py.typed").exists()
