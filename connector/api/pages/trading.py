"""Agreements, what runs under them, and the replicas that they gave: both parties look at them in the same way."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as quoted

from connector.api.pages import joins, saying
from connector.console import describing, language
from connector.console.acts import JOINED, SAID
from connector.console.answers import ANSWER_ROWS_MAX
from connector.console.leafing import leafed
from connector.console.page import ANY_ID, Shown
from connector.consumer.opening import Openings
from connector.custody import lineage
from connector.identity.space.exchange import ExchangeDoor
from connector.licence.agreements import Agreements
from connector.licence.sublicence.granting import Granting
from connector.negotiation import authority as signers
from connector.negotiation.agreement import USABLE
from connector.negotiation.ndi import sealed
from connector.negotiation.overview import NOBODYS
from connector.negotiation.protocol.offers import PLAIN
from connector.negotiation.protocol.states import CONSUMER
from connector.provider.upstream import FREE
from connector.runtime import files
from connector.runtime.errors import Absent, Conflict, InvalidInput
from connector.runtime.limits import FOUND_ROWS_MAX, PAGE_ROWS_MAX
from connector.store.rows.agreement import AcquisitionRow, AgreementRow, SubLicenceRow, SubLicenceState
from connector.store.rows.authority import AuthorityRow
from connector.store.rows.channel import ChannelRow, ChannelState
from connector.store.rows.contract import ContractRow
from connector.store.rows.filing import FilingRow
from connector.store.rows.protocol import TransferRow
from connector.store.rows.use import ReadRow, ReadState
from connector.store.rows.vault import ReplicaRow
from contracts import attested
from contracts import gate as gates
from contracts.units import CALL, MESSAGE
from policy.errors import PolicyError
from policy.model import atoms
from policy.parse import parse
from policy.purposes import label

if TYPE_CHECKING:
    from connector.api.call import Call
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject

COUNT = "count"
# what one agreement's page shows at most of each list
SHOWN = 100
# what a gate lets pass besides groups of one provider → the act that asks for it
PUTS = {"joint": "joint-ask", "sketch": "relation-ask", "lookup": "lookup-ask"}


async def agreements(call: Call) -> JsonObject:
    """Return the agreements, the newest first: with whom, about what, how it stands, what was paid."""
    first = call.first(FOUND_ROWS_MAX)

    def read(tx: Tx) -> tuple[list[JsonObject], bool]:
        rows = tx.find(AgreementRow, "", (), "created desc", first + PAGE_ROWS_MAX + 1)[first:]
        return [line(tx, row) for row in rows], bool(tx.find(ContractRow, limit=1))

    rows, contracted = await call.core.store.read(read)
    return leafed(first, rows) | {"contracts": contracted}


def _contract(tx: Tx, row: AgreementRow) -> str:
    """Return the code of the contract of the national interfaces that an agreement is, or stands under, or nothing."""
    under = sealed.named(row.terms)
    talk = (tx.get(AgreementRow, digest=under) or row).negotiation if under else row.negotiation
    found = tx.find(ContractRow, "negotiation = ?", (talk,), limit=1) if talk else []
    return found[0].code if found else ""


def _filing(tx: Tx, agreement: str) -> JsonObject | None:
    """Return where an agreement lies in the exchange's register, None where it is not filed."""
    rows = tx.find(FilingRow, "agreement = ?", (agreement,), limit=1)
    return {"code": rows[0].code, "filed": moment(rows[0].filed)} if rows else None


def _authority(tx: Tx, row: AgreementRow) -> JsonObject | None:
    """Return which account signed an agreement for us and how far it may, None where it signed under no authority."""
    signing = signers.under(tx, row.digest, row.role)
    held = None if signing is None else tx.get(AuthorityRow, digest=signing.authority)
    if held is None:
        return None
    revoked = None if held.revoked is None else moment(held.revoked)
    return {"name": held.name, "authority": held.digest, "until": moment(held.until), "revoked": revoked}


