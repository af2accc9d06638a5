"""The rules that a product is offered under: the usual ones from a few words, or a policy as its provider wrote it.

Law: what is published can be kept here, all of it: a policy that asks for what nobody can say, that names other things
or people than the offer does, that is paid beside the price, that never permits a delivery in its tier, or that
contradicts itself, is refused before anything is sealed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from catalog.codes import tier as tier_of
from connector.enforcement import supply
from connector.enforcement.judge import PAID
from connector.enforcement.scopes import operands
from connector.licence.duties import PERFORMERS, TRANSFORM
from connector.negotiation.protocol import messages, validation
from connector.provider import facts, upstream
from connector.provider.computing.offered import require_noise
from connector.runtime.errors import InvalidInput
from contracts.credential.proven import OF_SPACE, PROVEN
from contracts.namespace import FORMAT_SEALED
from policy.amendment import NAMING, OFFERED
from policy.compare.cells import Effort
from policy.compare.check import first_error
from policy.compare.compare import implied
from policy.compare.onward import QUESTIONS_MAX
from policy.errors import PolicyError
from policy.forms.protocol import shown
from policy.model import PolicyKind, atoms
from policy.offer import offer_rules
from policy.parse import parse
from policy.vocabulary.actions import upwards
from policy.words.contrast import finding as in_words

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from datetime import datetime

    from policy.model import Duty, Policy

RULES: Final = "rules"  # a brief's member with a whole policy


def offered(brief: Mapping[str, Any], until: datetime, currency: str = "") -> dict[str, Any]:
    """Return the rules of a checked brief, without names of product and parties; raises InvalidInput, PolicyError.

    `currency` is the space's, in which is paid.
    """
    if brief.get(RULES) is None:
        return offer_rules(
            purpose=brief["purpose"],
            until=until,
            region=brief.get("region"),
            openings=brief.get("openings"),
            onward=brief.get("onward") or False,
        )
    written = brief[RULES]
    if odd := sorted(set(written) - NAMING - set(OFFERED)):
        hint = "the offer names the product and both sides: write rules alone"
        raise InvalidInput(f"the policy to offer names `{odd[0][:100]}`", hint)
    rules = shown({name: written[name] for name in OFFERED if name in written})
    _require_shown(rules)
    require_offerable(rules, brief, currency)
    return rules


def require_offerable(rules: Mapping[str, Any], brief: Mapping[str, Any], currency: str = "") -> Policy:
    """Return rules as they are read, if they can be offered and kept here; raises InvalidInput, PolicyError."""
    policy = parse({"@type": "Offer", **rules})
    supply.require(policy, brief["tier"], currency)
    facts.require(brief, operands(policy))
    upstream.require(brief, operands(policy))
    require_noise(brief, operands(policy))
    _require_delivery(policy, tier_of(brief["tier"]).action)
    _require_duties(policy)
    _require_no_target(policy)
    _require_signable(policy)
    return policy


def require_sought(rules: Mapping[str, Any], sought: Container[str]) -> None:
    """Raise PolicyError for a condition on what a credential proves of a type that no peer is asked for here."""
    policy = parse({"@type": "Offer", **rules})
    for rule in (*policy.permissions, *policy.prohibitions):
        for atom in atoms(rule.conditions):
            if atom.left not in PROVEN or atom.left in OF_SPACE:
                continue
            if lacks := [one for one in PROVEN[atom.left].types if one not in sought]:
                text = f"nobody is asked here for a {lacks[0]}, which says `{atom.left}`: it would refuse everybody"
                hint = f'add "{lacks[0]}" to `trust.asked` in penstock.toml, and serve again'
                raise PolicyError("unsupported", atom.path, text, hint)


def _require_shown(rules: Mapping[str, Any]) -> None:
    """Raise InvalidInput for rules that no catalogue of the protocol can show: nobody could find them to sign."""
    offer = {"@type": "Offer", "@id": "urn:penstock:offer", **rules}
    dataset = messages.dataset("urn:penstock:product", [offer], [messages.distribution(FORMAT_SEALED, "service")], {})
    document = {"@context": [messages.CONTEXT], **dataset}
    if not validation.agrees("Dataset", document):
        text = f"the Dataspace Protocol has no such policy: {validation.explain('Dataset', document)}"
        raise InvalidInput(text, "penstock policy explain, for what is read of it")


def _require_delivery(policy: Policy, action: str) -> None:
    """Raise PolicyError unless something permits the action that a delivery is."""
    above = set(upwards(action))
    delivering = tuple(rule for rule in policy.permissions if above & set(rule.actions))
    if not delivering:
        text = f"no permission covers `{action}`, which is what is delivered in this tier: nobody could buy it"
        raise PolicyError("missing", "/permission", text, f"permit `use` or `{action}`, or choose another tier")
    wish = replace(policy, permissions=tuple(replace(rule, actions=(action,)) for rule in delivering))
    if implied(wish, replace(wish, permissions=()), Effort(QUESTIONS_MAX)).holds:  # it allows no more than nothing
        text = f"the policy never allows `{action}`, which is what is delivered in this tier: nobody could buy it"
        raise PolicyError("contradiction", "", text, "change what forbids it, or say `conflict`")


def _require_duties(policy: Policy) -> None:
    """Raise PolicyError for a duty that nobody here can do: every use would wait for it."""
    owed = [duty for rule in policy.permissions for duty in rule.duties] + list(policy.obligations)
    owed += [duty for rule in policy.prohibitions for duty in rule.remedies]
    # what is sealed changes no more, and a release takes whatever is paid for its payment
    done = {action for action, one in PERFORMERS.items() if one.step != TRANSFORM} - PAID
    for duty in _flat(owed):
        if duty.action in PAID:
            text = f"a duty to `{duty.action}`, and what is paid is the price: its amount would bind nobody"
            raise PolicyError("misplaced", duty.path, text, "leave it out, and say it by the price")
        if duty.action not in done:
            text = f"nobody here can `{duty.action}`: every use would wait for it"
            raise PolicyError("unsupported", duty.path, text, "what can be done: " + ", ".join(sorted(done)))


def _flat(duties: Iterable[Duty]) -> Iterator[Duty]:
    """Yield duties, each before what follows where it is not done."""
    for duty in duties:
        yield duty
        yield from _flat(duty.consequences)


def _require_signable(policy: Policy) -> None:
    """Raise PolicyError for what every buyer's connector, and ours, would refuse to sign."""
    found = first_error(replace(policy, kind=PolicyKind.SET), Effort(QUESTIONS_MAX))
    if found is not None:
        text, hint = in_words(found)
        raise PolicyError("contradiction", found.path, text, hint)


def _require_no_target(policy: Policy) -> None:
    """Raise PolicyError for a rule about a thing: the offer names the product, and another is not sold by it."""
    for rule in (*policy.permissions, *policy.prohibitions):
        if rule.targets:
            text = f"a rule is about `{rule.targets[0][:100]}`, and the offer about this product"
            raise PolicyError("misplaced", rule.path, text, "leave `target` out")
