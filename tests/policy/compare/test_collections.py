"""Collections compared: of one that nobody tells of anybody may be a member; of one that is told, its members are."""

from __future__ import annotations

import pytest

from policy.compare.check import check
from policy.compare.compare import implied
from policy.compare.document import write
from policy.compare.findings import Level
from policy.compare.meet import nearest
from policy.parse import parse

BOTH = {"@type": "PartyCollection", "uid": "urn:barred", "source": "https://provider.example/barred.json"}
ONE = {"@type": "PartyCollection", "source": "urn:barred"}
OPEN = {"@type": "Set", "conflict": "prohibit", "permission": [{"action": "use"}]}


def barring(assignee):
    return parse(OPEN | {"prohibition": [{"action": "use", "assignee": assignee}]})


@pytest.mark.parametrize("assignee", [BOTH, ONE], ids=["two names", "one name"])
def test_a_prohibition_of_a_collection_narrows_and_leaves_something(assignee):
    assert implied(barring(assignee), parse(OPEN)).holds is True
    assert implied(parse(OPEN), barring(assignee)).holds is False
    assert not [found for found in check([barring(assignee)]) if found.level is Level.ERROR]


def test_two_names_forbid_more_than_one():
    assert implied(barring(BOTH), barring(BOTH)).holds is True
    assert implied(barring("urn:barred"), barring(BOTH)).holds is False


@pytest.mark.parametrize("assignee", [BOTH, ONE], ids=["two names", "one name"])
def test_what_is_met_keeps_the_collection_of_either_side(assignee):
    met = nearest(parse(OPEN), barring(assignee))
    assert parse(met).prohibitions[0].party_collections == barring(assignee).prohibitions[0].party_collections
    again = parse(write(barring(assignee), anonymous=True))
    assert again.prohibitions[0].assignees == barring(assignee).prohibitions[0].assignees
