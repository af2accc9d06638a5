"""Learning a label of one's own from what a provider has of the same subjects (decision 0235).

Law: (1) of our list nothing leaves but how many keys each label has: keys go as blinded points, labels as sealed bits.
(2) What blinds and seals is derived from a key of ours and the id that we ask under: after a crash the same round is
asked again, and is counted once. (3) Whatever can be known of the terms is refused before anything is asked; where both
have too few, nothing is asked after the match.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import math
import uuid
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from connector.compute import bit_proof, blinding, elgamal, logistic
from connector.compute.kinds import quote
from connector.compute.lesson import LIST_KEYS_MAX, NOBODY, PARTS, ROUNDS_MAX, Match, Rows, Step, spare_of, terms_of
from connector.compute.program import tells_of
from connector.consumer import own_list
from connector.consumer.querying import Wanted
from connector.runtime.errors import InvalidInput, PeerMisbehaved
from contracts import gate as gates
from contracts.coverage import KEYS_LEAST
from contracts.labels import X

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.consumer.querying import Querying
    from connector.custody.secrets import Keys
    from connector.store.rows.compute import AnswerRow
    from contracts.canonical import JsonObject

LABEL: Final = "own labels"
ROUNDS: Final = 3
# places of eight thousand subjects, ten thousand keys, and decoys, in base64
ANSWER_BYTES_MAX: Final = 4 << 20
# noise is farther off than so many times its scale once in 10¹³
FAR: Final = 30
SIDES: Final = ("zeros", "ones")
# how a label is written → which it is
LABELLED: Final[Mapping[str, int]] = {"0": 0, "0.0": 0, "false": 0, "1": 1, "1.0": 1, "true": 1}


@dataclass(frozen=True, slots=True)
class Own:
    """A list with its labels as it is held against others': keys of label 0 and 1, and what blinds and seals them."""

    keys: tuple[Sequence[str], Sequence[str]]
    seed: bytes

    def scalar(self, name: str) -> bytes:
        """Return a scalar of ours."""
        return blinding.scalar(self._wide(name))

    def secret(self) -> int:
        """Return what opens sealed bits."""
        return elgamal.scalar(self._wide("secret"))

    def once(self, name: str) -> int:
        """Return what a bit is sealed with."""
        return elgamal.scalar(self._wide(name))

    def drawn(self, bit: str, name: str) -> int:
        """Return what the proof of a bit draws by a name."""
        return self.once(f"{bit} {name}")

    def match(self, rows: Rows, rounds: int) -> Match:
        """Return the list, blinded; raises InvalidInput for one of too few or too many."""
        key = self.scalar("own")
        zero, one = (blinding.joined(blinding.blinded(key, names)) for names in self.keys)
        return Match(rows, (zero, one), blinding.blinded(key, [NOBODY])[0], rounds)

    def _wide(self, name: str) -> bytes:
        return hmac.digest(self.seed, name.encode(), "sha512")