def line(tx: Tx, row: AgreementRow) -> JsonObject:
    """Return one agreement as a row of a table."""
    terms = row.terms or {}
    told = {name: getattr(row, name) for name in ("digest", "role", "peer", "product", "state")}
    return told | {
        "title": terms.get("title", row.product),
        "tier": terms.get("tier", ""),
        "attested": attested.named(terms),
        "paid": str(paid(tx, row)),
        "currency": (terms.get("tariff") or {}).get("currency", ""),
        "ends": moment(row.not_after),
        "created": moment(row.created),
    }


def paid(tx: Tx, row: AgreementRow) -> int:
    """Return what was paid under an agreement: the newest released amount of each of its channels."""
    return sum(channel.cumulative for channel in tx.find(ChannelRow, "agreement = ?", (row.digest,)))


async def agreement(call: Call) -> JsonObject:
    """Return one agreement with its rules, its channels, what was delivered, and its events in the own log."""
    key = call.path["id"]

    def read(tx: Tx) -> JsonObject:
        row = tx.get(AgreementRow, digest=key)
        if row is None:
            raise Absent(f"there is no agreement `{key[:100]}` here", "see the list of agreements")
        channels = tx.find(ChannelRow, "agreement = ?", (key,), limit=SHOWN)
        transfers = tx.find(TransferRow, "agreement = ?", (key,), "created", SHOWN)
        held = _replica(tx, row)
        parts = [key, row.edition, *(channel.id for channel in channels), *(one.id for one in transfers)]
        return {
            **line(tx, row),
            "edition": row.edition,
            "licence": row.licence_tx,
            "terms": row.terms or {},
            "signed": {"provider": bool(row.provider_signature), "buyer": bool(row.buyer_signature)},
            "channels": [_channel(one) for one in channels],
            "transfers": [_transfer(one) for one in transfers],
            "filing": _filing(tx, key),
            "contract": _contract(tx, row),
            "authority": _authority(tx, row),
            "replica": held,
            "joins": joins.others(tx, key) if held else [],
            "destroyed": lineage.destroyed(tx, key),
            "effects": _effects(tx, row, held, channels, transfers),
            "rows": _events(tx, [part for part in parts if part]),
        }

    told = await call.core.store.read(read)
    told["opens"] = bool(call.core.settings.console.opened)
    told["purposes"] = describing.purposes()
    terms = told.pop("terms")
    told["calls"], told["follows"] = (_is_of(told, terms, unit) for unit in (CALL, MESSAGE))
    told["puts"], told["runs"] = _puts(told, terms), _runs(told, terms)
    # a question that was bought is asked, and a program is run
    told["runsBy"] = "query-ask" if "asks" in terms.get("application", {}) else "program-ask"
    told["tries"] = bool(told["puts"]) and gates.read(terms["gate"]).coverage is not None
    # what both signed under a contract of ours; in a space of one's own nobody keeps a register
    told["ours"] = bool(terms) and all(told["signed"].values())
    told["files"] = told["ours"] and told["filing"] is None and not call.of(ExchangeDoor).alone
    told["asked"] = saying.asked(terms["policy"]) if "policy" in terms else []
    said: JsonObject = {"rules": describing.rules(terms["policy"], told["product"]) if "policy" in terms else {}}
    said["price"] = describing.price(terms["tariff"]) if "tariff" in terms else {}
    return {**told, **said, "split": terms.get("split", []), "answer": None}


def _puts(told: JsonObject, terms: JsonObject) -> str:
    """Return the act by which data that stay at their provider are asked, nothing where none is bought."""
    if told["role"] != CONSUMER or told["state"] not in USABLE or "gate" not in terms:
        return ""
    passes = gates.read(terms["gate"])
    return next((act for name, act in PUTS.items() if getattr(passes, name) is not None), "query-ask")


def _runs(told: JsonObject, terms: JsonObject) -> list[JsonObject]:
    """Return what the form of a run begins with: of a program of ours or the provider's engine, or what was bought."""
    if told["role"] != CONSUMER or told["state"] not in USABLE:
        return []
    if "application" in terms:
        return [{"application": told["digest"]}]
    if "gate" not in terms:
        return []
    passes, what = gates.read(terms["gate"]), {"what": told["digest"]}
    ours = [what] if passes.programs is not None else []
    return ours + ([what | {"engine": passes.engine.name}] if passes.engine is not None else [])


