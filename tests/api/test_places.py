"""Places: so many for each caller, given back however a request ends, and nothing kept of who has gone."""

import pytest

from connector.api.places import Places
from connector.runtime.errors import RequestRefused


def test_each_caller_has_so_many_places_and_takes_nobody_else_s():
    places = Places(2)
    with places.one("a"), places.one("a"), places.one("b"):
        with pytest.raises(RequestRefused, match=r"^2 requests of yours are waiting or running here$") as caught:
            places.one("a").__enter__()
        assert caught.value.code == "too-many"
        with places.one("b"):
            pass


def test_a_place_is_free_again_however_its_request_ended():
    places = Places(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), places.one("a"):
            raise ZeroDivisionError
    with places.one("a"):
        pass


def test_one_that_goes_leaves_the_others_their_places():
    places = Places(3)
    with places.one("a"), places.one("a"):
        with places.one("a"):
            pass
        with places.one("a"), pytest.raises(RequestRefused):
            places.one("a").__enter__()


def test_nothing_is_kept_of_who_has_gone():
    places = Places(2)
    with places.one("a"), places.one("a"):
        assert dict(places._taken) == {"a": 2}
    assert dict(places._taken) == {}


def test_who_comes_with_several_needs_as_many_places():
    places = Places(4)
    with places.one("a", 3):
        with pytest.raises(RequestRefused):
            places.one("a", 2).__enter__()
        with places.one("b", 4), places.one("a"):
            assert dict(places._taken) == {"a": 4, "b": 4}
        with pytest.raises(ZeroDivisionError), places.one("a"):
            raise ZeroDivisionError
        assert dict(places._taken) == {"a": 3}
    with places.one("a", 4):
        pass
    assert dict(places._taken) == {}
