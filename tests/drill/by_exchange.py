"""What an exchange may try: it writes the space document, reviews, takes a fee and witnesses the others' logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contracts.canonical import canonical, load
from ledger.audit.archive import ATTESTATION, SPACE
from ledger.chain.standing import did_digest
from tests.drill.cheat import Cheat

if TYPE_CHECKING:
    from tests.drill.scene import Scene

REVIEWED, ADMITTED = "edition.reviewed", "member.moved"


def _members(scene: Scene, role: str, **changes: str) -> list[dict[str, Any]]:
    listed = load(scene.kept[SPACE])["members"]
    return [{**one, **changes} if one["role"] == role else one for one in listed]


def _other_key(scene: Scene) -> None:
    """List its own log key as the provider's is refused as a key twice; a fresh one is what it can list."""
    scene.document(members=_members(scene, "provider", logKey="ab" * 32))


def _other_place(scene: Scene) -> None:
    """Send the auditor to a mirror of the provider that the exchange keeps."""
    exchange = scene.member("exchange").url
    url = exchange.replace("localhost", "127.0.0.1")
    scene.document(members=_members(scene, "provider", url=url, origin=url.split("://")[1] + "/log"))


def _low_quorum(scene: Scene) -> None:
    scene.document(quorum=1)


def _own_witness(scene: Scene) -> None:
    """Say that the exchange alone witnesses the provider."""
    witnesses = load(scene.kept[SPACE])["witnesses"]
    scene.document(witnesses={**witnesses, scene.member("provider").did: [scene.member("exchange").did]})


def _twice(scene: Scene) -> None:
    """List the regulator a second time under another name, to have it count as two witnesses."""
    listed = load(scene.kept[SPACE])["members"]
    double = next(one for one in listed if one["role"] == "regulator")
    scene.document(members=[*listed, {**double, "did": "did:web:second.example"}])


def _forget_admission(scene: Scene) -> None:
    scene.drop("exchange", scene.spots("exchange", ADMITTED)[0])
    scene.rewrite("exchange")


def _lose(scene: Scene) -> None:
    scene.logs["exchange"] = scene.logs["exchange"][:-3]
    scene.rewrite("exchange")


def _forge_attestation(scene: Scene) -> None:
    """Leave the regulator's name off the attestation of the heads, and its signature in the sum."""
    document = load(scene.kept[ATTESTATION])
    scene.kept[ATTESTATION] = canonical({**document, "signers": document["signers"][:1]})


def _space(scene: Scene) -> dict[str, Any]:
    return {"space": did_digest(scene.member("exchange").did)}


def _expelled(scene: Scene, role: str) -> dict[str, Any]:
    by = scene.member("exchange").address
    return {**_space(scene), "member": scene.member(role).address, "by": by, "cause": bytes(32)}


def _keep_expelled(scene: Scene) -> None:
    scene.end("MemberRevoked", **_expelled(scene, "provider"))


def _trade_expelled(scene: Scene) -> None:
    """Let a buyer open a channel after it was expelled, and be admitted by the document all the same."""
    scene.happen("Opened", "MemberRevoked", **_expelled(scene, "buyer"))


def _register_otherwise(scene: Scene) -> None:
    [admitted] = scene.events("MemberAdmitted", member=scene.member("provider").address)
    scene.change(admitted, keys={**admitted.fields["keys"], "logKey": b"\xab" * 32})


def _lose_dispute(scene: Scene) -> None:
    """Take a buyer's bundle and know nothing of it."""
    channel = scene.channel("leased")
    account = scene.spots("buyer", "keys.received", channel)[0].leaf.entry.link[0]
    scene.add("buyer", "dispute.filed", channel, (account,), bundle="ab" * 32)
    scene.from_the_start()


CHEATS = (
    Cheat("lists a member that it expelled", "exchange", "P4", _keep_expelled, "member-revoked", "provider"),
    Cheat("lets an expelled member trade", "exchange", "P4", _trade_expelled, "act-after-revocation", "buyer"),
    Cheat("registers another key", "exchange", "P4", _register_otherwise, "member-registered-otherwise", "provider"),
    Cheat("loses a dispute", "exchange", "P5", _lose_dispute, "dispute-suppressed", "exchange"),
    Cheat("loses its latest entries", "exchange", "P1", _lose, "log-shrank-below-anchor", "exchange"),
    Cheat("lists a false log key", "exchange", "P4", _other_key, "member-keys-differ", "provider"),
    Cheat("sends auditors to its own mirror", "exchange", "P4", _other_place, "member-keys-differ", "provider"),
    Cheat("lists a witness twice", "exchange", "P4", _twice, "refused", "space"),
    Cheat("lowers the quorum on paper", "exchange", "P5", _low_quorum, "quorum-differs", "exchange"),
    Cheat("names itself sole witness", "exchange", "P5", _own_witness, "witnesses-differ", "provider"),
    Cheat("forgets an admission", "exchange", "P5", _forget_admission, "log-shrank-below-anchor", "exchange"),
    Cheat("signs the attestation alone", "exchange", "P5", _forge_attestation, "attestation-invalid", "exchange"),
)
