"""The table of routes: who may call what under which roles, and how long a body may be."""

from __future__ import annotations

import pytest

from catalog.roles import ROLES
from connector.api.authorize import CONTRACT, DSP, ROUTES, Route, Who
from connector.api.body_sizes import BODY_BYTES
from connector.api.parcels import CARRIED
from connector.runtime.limits import BODY_BYTES_MAX, FORM_BYTES_MAX, MESSAGE_BYTES_MAX
from tests.every import every

OF = {(row.method, row.path): row for row in ROUTES}


def test_a_path_has_one_row_for_a_method_and_every_row_somebody_whom_it_serves():
    assert len(OF) == len(ROUTES)
    assert all(row.roles and row.roles <= set(ROLES) for row in ROUTES)


@every(
    ("route", "who", "roles"),
    [
        (("POST", "/dsp/catalog/request"), Who.PARTY, {"provider", "exchange"}),
        (("POST", "/dsp/negotiations/request"), Who.PARTY, {"provider"}),
        (("POST", "/dsp/negotiations/offers"), Who.PARTY, {"buyer"}),
        (("GET", "/dsp/transfers/{pid}"), Who.PARTY, {"provider", "buyer"}),
        (("GET", "/exchange/search"), Who.MEMBER, {"exchange"}),
        (("POST", "/management/members"), Who.OWNER, {"exchange"}),
        (("GET", "/health"), Who.ANYONE, set(ROLES)),
    ],
)
def test_who_asks_for_what_under_which_roles(route, who, roles):
    assert (OF[route].who, OF[route].roles) == (who, roles)


def test_no_message_comes_by_a_row_that_asks_less_than_its_own():
    """What a peer must show is asked for at every way of a message: alone, in a parcel, by other interfaces."""
    assert {row.who for row in (*DSP, *CONTRACT)} == {Who.PARTY}
    assert OF["POST", "/parcels"].who is Who.PARTY
    assert {row.handler for row in CARRIED.values()} <= {row.handler for row in DSP}


@pytest.mark.parametrize(
    ("method", "handler", "most"),
    [
        ("GET", "dsp.negotiate", 0),
        ("HEAD", "plain.read", 0),
        ("POST", "dsp.negotiate", MESSAGE_BYTES_MAX),
        ("POST", "console.act", FORM_BYTES_MAX),
        ("POST", "management.settle", BODY_BYTES_MAX),
    ],
)
def test_how_long_a_body_may_be(method, handler, most):
    assert Route(method, "/x", Who.ANYONE, frozenset(), handler).body_bytes == most


def test_every_limit_is_of_a_row():
    assert set(BODY_BYTES) <= {row.handler for row in ROUTES}
