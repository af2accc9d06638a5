"""A back-up brings along the objects in which old entries of the log rest: whoever restores it has the whole log."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.app import ground
from connector.cli.log import checked
from connector.custody.archiving import Archiving
from connector.custody.log_objects import bundles_of
from connector.operation import backup, restoring
from connector.operation.initialise import initialise
from connector.runtime.clock import Clock
from connector.runtime.data_folder import DATABASE, KEYS, LOG
from connector.runtime.errors import VerificationFailed
from connector.store.errors import EvidenceBroken
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.connector.store.own_log import grow, meddling

SIZE = 2 * 256 + 10


@pytest.fixture
async def data(tmp_path):
    """The data directory of a participant that has stopped, with some of its log in an object."""
    made = tmp_path / "data"
    about = {"name": "Lone", "roles": ("provider",), "region": "US-NY", "port": 9, "exchange": None}
    settings = initialise(made, **about, development=True)
    evidence = ground.evidence(settings, await ground.identity(made, settings, Clock()))
    store = await Store.open(made / DATABASE, TABLES, bundles=bundles_of(made, settings))
    await grow(store, evidence, SIZE)
    with meddling(store) as execute:
        execute("UPDATE checkpoints SET cosigned = note")
    await Archiving(SimpleNamespace(store=store, settings=settings, clock=Clock())).chore()
    await store.close()
    return made


async def test_a_restored_participant_has_its_whole_log(data, tmp_path):
    made = backup.make(data, tmp_path / "safe", Clock().now(), sealed=False)
    [name] = [one.path for one in made.files if one.path.startswith(LOG)]
    assert (tmp_path / "safe" / name).read_bytes() == (data / name).read_bytes()
    wanted = restoring.Wanted(tmp_path / "safe", tmp_path / "new", data / KEYS)
    await restoring.restore(wanted, Clock().now())
    report = await checked(tmp_path / "new", None)
    assert (report["flaws"], report["entries"], report["boxes"]) == ([], str(SIZE), str(SIZE))


async def test_a_back_up_whose_object_was_changed_or_is_lost_is_refused(data, tmp_path):
    made = backup.make(data, tmp_path / "safe", Clock().now(), sealed=False)
    [name] = [one.path for one in made.files if one.path.startswith(LOG)]
    (tmp_path / "safe" / name).write_bytes(b"other")
    with pytest.raises(VerificationFailed, match="is not the file that the back-up lists"):
        await restoring.restore(restoring.Wanted(tmp_path / "safe", tmp_path / "new", data / KEYS), Clock().now())
    (data / name).write_bytes(bytes((data / name).stat().st_size))
    with pytest.raises(EvidenceBroken, match="was changed"):
        backup.make(data, tmp_path / "again", Clock().now(), sealed=False)
    (data / name).unlink()
    with pytest.raises(EvidenceBroken, match="No such file"):
        backup.make(data, tmp_path / "again", Clock().now(), sealed=False)
    assert not (tmp_path / "again").exists()
    [flaw] = (await checked(data, None))["flaws"]
    assert (flaw["code"], flaw["place"]) == ("resource-lost", "tile/entries/000")