def _is_of(told: JsonObject, terms: JsonObject, unit: str) -> bool:
    """Say whether what was bought may be an interface, or a stream: only its data address says it."""
    tariff = terms.get("tariff") or {}
    counted = tariff.get("of") or tariff.get("unit")
    bought = (told["role"], told["tier"]) == (CONSUMER, PLAIN) and told["state"] in USABLE
    return bought and counted in (unit, FREE)


def _effects(
    tx: Tx, row: AgreementRow, held: JsonObject | None, channels: list[ChannelRow], transfers: list[TransferRow]
) -> JsonObject:
    """Return what ends with an agreement, before anybody ends it; `held` is the replica under it."""
    owed = sum(one.cumulative - (one.claimed or 0) for one in channels if one.state != ChannelState.CLOSED)
    granted = tx.find(SubLicenceRow, "parent = ? and state = ?", (row.digest, SubLicenceState.ISSUED), limit=SHOWN)
    below = tx.find(AgreementRow, "parent = ? and state = ?", (row.digest, row.state), limit=SHOWN)
    return {
        "transfers": sum(one.turn != NOBODYS for one in transfers),
        "unclaimed": str(owed),
        "left": None if held is None else held["left"],
        "below": len(granted) + len(below),
        "ends": moment(row.not_after),
    }


def _channel(row: ChannelRow) -> JsonObject:
    amounts = {name: str(getattr(row, name) or 0) for name in ("deposit", "cumulative", "claimed")}
    told = {name: getattr(row, name) for name in ("id", "role", "state", "open_tx", "close_tx", "seq")}
    return {**told, **amounts, "expiry": moment(row.expiry)}


def _transfer(row: TransferRow) -> JsonObject:
    told = {name: getattr(row, name) for name in ("id", "role", "state", "turn", "format", "reason")}
    return {**told, "created": moment(row.created), "updated": moment(row.updated)}


def _events(tx: Tx, parts: list[str]) -> list[JsonObject]:
    marks = ", ".join("?" * len(parts))
    rows = tx.execute(
        f"SELECT idx, kind, part, at FROM log_entries WHERE part IN ({marks}) ORDER BY idx DESC LIMIT ?",  # noqa: S608  # only marks
        *parts,
        SHOWN,
    )
    return [{"index": row["idx"], "event": row["kind"], "part": row["part"], "at": micros(row["at"])} for row in rows]


def _replica(tx: Tx, row: AgreementRow) -> JsonObject | None:
    found = tx.find(ReplicaRow, "agreement = ?", (row.digest,), limit=1)
    return None if not found else replica(tx, found[0], row)


async def replicas(call: Call) -> JsonObject:
    """Return what is held here, and how often it may still be opened."""
    first = call.first(FOUND_ROWS_MAX)

    def read(tx: Tx) -> list[JsonObject]:
        rows = tx.find(ReplicaRow, "", (), "created desc", first + PAGE_ROWS_MAX + 1)[first:]
        told = [(one, tx.get(AgreementRow, digest=one.agreement)) for one in rows]
        return [replica(tx, one, row) for one, row in told if row is not None]

    return leafed(first, await call.core.store.read(read))


def replica(tx: Tx, row: ReplicaRow, under: AgreementRow) -> JsonObject:
    """Return a replica with what was opened of it and what may still be; `left` is None where nothing counts."""
    terms = under.terms or {}
    done = tx.find(ReadRow, "agreement = ?", (row.agreement,), "created desc")
    opened = sum(one.state == ReadState.DONE for one in done)
    most = openings_most(terms.get("policy") or {}, under.product)
    return {
        "title": terms.get("title", under.product),
        "tier": terms.get("tier", ""),
        "agreement": row.agreement,
        "edition": row.edition,
        "state": row.state,
        "bytes": row.header.get("plainBytes"),
        "opened": opened,
        "reads": [_read(one) for one in done[:SHOWN]],
        "left": None if most is None else max(0, most - opened),
        "ends": moment(under.not_after),
    }


def _read(row: ReadRow) -> JsonObject:
    """Return one opening, with the files that it wrote."""
    told = {name: getattr(row, name) for name in ("id", "state", "reason")}
    purpose = {lang: label(row.purpose, lang) for lang in language.LANGUAGES}
    return {**told, **purpose, "files": (row.result or {}).get("files", []), "at": moment(row.created)}


