"""Random cases (policy, request, world), as documents: by a seed, fast, or by hypothesis, which shrinks them.

Both throw the same dice: `Dice.below` is the only source of chance, and 0 always is the simplest choice.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.policy.oracle import pools, values
from tests.policy.oracle.facts import as_list
from tests.policy.oracle.operands import ALIASES, ODRL, PROFILE, operand
from tests.policy.oracle.places import joined, spelled_place
from tests.policy.oracle.pools import ACTIONS, DUTIES, INSTANTS, MANY, PART_OF, PARTIES, POOLS, TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable

MODE = "https://w3id.org/penstock/ns/profile#mode"
# operands that are of our profile; the others are spelled as terms of ODRL
OURS = {"timeWindow", "dataField", "frequency", "networkAddress", "privacyBudget", "executionEnv"}
# an hour, a day, a month ago, and on either side of them
AGES = ["PT0S", "PT1S", "PT60S", "PT59S", "PT1H", "PT3601S", "P1D", "P30D", "P31D", "P1M"]


@dataclass
class Dice:
    """Chance; `below(n)` gives a whole number from 0 and below n."""

    below: Callable[[int], int]
    operands: list

    def pick(self, options):
        return options[self.below(len(options))]

    def chance(self, percent):
        return self.below(100) >= 100 - percent

    def without(self, *operands):
        return Dice(self.below, [name for name in self.operands if name not in operands])

    def some(self, most, make):
        return [make(self) for _ in range(self.below(most + 1))]


def rolled(seed, operands=tuple(POOLS)):
    """Make the case of a seed."""
    return case(Dice(random.Random(seed).randrange, list(operands)))


@st.composite
def cases(draw, operands=tuple(POOLS)):
    """Draw a case."""
    return case(Dice(lambda count: draw(st.integers(0, count - 1)), list(operands)))


def case(dice):
    """Make a policy, a request and a world that have to do with each other."""
    document = policy(dice)
    asked = request(dice, document)
    return document, asked, world(dice, document, asked)


# policies ------------------------------------------------------------------------------------------------------------


def policy(dice):
    """Write a Set, an Agreement or, rarely, an Offer."""
    document = {"@id": "urn:policy", "@type": dice.pick(["Set", "Set", "Set", "Agreement", "Agreement", "Offer"])}
    if document["@type"] != "Set":
        document |= {"assigner": "urn:seller", "assignee": dice.pick(PARTIES), "target": dice.pick(TARGETS)}
    if dice.chance(60):
        document["conflict"] = dice.pick(["perm", "prohibit", "invalid"])
    document["permission"] = [rule(dice, f"p{number}", document) for number in range(1 + dice.below(3))]
    document["prohibition"] = [rule(dice, f"q{number}", document) for number in range(dice.below(3))]
    document["obligation"] = [duty(dice, f"o{number}") for number in range(dice.below(5) // 3)]
    return {key: value for key, value in document.items() if value}


def rule(dice, name, document):
    written = {"uid": name, "action": several(dice, ACTIONS)}
    if "target" not in document and dice.chance(70):
        written["target"] = several(dice, TARGETS)
    if "assignee" not in document and dice.chance(50):
        written["assignee"] = several(dice, PARTIES)
    for key in ("action", "target", "assignee"):
        if isinstance(written.get(key), str) and dice.chance(8):
            refined(dice, written, key)
        elif key != "action" and key in written and dice.chance(20):
            written[key] = [spelled_place(dice, key, one) for one in as_list(written[key])]
    written["constraint"] = constraints(dice if name.startswith("p") else dice.without("count", "frequency"), 2)
    if name.startswith("p"):
        written["duty"] = [duty(dice, f"{name}d{number}") for number in range(dice.below(6) // 3)]
    else:
        written["remedy"] = [plain_duty(dice, f"{name}r{number}") for number in range(dice.below(4) // 3)]
    return {key: value for key, value in written.items() if value}


def several(dice, options):
    """One of the options, or sometimes two."""
    first, second = dice.pick(options), dice.pick(options)
    return [first, second] if first != second and dice.chance(12) else first


def refined(dice, written, key):
    whole = {"action": "rdf:value", "target": "source", "assignee": "source"}[key]
    named = {"@id": written[key]} if key == "action" else written[key]
    kind = {"action": {}, "target": {"@type": "AssetCollection"}, "assignee": {"@type": "PartyCollection"}}[key]
    written[key] = {**kind, whole: named, "refinement": [condition(dice.without("count", "frequency"), 1)]}


def constraints(dice, most):
    """Write a few constraints; what a count counts may stand beside it."""
    written = [condition(dice, 3) for _ in range(dice.below(most + 1))]
    if any(used(one) == {"count"} for one in written) and "unitOfCount" in dice.operands and dice.chance(20):
        written.append(
            {"leftOperand": "unitOfCount", "operator": "eq", "rightOperand": dice.pick(["user", "organisation"])}
        )
    return written


def condition(dice, depth):
    if depth > 1 and dice.chance(25):
        operator = dice.pick(["and", "or", "xone", "andSequence"])
        if operator == "andSequence" and "event" not in dice.operands:
            operator = "and"
        inner = dice.without(*(name for name in POOLS if not may_stand_in(operator, name)))
        return {
            operator: [
                condition(inner, depth - 1 if operator != "andSequence" else 1) for _ in range(1 + dice.below(3))
            ]
        }
    return atom(dice, dice.pick(dice.operands))


def may_stand_in(operator, name):
    """Leave what is counted at the top, where it can be reserved; a sequence is of what a context says."""
    return not POOLS[name].counted and (operator != "andSequence" or bool(POOLS[name].given))


def atom(dice, name):
    pool = POOLS[name]
    operator, right = dice.pick(pool.operators), dice.pick(pool.rights)
    if operator in MANY and dice.chance(70):
        other = dice.pick(pool.rights)
        right = [right, other] if other != right else right
    return {
        "leftOperand": spelled(dice, name),
        "operator": operator,
        "rightOperand": right,
        **({"unit": pool.unit} if pool.unit else {}),
    }


def spelled(dice, name):
    """Write an operand's own name, or rarely another of its names."""
    if not dice.chance(8):
        return name
    others = [alias for alias, one in ALIASES.items() if one == name]
    return dice.pick([*others, (PROFILE if name in OURS else ODRL) + name])


