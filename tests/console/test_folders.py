"""Folders that the console publishes from, named while it runs: by whom, below what, and what is never one."""

from __future__ import annotations

import shutil

import pytest
import pytest_asyncio

from connector.custody.errors import VaultError
from connector.custody.sources import source_of
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.limits import PUBLISHED_FOLDERS_MAX

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def root(connector, tmp_path):
    """A folder below the root of the settings with folders in it; `tmp_path` is below none."""
    there = connector.data.parent / "trees"
    shutil.rmtree(there, ignore_errors=True)
    for name in ("a", "b/c", ".hidden", "<script>"):
        (there / name).mkdir(parents=True)
        (there / name / "t.csv").write_text("a\n1\n")
    (there / "b" / "t.csv").write_text("a\n1\n")
    (tmp_path / "beside").mkdir()
    (there / "away").symlink_to(tmp_path / "beside")
    for row in await connector.folders.page():
        if row["by"]:
            await connector.folders.remove(row["folder"])
    return there


async def test_a_folder_below_a_root_is_named_published_from_and_taken_back(connector, enter, root):
    visitor = await enter("namer", ("provider",))
    page = await visitor.open("publish/folders", params={"at": str(root / "b")})
    assert "publish/folders?at=" in " ".join(page.links)
    sent = await visitor.send(page, "/publish/folders")
    assert sent.status == 200
    assert str(root / "b") in sent.text
    assert [path.rsplit("/", 1)[1] for path in await connector.folders.files() if str(root) in path] == ["t.csv"]
    page = await visitor.open("publish", params=[("files", str(root / "b" / "t.csv"))])
    assert "t.csv" in page.text
    page = await visitor.open("publish/folders")
    assert "account:namer" in page.text
    sent = await visitor.send(page, "/publish/folders/removal")
    assert sent.status == 200
    assert not [path for path in await connector.folders.files() if str(root) in path]


async def test_what_is_below_no_root_is_refused(connector, root, tmp_path):
    wrong = [
        "/etc", "/", "", ".", "a", str(root) + "/../../..", str(root / "a") + "/../..", str(root / "away"),
        str(root / "away" / ".."), str(root / "absent"), str(root / "a" / "t.csv"), str(connector.data.parent) + "x",
        "\0", str(root / "a") + "\0", str(tmp_path), str(connector.data), str(connector.data / "keys"), "a/" * 5_000,
        str(root) + "/" + "x" * 300,
    ]  # fmt: skip
    for folder in wrong:
        with pytest.raises(InvalidInput):
            await connector.folders.add_below(folder, "somebody")
        if folder:
            with pytest.raises(InvalidInput):
                await connector.folders.inside(folder)
    assert (await connector.folders.inside(str(root)))["inside"] == [str(root / n) for n in ("<script>", "a", "b")]
    assert not [row for row in await connector.folders.page() if row["by"]]


async def test_a_folder_that_became_a_link_has_nothing(connector, root, tmp_path):
    await connector.folders.add_below(str(root / "a"), "somebody")
    (tmp_path / "beside" / "secret.csv").write_text("a\n1\n")
    (root / "a").rename(root / "was")
    (root / "a").symlink_to(tmp_path / "beside")
    assert not [path for path in await connector.folders.files() if str(tmp_path) in path]
    (root / "a").unlink()
    assert not [path for path in await connector.folders.files() if str(tmp_path) in path]
    assert [row["there"] for row in await connector.folders.page() if row["by"]] == [False]


async def test_a_file_that_became_a_link_after_it_was_looked_up_is_not_sealed(connector, root):
    await connector.folders.add_below(str(root / "a"), "somebody")
    [path] = [path for path in await connector.folders.files() if str(root) in path]
    (root / "a" / "t.csv").unlink()
    (root / "a" / "t.csv").symlink_to(next((connector.data / "keys").iterdir()))
    with pytest.raises(VaultError, match="is a link"):
        source_of([path])


async def test_the_owner_names_any_but_those_with_keys(connector, root, tmp_path):
    row = await connector.folders.add(str(tmp_path / "beside"), "owner")
    assert await connector.folders.add(str(tmp_path / "beside"), "another") == row
    for wrong in ("relative", "/absent", str(connector.data), str(connector.data / "keys")):
        with pytest.raises(InvalidInput):
            await connector.folders.add(wrong, "owner")
    with pytest.raises(Conflict, match="the settings name"):
        await connector.folders.add(connector.core.settings.console.folders[0], "owner")
    await connector.folders.remove(row["folder"])
    with pytest.raises(Absent):
        await connector.folders.remove(row["folder"])
    for at in range(PUBLISHED_FOLDERS_MAX):
        (root / "b" / str(at)).mkdir()
        await connector.folders.add(str(root / "b" / str(at)), "owner")
    with pytest.raises(Conflict, match="are named already"):
        await connector.folders.add(str(root / "a"), "owner")


async def test_who_may_only_look_names_nothing(connector, enter, root):
    onlooker = await enter("folder-onlooker", ("provider",), operator=False)
    page = await onlooker.open("publish/folders")
    assert page.status == 200
    token = page.form("sign-out")[2]["form"]
    for path, told in (("publish/folders", str(root / "a")), ("publish/folders/removal", str(root / "a"))):
        async with onlooker.session.post(f"{onlooker.prefix}/{path}", data={"folder": told, "form": token}) as answer:
            assert answer.status == 403
    buyer = await enter("folder-buyer", ("buyer",))
    assert (await buyer.open("publish/folders")).status == 403
