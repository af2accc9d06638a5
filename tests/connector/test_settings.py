"""Settings: flags over environment over file over defaults, nothing unknown, nothing contradictory."""

from __future__ import annotations

import os
import socket
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.identity import did
from connector.runtime.errors import SettingsError
from connector.runtime.settings import FILE_NAME, build, load, write_default
from connector.runtime.settings_table import SECTIONS, declared
from tests.every import every

DEVELOPMENT = {"server.development": True}


@pytest.fixture
def data(tmp_path):
    write_default(tmp_path / FILE_NAME, {**DEVELOPMENT, "server.port": 7010})
    return tmp_path


def test_flags_win_over_environment_over_file_over_defaults(data):
    settings = load(data, {})
    assert (settings.server.port, settings.negotiation.rounds_max) == (7010, 8)
    assert settings.origin("server.port") == str(data / FILE_NAME)
    settings = load(data, {"PENSTOCK_SERVER_PORT": "7011", "HOME": "/"})
    assert (settings.server.port, settings.origin("server.port")) == (7011, "PENSTOCK_SERVER_PORT")
    settings = load(data, {"PENSTOCK_SERVER_PORT": "7011"}, {"server.port": 7012, "server.host": None})
    assert (settings.server.port, settings.origin("server.port")) == (7012, "flag")
    assert settings.server.host == "127.0.0.1"
    (data / FILE_NAME).write_text("[server]\ndevelopment = true\n")
    assert load(data, {}).origin("server.port") == "default"


def test_every_setting_is_written_with_its_comment_and_read_back(data):
    text = (data / FILE_NAME).read_text()
    for section, kind in SECTIONS.items():
        assert f"[{section}]" in text
        for each in fields(kind):
            assert f"# {each.metadata['comment']}\n{each.name} = " in text
    settings = load(data, {})
    assert build({**DEVELOPMENT, "server.port": 7010}) == build(
        {key: getattr(getattr(settings, key.split(".")[0]), key.split(".")[1]) for key in declared()}
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_survives_the_file(tmp_path_factory, name):
    path = tmp_path_factory.mktemp("s") / FILE_NAME
    write_default(path, {**DEVELOPMENT, "participant.name": name})
    assert load(path.parent, {}).participant.name == name


def test_the_environment_says_every_kind_of_value(data):
    environment = {
        "PENSTOCK_PARTICIPANT_ROLES": "provider, regulator",
        "PENSTOCK_REVIEW_AUTOMATIC": "Yes",
        "PENSTOCK_CHAIN_CONFIRMATIONS": "12",
        "PENSTOCK_SPACE_EXCHANGE": "http://localhost:7001",
        "PENSTOCK_DATA": "/elsewhere",
        "PENSTOCK_TEST_KILL_AT": "commit",
        **{name: value for name, value in os.environ.items() if name.startswith("PENSTOCK_")},
    }
    settings = load(data, environment)
    assert settings.participant.roles == ("provider", "regulator")
    assert settings.review.automatic is True
    assert settings.chain.confirmations == 12
    assert settings.has("provider")
    assert not settings.has("exchange")


@pytest.mark.parametrize(
    "environment",
    [
        {"PENSTOCK_SEVER_PORT": "1"},
        {"PENSTOCK_SERVER_PROT": "1"},
        {"PENSTOCK_SERVER": "1"},
        {"PENSTOCK_SERVER_PORT": "many"},
        {"PENSTOCK_SERVER_PORT": "7001.0"},
        {"PENSTOCK_SERVER_PORT": "70000"},
        {"PENSTOCK_REVIEW_AUTOMATIC": "maybe"},
        {"PENSTOCK_PARTICIPANT_ROLES": "king"},
        {"PENSTOCK_PARTICIPANT_ROLES": ""},
        {"PENSTOCK_CHAIN_CONFIRMATIONS": "-1"},
    ],
)
def test_a_bad_variable_is_refused_by_name(data, environment):
    with pytest.raises(SettingsError):
        load(data, environment)


@every(
    "text",
    [
        "[sever]\nport = 1\n",
        "[server]\nprot = 1\n",
        "server = 1\n",
        "port = 1\n",
        "[server]\nport = '7001'\n",
        "[server]\nport = 7001.0\n",
        "[server]\ndevelopment = 1\n",
        "[server]\nport = true\n",
        "[participant]\nroles = 'buyer'\n",
        "[participant]\nroles = [1]\n",
        "[participant]\nroles = []\n",
        "[participant]\nregion = 'New York'\n",
        "[server]\nport = 1\nport = 2\n",
        "not toml",
        "[server]\ntls_key = 'key.pem'\ndevelopment = true\n",
        "[server]\npublic_url = 'http://example.org'\n",
        "[server]\npublic_url = 'https://user@example.org'\n",
        "[server]\npublic_url = 'https://example.org/path'\n",
        "[server]\npublic_url = 'https://Example.org'\n",
        "[server]\npublic_url = 'https://example.org/'\n",
        "[server]\npublic_url = 'ftp://example.org'\n",
        "[trust]\nconnector = 'http://edc.example/dsp'\n",
        "[trust]\nconnector = 'https://edc.example/dsp/'\n",
        "[trust]\nconnector = 'https://edc.example/dsp'\n[space]\nexchange = 'https://example.org'\n",
        "[server]\ndevelopment = true\n[participant]\nroles = ['exchange']\n[space]\nexchange = 'http://localhost:1'\n",
        "[server]\ndevelopment = true\n[negotiation]\nrounds_max = 0\n",
        "[server]\ndevelopment = true\n[negotiation.deeper]\nx = 0\n",
        "[development]\nstatic_token = 'a'\nstatic_peer = 'b'\n",
        "[server]\ndevelopment = true\n[development]\nstatic_token = 'a'\n",
        "[server]\ndevelopment = true\n[development]\nstatic_peer = 'b'\n",
        "[server]\ndevelopment = true\n[development]\nstatic_token = 'a'\nstatic_peer = 'did:web:b'\n",
        "# " + "x" * 70_000,
    ],
)
def test_a_bad_file_is_refused(tmp_path, text):
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(SettingsError):
        load(tmp_path, {})


def test_an_absent_file_says_what_to_do(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {})
    assert "penstock init" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "development", "expected"),
    [
        ("http://localhost:7001", True, "did:web:localhost%3A7001"),
        ("https://data.example.org", False, "did:web:data.example.org"),
        ("https://data.example.org:8443", False, "did:web:data.example.org%3A8443"),
    ],
)
def test_the_did_leads_back_to_the_public_url(url, development, expected):
    settings = build({"server.public_url": url, "server.development": development})
    assert settings.did == expected
    assert did.url_of(settings.did, development=development) == url + "/.well-known/did.json"
    assert settings.log_origin == url.split("//")[1] + "/log"