def plain_duty(dice, name):
    """Write a duty to be done before, of a few terms."""
    written = {"uid": name, "action": dice.pick(DUTIES), "constraint": []}
    if written["action"] == "compensate" and dice.chance(70):
        written["constraint"].append(atom(dice, "payAmount") | {"operator": dice.pick(["eq", "gteq"])})
    if written["action"] == "inform" and dice.chance(30) and "recipient" in dice.operands:
        written["constraint"].append(atom(dice, "recipient"))
    if dice.chance(15):
        written["assignee"] = dice.pick(PARTIES)
        if dice.chance(20):
            written["assignee"] = {"@type": "PartyCollection", "source": dice.pick([*PARTIES, "urn:unheard"])}
    if dice.chance(15):
        written["target"] = dice.pick(TARGETS)
    return {key: value for key, value in written.items() if value}


def duty(dice, name):
    """Write a duty that may have a mode, a deadline and consequences."""
    written = plain_duty(dice, name)
    terms = written.setdefault("constraint", [])
    how = dice.below(8)
    if how == 1:
        written[MODE] = dice.pick(["pre", "ongoing", "post"])
    if how == 2:
        usage = {"operator": dice.pick(["lt", "gt", "gteq", "eq"]), "rightOperand": "policyUsage"}
        terms.append({"leftOperand": "event", **usage})
    if how in (3, 4):
        terms.append(
            {"leftOperand": "dateTime", "operator": dice.pick(["lteq", "lt"]), "rightOperand": dice.pick(INSTANTS)}
        )
    if how in (5, 6) and not name.startswith("o"):
        terms.append(
            atom(dice, dice.pick(["delayPeriod", "elapsedTime"])) | {"operator": dice.pick(["lteq", "lt", "eq"])}
        )
    if how == 7:
        terms.append(act_term(dice, {used_left(term) for term in terms}))
    if (how > 3 and dice.chance(60)) or dice.chance(5):
        written["consequence"] = [plain_duty(dice, f"{name}c")]
        written["consequence"][0].pop("assignee", None)
        if dice.chance(20):
            written["consequence"][0]["consequence"] = [{"uid": f"{name}cc", "action": dice.pick(DUTIES)}]
    return {key: value for key, value in written.items() if value}


def act_term(dice, taken):
    """Write a term that asks something of the act by which the duty is done."""
    names = [name for name in dice.operands if POOLS[name].given and not POOLS[name].unit and name not in taken]
    if dice.chance(30) or not names:
        return {"leftOperand": "dateTime", "operator": dice.pick(["gteq", "gt"]), "rightOperand": dice.pick(INSTANTS)}
    return atom(dice, dice.pick(names))


def used_left(term):
    return operand(term["leftOperand"])


def used(node):
    """Every operand of a document."""
    if isinstance(node, list):
        return {name for part in node for name in used(part)}
    if not isinstance(node, dict):
        return set()
    if "leftOperand" in node:
        return {operand(node["leftOperand"])}
    return {name for part in node.values() for name in used(part)}


# requests and worlds -------------------------------------------------------------------------------------------------


def request(dice, document):
    """Ask, mostly, for what one of the rules is about."""
    rules = [*document["permission"], *document["permission"], *document.get("prohibition", [])]
    wanted = document | dice.pick(rules)
    asked = {
        key: named(dice, wanted[key]) if key in wanted and dice.chance(80) else dice.pick(options)
        for key, options in (("assignee", PARTIES[::-1]), ("action", ACTIONS), ("target", TARGETS[::-1]))
    }
    if dice.chance(2):
        asked["action"] = "teleport"
    return asked | {"context": context(dice, sorted(used(document)))}


