"""The benchmark of the catalogue draws every facet and measure that the model has."""

from __future__ import annotations

from bench import catalog
from catalog.facets import DATA_SERVICE, FACETS, MEASURES


def test_its_products_have_every_facet_and_its_services_what_services_have():
    drawn = list(catalog.products(2 * catalog.SERVICE_EVERY))
    services = [one for one in drawn if one.facets["kind"] == (DATA_SERVICE,)]
    assert len(services) == 2
    assert all(set(one.facets) < set(FACETS) and set(one.measures) == {"updated"} for one in services)
    for one in drawn:
        assert one.sights
        if one not in services:
            assert (set(one.facets), set(one.measures)) == (set(FACETS), set(MEASURES))