def openings_most(policy: JsonObject, product: str) -> int | None:
    """Return how many uses a policy permits in all, None where it does not count."""
    try:
        read = parse({"@type": "Set", "target": product, **policy})
    except PolicyError:
        return None
    told = [
        int(str(one.right[0]))
        for rule in read.permissions
        for one in atoms(rule.conditions)
        if one.left == COUNT and one.operator == "lteq"
    ]
    return min(told, default=None)


async def open_replica(call: Call, fields: dict[str, str]) -> str:
    """Open what was got under an agreement, for a purpose, into the folder that the settings name."""
    key, name = call.path["id"], secrets.token_hex(4)
    asked = await _asked(call, name, fields)
    await call.of(Openings).open(asked | {"to": f"{asked['to']}-{name}"}, call.person)
    return "/agreements/" + quoted(key, safe="")


async def ask(call: Call, fields: dict[str, str]) -> Shown:
    """Ask a statement of what was got under an agreement; what it finds stands on the agreement's page, once."""
    got = await _got(call, call.path["id"])
    said: JsonObject = {SAID: saying.read(fields[SAID]), "query": fields["query"], "purpose": fields["purpose"]}
    joined = {JOINED: named} if (named := joins.read(fields[JOINED])) else {}
    asked = {"id": f"console-{secrets.token_hex(4)}", "acquisition": got.id, **said, **joined}
    opened = await call.of(Openings).open(asked, call.person)
    typed = {name: fields[name] for name in ("query", JOINED)}
    answer = opened["answer"] | typed | {"rows": opened["answer"]["rows"][:ANSWER_ROWS_MAX]}
    return Shown(f"/agreements/{ANY_ID}", await agreement(call) | {"answer": answer})


async def export_keys(call: Call, fields: dict[str, str]) -> str:
    """Hand out the keys of what was got, when the agreement's first eight digits were typed to confirm it."""
    key, name = call.path["id"], secrets.token_hex(4)
    _check_confirmed(key, fields)
    asked = await _asked(call, name, fields)
    files.make_folder(Path(asked["to"]).parent)
    await call.of(Openings).export_keys(asked | {"to": f"{asked['to']}-{name}.keys.json"}, call.person)
    return "/agreements/" + quoted(key, safe="")


async def _asked(call: Call, name: str, fields: dict[str, str]) -> JsonObject:
    """Return what is asked of an opening from here; `to` is the beginning of its place."""
    key = call.path["id"]
    place = call.core.settings.console.opened
    if not place:
        raise Conflict("no folder is named for what the console opens", "set `console.opened`, or use `penstock open`")
    got = await _got(call, key)
    to = str(Path(place).resolve() / key[:16])
    said = {"purpose": fields["purpose"], SAID: saying.read(fields[SAID])}
    return {"id": f"console-{name}", "acquisition": got.id, **said, "to": to}


async def _got(call: Call, key: str) -> AcquisitionRow:
    got = await call.core.store.read(lambda tx: tx.find(AcquisitionRow, "agreement = ?", (key,), "created desc", 1))
    if not got:
        raise Absent(f"nothing was got under an agreement `{key[:100]}`", "buy it first")
    return got[0]


def _check_confirmed(key: str, fields: dict[str, str]) -> None:
    if fields["confirm"].strip() != key[:8]:
        raise InvalidInput("what you typed is not the beginning of this agreement", f"type `{key[:8]}` to confirm")


async def revoke(call: Call, fields: dict[str, str]) -> str:
    """End an agreement, when its first eight digits were typed to confirm it."""
    key = call.path["id"]
    _check_confirmed(key, fields)
    if not await call.of(Granting).withdraw(key, fields["reason"]):
        await call.of(Agreements).revoke(key, fields["reason"])
    return "/agreements/" + quoted(key, safe="")


def moment(at: Any) -> str | None:
    """Return an instant as JSON has it."""
    return None if at is None else str(at.isoformat(timespec="seconds"))


def micros(at: int) -> str:
    """Return an instant that SQL holds as microseconds."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(timespec="seconds")
