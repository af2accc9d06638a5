"""Data addresses as the protocol and as Eclipse EDC write them: one reading."""

import pytest

from connector.negotiation.protocol import data_address
from connector.negotiation.protocol.query_spec import EDC


def edc(**said):
    listed = [{"@type": "EndpointProperty", "name": EDC + name, "value": value} for name, value in said.items()]
    return {"@type": "DataAddress", "endpointType": "HttpData", "endpointProperties": listed}


def test_what_any_connector_shall_find_stands_in_both_namespaces():
    address = data_address.write("https://h/x", {"authorization": "t", "authType": "bearer"}, foreign=True)
    named = {one["name"]: one["value"] for one in address["endpointProperties"]}
    both = {"authorization": "t", "authType": "bearer"}
    assert named == both | {EDC + name: value for name, value in {"endpoint": "https://h/x", **both}.items()}
    assert data_address.endpoint(address) == "https://h/x"
    assert data_address.properties(address) == {"endpoint": "https://h/x", **both}


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (edc(endpoint="https://h/x"), "https://h/x"),
        (edc(baseUrl="https://h/in"), "https://h/in"),
        (edc(baseUrl="https://h/in/", path="/a/b"), "https://h/in/a/b"),
        (edc(path="/a"), ""),
        (edc(), ""),
        ({"endpoint": "https://h/own", **edc(endpoint="https://h/x")}, "https://h/own"),
        ({"endpoint": 7}, ""),
        ({"endpointProperties": {"name": "endpoint", "value": "https://h/one"}}, "https://h/one"),
        ({"endpointProperties": ["x", {"name": 1, "value": "y"}, {"name": "endpoint", "value": 2}]}, ""),
    ],
)
def test_an_endpoint_is_found_or_there_is_none(address, url):
    assert data_address.endpoint(address) == url
