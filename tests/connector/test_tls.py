"""TLS from settings: files that do not fit are refused before anything is opened, in words that name them."""

from __future__ import annotations

import asyncio
import ssl
import sys

import pytest

from connector.demo.processes import free_ports
from connector.net import tls
from connector.operation.initialise import initialise
from connector.runtime import settings
from connector.runtime.errors import SettingsError
from tests.api.authority import Authority


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Name → path of files that fit and files that do not."""
    folder = tmp_path_factory.mktemp("tls")
    one, other = Authority(folder / "one"), Authority(folder / "other")
    paths = {"authority": one.bundle}
    paths["certificate"], paths["key"] = one.certificate("own")
    paths["other certificate"], paths["other key"] = other.certificate("other")
    paths["locked certificate"], paths["locked key"] = one.certificate("locked", password=b"secret")
    for name, content in (("text", b"not PEM"), ("empty", b"")):
        paths[name] = folder / name
        paths[name].write_bytes(content)
    paths["nowhere"], paths["a folder"] = folder / "nowhere", folder
    return paths


def test_files_that_fit(made):
    assert tls.serving(str(made["certificate"]), str(made["key"])).minimum_version >= ssl.TLSVersion.TLSv1_2
    context = tls.trusting(str(made["authority"]))
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert tls.serving("", "") is None
    assert tls.trusting("") is None


async def test_renewed_files_serve_whoever_connects_from_then_on(tmp_path):
    """A key that does not fit the certificate yet changes nothing; open connections go on."""
    authority = Authority(tmp_path / "renewed")
    paths = list(map(str, authority.certificate("own")))
    context, trust = tls.serving(*paths), tls.trusting(str(authority.bundle))
    renewed = tls.Renewed([context], *paths)

    async def served():
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
        try:
            return writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        finally:
            writer.close()

    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    before = await served()
    await renewed.look()
    assert await served() == before
    certificate, key = authority.certificate("next")
    certificate.replace(paths[0])
    with pytest.raises(SettingsError, match="not the key of the certificate"):
        await renewed.look()
    assert await served() == before
    key.replace(paths[1])
    await renewed.look()
    assert await served() != before
    server.close()


SERVING = {
    "the certificate is nowhere": ("nowhere", "key", tls.CERTIFICATE, "nowhere"),
    "the key is nowhere": ("certificate", "nowhere", tls.KEY, "nowhere"),
    "the certificate is a folder": ("a folder", "key", tls.CERTIFICATE, "a folder"),
    "the key of another": ("certificate", "other key", tls.KEY, "other key"),
    "the two changed": ("key", "certificate", tls.CERTIFICATE, "key"),
    "a text for the certificate": ("text", "key", tls.CERTIFICATE, "text"),
    "a text for the key": ("certificate", "text", tls.KEY, "text"),
    "an empty certificate": ("empty", "key", tls.CERTIFICATE, "empty"),
    "an encrypted key": ("locked certificate", "locked key", tls.KEY, "locked key"),
}


@pytest.mark.parametrize("name", SERVING)
def test_files_that_do_not_fit(made, name):
    certificate, key, setting, file = SERVING[name]
    with pytest.raises(SettingsError) as refused:
        tls.serving(str(made[certificate]), str(made[key]))
    said = f"{refused.value} {refused.value.hint}"
    assert setting in said
    assert str(made[file]) in said


@pytest.mark.parametrize("name", ["nowhere", "a folder", "text", "empty", "key"])
def test_authorities_that_are_none(made, name):
    with pytest.raises(SettingsError) as refused:
        tls.trusting(str(made[name]))
    assert tls.TRUST in str(refused.value)
    assert str(made[name]) in str(refused.value)


WORDS = {
    "plain address": ({"server.public_url": "http://127.0.0.1:7001", "server.development": True}, "public_url"),
    "development on loopback": ({"server.public_url": "https://localhost:7001", "server.development": True}, "DID"),
}


@pytest.mark.parametrize("name", WORDS)
def test_settings_that_contradict_tls(name):
    values, words = WORDS[name]
    with pytest.raises(SettingsError, match=words):
        settings.build({"server.tls_certificate": "c", "server.tls_key": "k", **values})


def test_our_address_follows_from_tls():
    assert settings.build({"server.tls_certificate": "c", "server.tls_key": "k"}).url == "https://localhost:7001"


@pytest.mark.parametrize(("wrong", "words"), [("tls_key", "other.key"), ("trust", "text")])
async def test_serve_refuses_before_it_opens_anything(made, tmp_path, monkeypatch, wrong, words):
    said = {"tls_certificate": "certificate", "tls_key": "key", wrong: "text" if wrong == "trust" else "other key"}
    for setting, name in said.items():
        monkeypatch.setenv(f"PENSTOCK_SERVER_{setting.upper()}", str(made[name]))
    data, port = tmp_path / "data", free_ports(1)[0]
    url = f"https://127.0.0.1:{port}"
    given = {"name": "A", "roles": ("provider",), "region": "US", "port": port, "exchange": None}
    initialise(data, **given, development=None, public_url=url)
    command = [sys.executable, "-m", "connector.cli.main", "serve", "--data", str(data)]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    async with asyncio.timeout(20):
        _, err = await process.communicate()
    assert process.returncode == 2, err
    assert f"server.{wrong}" in err.decode()
    assert words in err.decode()
    assert "Traceback" not in err.decode()
    assert not (data / "penstock.db").exists()