def named(dice, part):
    """Pick what a rule names, without its refinement."""
    one = dice.pick(part) if isinstance(part, list) else part
    if not isinstance(one, dict):
        return one
    names = [one[key] for key in ("source", "uid", "@id", "rdf:value") if key in one]
    name = dice.pick(names)
    return name["@id"] if isinstance(name, dict) else name


def context(dice, names):
    """Say something about most of the operands, near what the policy says."""
    told = {}
    for name in names:
        if POOLS.get(name, pools.Pool([], [])).given and not dice.chance(25):
            told[name] = value(dice, POOLS[name])
            if POOLS[name].unit and not dice.chance(10):
                told["unit"] = dice.pick([POOLS[name].unit, POOLS[name].unit, "urn:usd"])
    return told


def value(dice, pool):
    """Take one value, or a list of two, in one of the forms of JSON."""
    one = dice.pick([*pool.given, *pool.rights])
    if dice.chance(12) and "eq" in pool.operators and "lt" not in pool.operators:
        return [one, dice.pick(pool.given)]
    form = dice.below(12)
    if form == 11 and isinstance(one, str):
        return {"@id": one} if ":" in one else {"@value": one}
    return [one] if form == 10 else one


def world(dice, document, asked):
    """Make a world whose time and counters are near the policy's bounds."""
    now = values.instant(dice.pick(INSTANTS)) + timedelta(seconds=dice.pick([0, 0, -1, 1, 1800]))
    names = sorted(used(document))
    made = {"now": shown(now), "partOf": joined(dice, dice.pick(PART_OF), document, asked)}
    wanted = [*actions(document), *ACTIONS, *DUTIES]
    made["performed"] = dice.some(5, lambda some: act(some, now, names, asked, wanted))
    made["duties"] = {
        name: dice.pick(["fulfilled", "unknown", "violated"]) for name in duty_ids(document) if dice.chance(25)
    }
    made["counters"] = counters(dice, document, now)
    if dice.chance(3):
        made["counters"] = None
    return made


def shown(instant):
    return instant.isoformat().replace("+00:00", "Z")


def act(dice, now, names, asked, wanted):
    """Do something that the policy speaks of, mostly as the asker did it, on what is asked for."""
    done = {"action": dice.pick(wanted), "at": shown(ago(now, dice.pick(AGES)))}
    if dice.chance(5):
        done["at"] = shown(now + timedelta(seconds=1))
    if not dice.chance(5):
        done["by"] = asked["assignee"] if dice.chance(70) else dice.pick(PARTIES)
    if not dice.chance(5):
        done["target"] = asked["target"] if dice.chance(60) else dice.pick(TARGETS)
    told = context(dice, [name for name in names if dice.chance(50)])
    if done["action"] == "compensate" and dice.chance(80):
        told |= {
            "payAmount": dice.pick(["100", "100.00", "99.99", 100]),
            "unit": dice.pick(["urn:cny", "urn:cny", "urn:usd"]),
        }
        if dice.chance(20):
            told["agreement"] = dice.pick(["urn:policy", "urn:another"])
        if dice.chance(10):
            told["spent"] = True
    return {**done, "context": told} if told else done


def ago(now, age):
    """Step back from an instant."""
    length = values.duration(age)
    return values.after(now, values.Duration(-length.months, -length.seconds))


def actions(node):
    """Every action of a document, those of duties more often."""
    if isinstance(node, list):
        return [name for part in node for name in actions(part)]
    if not isinstance(node, dict):
        return []
    own = [one for one in as_list(node.get("action", [])) if isinstance(one, str)]
    weight = 1 if node.get("uid", "p")[-2:-1] in ("", "p", "q") else 3
    return own * weight + [name for part in node.values() for name in actions(part)]


def duty_ids(node):
    """Every duty of a document by its id."""
    if isinstance(node, list):
        return [name for part in node for name in duty_ids(part)]
    if not isinstance(node, dict):
        return []
    own = [one["uid"] for key in ("duty", "remedy", "consequence", "obligation") for one in node.get(key, [])]
    return own + [name for part in node.values() for name in duty_ids(part)]


def counters(dice, document, now):
    """Count for some rules what their constraints ask about."""
    made = {}
    for one in [*document.get("permission", []), *document.get("prohibition", [])]:
        for name in sorted(used(one.get("constraint", []))):
            if POOLS.get(name, pools.Pool([], [])).counted and dice.chance(55):
                made.setdefault(one["uid"], {})[name] = counted(dice, name, now)
    return made


def counted(dice, name, now):
    """Pick a counter: a number, a duration, how long ago (`-P1D`) as an instant, or instants of uses."""
    picked = dice.pick(POOLS[name].counted)
    if picked == "uses":
        return [shown(now - timedelta(seconds=seconds)) for seconds in (0, 1, 59, 60, 61, 3599)[: dice.below(7)]]
    if isinstance(picked, str) and picked.startswith("-"):
        return shown(ago(now, picked[1:]))
    return picked
