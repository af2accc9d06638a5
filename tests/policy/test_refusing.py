"""A refusal in Chinese says what the English one says: the kind, the place, what was given, what may stand there."""

from __future__ import annotations

import re

import pytest

from policy.errors import CODES, PolicyError
from policy.parse import parse
from policy.words.refusing import in_chinese
from tests.every import every

USE = {"action": "use"}
REFUSED = {
    "an unknown operand": {"permission": [{**USE, "constraint": [{"leftOperand": "colour", "operator": "eq"}]}]},
    "a misplaced duty": {"permission": [USE], "duty": [{"action": "delete"}]},
    "an unknown region": {
        "permission": [{**USE, "constraint": [{"leftOperand": "spatial", "operator": "eq", "rightOperand": "Nowhere"}]}]
    },
    "no time zone": {
        "permission": [
            {**USE, "constraint": [{"leftOperand": "dateTime", "operator": "lt", "rightOperand": "2027-01-01"}]}
        ]
    },
    "nothing": {},
    "an unknown profile": {"permission": [USE], "profile": "https://example.org/profile"},
    "a list of numbers": {"permission": [7]},
}


@every("name", REFUSED)
def test_nothing_that_is_quoted_is_lost(name):
    with pytest.raises(PolicyError) as refused:
        parse({"@type": "Set", **REFUSED[name]})
    english, chinese = refused.value, in_chinese(refused.value)
    assert chinese.code == english.code
    assert english.path in str(chinese)
    for quoted in re.findall(r"`[^`]+`", english.problem + english.hint):
        assert quoted in str(chinese)
    assert re.search(r"[\u4e00-\u9fff]", chinese.problem)


def test_each_kind_has_words_of_its_own():
    said = {in_chinese(PolicyError(code, "/x", "nothing")).problem for code in CODES}
    assert len(said) == len(CODES)
    assert all(in_chinese(PolicyError(code, "", "nothing")).hint for code in CODES)