class Learning:
    """The labels that one buyer learns."""

    def __init__(self, secrets: Keys, querying: Querying) -> None:
        self._secrets, self._querying = secrets, querying

    async def ask(
        self,
        what: str,
        file: str,
        key: str,
        label: str,
        numbers: Sequence[str],
        rounds: int | None = None,
        table: str | None = None,
        purpose: str | None = None,
        said: Any = None,
        job: str | None = None,
    ) -> JsonObject:
        """Return a logistic model of a label (0 or 1) of a file's keys, by `numbers` of a provider.

        A number is NAME:LEAST:MOST. It is one question for the match, and one for each round. Raises InvalidInput,
        Absent, NotPermitted.
        """
        row, name = await self._querying.meant(what), job or uuid.uuid4().hex
        many = ROUNDS if rounds is None else rounds
        passes, told = gates.read(row.signed_terms["gate"]), tuple(map(tells_of, numbers))
        if passes.learning is None or passes.noise is None:
            raise InvalidInput(f"the terms of `{what[:60]}` have no label learned from its rows", "ask its provider")
        if len({one.name for one in told}) != len(told):
            raise InvalidInput("each number is said once", "such as kwh:0:4000")
        if odd := next((one.name for one in told if one.name not in passes.columns), None):
            raise InvalidInput(f"`{what[:60]}` has no column `{odd}`", f"it has {', '.join(passes.columns[:20])}")
        if not 0 < many <= ROUNDS_MAX:
            raise InvalidInput(f"a model is made in 1 to {ROUNDS_MAX} rounds")
        keys = await asyncio.to_thread(_labelled, Path(file), key, label)
        first = Wanted(row, name, "", purpose or "", said)
        await self._querying.foretell([first, *(first.part(number) for number in range(1, many + 1))])
        own = Own(keys, X(self._secrets.masks(), LABEL, f"{row.digest} {name}".encode(), 32))
        columns = ", ".join(quote(one.name) for one in told)
        select = f"select {columns} from {quote(table or row.product)}"  # noqa: S608  # quoted names, and a provider reads it anew
        rows = Rows(select, tuple((float(one.least), float(one.most)) for one in told))
        match = await asyncio.to_thread(own.match, rows, many)
        answers = [await self._matched(replace(first, statement=match.words()), own, match, passes.noise.epsilon)]
        places = orjson.loads(answers[0].answer or b"")
        both = [len(places[side]) - spare_of(passes.noise.epsilon) // 2 for side in SIDES]
        if min(both) < KEYS_LEAST:
            text = f"some {max(both[0], 0)} and {max(both[1], 0)} keys of the labels are there, with noise"
            raise InvalidInput(text, f"of fewer than {KEYS_LEAST} of each nothing is learned; the match is paid")
        sealed, proofs = await asyncio.to_thread(_sealed, own, places)
        opened = await asyncio.to_thread(elgamal.Opened, own.secret())
        weights, off = logistic.begun(len(told)), len(terms_of(len(told) + 1)) * 100 / passes.noise.epsilon
        found: list[list[int]] = []
        for number in range(1, many + 1):
            step = Step(rows, name, elgamal.times(own.secret()).format(), weights, sealed, proofs)
            answers.append(await self._stepped(first, number, step, partial(_sums, opened, match.asked, off, step)))
            found.append(orjson.loads(answers[-1].answer or b"")["sums"])
            weights = logistic.stepped(weights, found[-1], off)
        return _shown(name, label, what, [one.name for one in told], rows, weights, found, off, answers)

    async def _matched(self, wanted: Wanted, own: Own, match: Match, epsilon: int) -> AnswerRow:
        groups = [base64.b64encode(one).decode() for one in match.keys]
        said = {"groups": groups, "base": base64.b64encode(match.base).decode(), "rounds": match.rounds}
        body = orjson.dumps({"id": wanted.job, **match.rows.json(), **said})
        return await self._querying.kept(wanted, body, partial(_places, own, epsilon), ANSWER_BYTES_MAX)

    async def _stepped(self, first: Wanted, number: int, step: Step, read: Any) -> AnswerRow:
        wanted = replace(first.part(number), statement=step.words())
        points = {"public": step.public, "sealed": step.sealed, "proofs": step.proofs}
        sealed = {name: base64.b64encode(one).decode() for name, one in points.items()}
        told = {"match": step.match, "weights": [float(one) for one in step.weights], **sealed}
        body = orjson.dumps({"id": wanted.job, **step.rows.json(), **told})
        return await self._querying.kept(wanted, body, read, ANSWER_BYTES_MAX)


def _labelled(path: Path, key: str, label: str) -> tuple[Sequence[str], Sequence[str]]:
    """Return the keys of label 0 and those of label 1 (blocking); raises InvalidInput."""
    if key == label:
        raise InvalidInput("the key is no label", "name two columns")
    groups: list[set[str]] = [set(), set()]
    for text, names in own_list.read(path, key, label).items():
        if not text:  # who has no label is not asked about
            continue
        if text not in LABELLED:
            raise InvalidInput(f"`{label[:60]}` of `{path.name}` has {text[:40]!r}", "a label is 0 or 1")
        groups[LABELLED[text]].update(names)
    zeros, ones = map(sorted, groups)
    if both := groups[0] & groups[1]:
        raise InvalidInput(f"{len(both)} keys of `{path.name}` have both labels", "each key has one")
    if min(len(zeros), len(ones)) < KEYS_LEAST or len(zeros) + len(ones) > LIST_KEYS_MAX:
        text = f"`{path.name}` has {len(zeros)} keys of label 0 and {len(ones)} of label 1"
        raise InvalidInput(text, f"at least {KEYS_LEAST} of each, and {LIST_KEYS_MAX} in all")
    return zeros, ones


def _places(own: Own, epsilon: int, answer: bytes) -> bytes:
    """Return at which places our keys are, as it is kept; raises PeerMisbehaved."""
    try:
        told = orjson.loads(answer)
        sent = base64.b64decode(told["points"], validate=True)
        at = {sent[one : one + 32]: one // 32 for one in range(0, len(sent), 32)}
        inverse, found = blinding.inverse(own.scalar("own")), {}
        for side, keys, group in zip(SIDES, own.keys, told["groups"], strict=True):
            points = blinding.apart(base64.b64decode(group, validate=True))
            if len(points) != len(keys) + spare_of(epsilon) or len(at) != told["places"]:
                raise PeerMisbehaved("the answer is about another list")
            bare = blinding.again(inverse, points)
            found[side] = sorted(at[one] for one in bare if one in at)
        if set(found[SIDES[0]]) & set(found[SIDES[1]]):
            raise PeerMisbehaved("the answer has a place of both labels")
        return orjson.dumps({**_kept(told), "places": told["places"], **found})
    except (KeyError, TypeError, ValueError, InvalidInput) as fault:
        raise PeerMisbehaved("the answer is none about a list with labels") from fault


def _sealed(own: Own, places: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return a sealed bit of each label for each place, and a proof of each."""
    secret, sides = own.secret(), [set(places[side]) for side in SIDES]
    public, sealed, proofs = elgamal.times(secret).format(), bytearray(), bytearray()
    for at in range(places["places"]):
        for label, side in enumerate(sides):
            name, bit = f"{at} {label}", int(at in side)
            once = own.once(name)
            one = elgamal.sealed(secret, once, bit)
            sealed += one
            proofs += bit_proof.proved(secret, once, bit, public + one, partial(own.drawn, name))
    return bytes(sealed), bytes(proofs)


def _sums(opened: elgamal.Opened, keys: int, off: float, step: Step, answer: bytes) -> bytes:
    """Return the sums of a round, as they are kept; raises PeerMisbehaved."""
    try:
        told = orjson.loads(answer)
        points = elgamal.points(base64.b64decode(told["sums"], validate=True))
        if len(points) != 2 * len(terms_of(len(step.weights))):
            raise PeerMisbehaved("the answer has another number of sums")
        most = int((keys + FAR * off) * PARTS)
        pairs = zip(points[0::2], points[1::2], strict=True)
        return orjson.dumps({**_kept(told), "sums": [opened.total(*one, most) for one in pairs]})
    except (KeyError, TypeError, ValueError, InvalidInput) as fault:
        raise PeerMisbehaved(f"the answer is no round of a model: {fault}") from fault


def _kept(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in ("edition", "columns", "rows", "heldBack", "confined", "epsilon", "left")}


def _shown(
    name: str,
    label: str,
    what: str,
    names: Sequence[str],
    rows: Rows,
    weights: Sequence[float],
    found: Sequence[Sequence[int]],
    off: float,
    answers: Sequence[AnswerRow],
) -> JsonObject:
    begun = logistic.begun(len(names))
    of = logistic.subjects(found[0], begun)
    intercept, each = logistic.unscaled(weights, rows.bounds)
    last = orjson.loads(answers[-1].answer or b"")
    return {
        "id": name,
        "label": label,
        "of": what,
        "rows": round(max(of, 0)),
        "ones": round(max(logistic.ones(found[0], of), 0)),
        "off": math.ceil(logistic.margin(off)),
        "intercept": intercept,
        "features": [
            {"name": one, "weight": weight, "most": weight * (most - least)}
            for one, weight, (least, most) in zip(names, each, rows.bounds, strict=True)
        ],
        "agreement": answers[0].agreement,
        "questions": len(answers),
        "epsilon": last["epsilon"],
        "left": last["left"],
        "receipts": [{**(row.receipt or {}), "signature": (row.signature or b"").hex()} for row in answers],
    }