def test_the_default_url_is_the_port_on_loopback():
    assert build({**DEVELOPMENT, "server.port": 7003}).url == "http://localhost:7003"
    with pytest.raises(SettingsError, match="plain http"):
        build({})


SERVER = "postgresql://penstock@db.example/penstock"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"store.database": "sqlite:///x"}, "no postgresql://"),
        ({"store.database": "postgresql://host"}, "no postgresql://"),
        ({"store.database": "postgresql://me:pencil@host/db", "chain.rpc": "http://n"}, "holds a password"),
        ({"store.database": "postgresql://host/db?password=pencil", "chain.rpc": "http://n"}, "holds a password"),
        ({"store.database": SERVER, "participant.roles": ("exchange",)}, "embedded chain lives in one"),
    ],
)
def test_a_database_that_cannot_be_shared_is_refused(values, said):
    with pytest.raises(SettingsError, match=said) as refused:
        build({**DEVELOPMENT, **values})
    assert "pencil" not in str(refused.value)


@pytest.mark.parametrize(
    ("roles", "shared", "copied"),
    [
        (("exchange",), True, True),
        (("exchange", "provider"), False, False),
        (("buyer",), True, False),
        (("provider", "buyer", "regulator"), True, False),
    ],
)
def test_who_is_served_side_by_side(roles, shared, copied):
    values = {**DEVELOPMENT, "participant.roles": roles, "chain.rpc": "http://node.example"}
    assert not build(values).side_by_side
    made = build({**values, "store.database": SERVER})
    assert (made.side_by_side, made.is_copied) == (shared, copied)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("10.0.0.7", "http://10.0.0.7:8101"),
        ("::1", "http://[::1]:8101"),
        ("0.0.0.0", f"http://{socket.gethostname()}:8101"),
    ],
)
def test_a_process_says_where_it_answers_itself(host, url):
    told = {"server.host": host, "server.port": 8101, "server.public_url": "http://balanced.example"}
    assert build({**DEVELOPMENT, **told}).own_url == url


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"space.currency": "JPY"}, "`JPY` has no decimals"),
        ({"space.currency": "gold"}, "no currency that is known here"),
        ({"space.currency": "EUR", "space.exchange": "https://exchange.example"}, "is the exchange's to say"),
    ],
)
def test_a_currency_that_no_space_can_have_is_refused(values, said):
    with pytest.raises(SettingsError, match=said):
        build(values | {"server.development": True})
    assert build({"space.currency": "EUR", "server.development": True}).space.currency == "EUR"
    assert build({"server.development": True}).space.currency == ""
