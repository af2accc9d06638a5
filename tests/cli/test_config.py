"""`penstock admin config`: every setting with its origin, and nothing that opens a door."""

from __future__ import annotations

from connector.runtime import settings_table

SECRET = "a-static-token-of-nobody"


def test_each_setting_is_shown_with_where_it_came_from(penstock, participant, monkeypatch):
    data = participant(server__port=7123)
    monkeypatch.setenv("PENSTOCK_TELEMETRY_LOGS", "json")
    rows = {row["key"]: row for row in penstock("admin", "config", "--data", data, "--json").json["settings"]}
    assert list(rows) == list(settings_table.declared())
    assert (rows["server.port"]["value"], rows["server.port"]["origin"]) == (7123, str(data / "penstock.toml"))
    assert (rows["telemetry.logs"]["value"], rows["telemetry.logs"]["origin"]) == ("json", "PENSTOCK_TELEMETRY_LOGS")
    said = penstock("admin", "config", "--data", data)
    assert "server.port" in said.out
    assert "7123" in said.out


def test_what_stands_for_identity_is_not_shown(penstock, participant):
    data = participant(development__static_token=SECRET, development__static_peer="peer")
    for more in ((), ("--json",)):
        assert SECRET not in penstock("admin", "config", "--data", data, *more).out


def test_a_form_of_lines_that_does_not_exist_is_refused(penstock, participant, monkeypatch):
    data = participant()
    monkeypatch.setenv("PENSTOCK_TELEMETRY_LOGS", "yaml")
    said = penstock("admin", "config", "--data", data, "--json")
    assert (said.code, said.json["code"]) == (2, "settings")
