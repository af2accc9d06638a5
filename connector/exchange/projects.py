"""Projects, as the exchange keeps them: proposed by one party, signed by all, with what is made and sold under them.

Law: (1) a project counts when all parties have signed its digest with the keys that the space knows them by; who is no
party hears that there is none. (2) A product is taken in as one of a project from a party alone, while the project
counts, and split as it says. (3) Every move is an event of the exchange's log in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from catalog.project import EXCHANGE, GOING, PARTY, PROPOSER, Move, State, moved
from connector.exchange.case import Case, Turn
from connector.exchange.membership import refuse_leaving
from connector.runtime.errors import Conflict, InvalidInput, NotPermitted, Unproven
from connector.runtime.limits import MEMBER_PROJECTS_MAX, PAGE_ROWS_MAX, PROJECT_RESULTS_MAX
from connector.store.rows.project import ProjectPartyRow, ProjectProductRow, ProjectResultRow, ProjectRow
from contracts import project as projects
from contracts import signature
from contracts.decimals import read_hex
from contracts.split import Split

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.core.core import Core
    from connector.exchange.case import Write
    from connector.exchange.chain_events import ChainEvents
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from contracts.project import Project
    from ledger.chain.programs import Programs

PROJECTS = Case(
    ProjectRow,
    "id",
    "there is no project `{}` of yours",
    "penstock project list",
    "project.moved",
    lambda row: row.document,
)
OF_MEMBER = (
    "SELECT projects.id FROM projects JOIN project_parties ON project_parties.project = projects.id"
    " WHERE project_parties.member = ? ORDER BY projects.updated DESC, projects.id LIMIT ? OFFSET ?"
)
RESULT_MEMBERS = frozenset({"name", "digest", "size", "note", "madeOf"})


class Projects:
    """The projects of a space's members."""

    def __init__(self, core: Core, programs: Programs, space: SpaceView, chain_events: ChainEvents) -> None:
        self._core, self._programs, self._space, self._chain_events = core, programs, space, chain_events

    async def propose(self, document: Any, signed: str, member: str, write: Write) -> JsonObject:
        """Take in a project with its proposer's signature; the same one again changes nothing."""
        project, now = projects.from_json(document), self._core.clock.now()
        known = self._space.last().members
        if project.party(member) is None:
            raise NotPermitted("who proposes a project is a party of it", "name yourself among the parties")
        for one in project.parties:
            if one.did not in known:
                raise InvalidInput(f"`{one.did[:200]}` is no member of this space", "penstock exchange members")
            if known[one.did].address != one.payee:
                raise InvalidInput(f"`{one.did}` is paid at another account", "name its own")
        if project.until <= now:
            raise InvalidInput(f"`until` is {project.until.isoformat()}, which is over", "name a later time")
        proof = self._proof(project, member, signed)
        await write(lambda tx: self._propose(tx, project, member, proof, now))
        return await self.show(project.id, member)

    async def sign(self, key: str, signed: str, member: str, write: Write) -> JsonObject:
        """Take in a party's signature; the last one makes the project count."""
        await self._expire()
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            row, party = _seen(tx, key, member)
            proof = self._proof(projects.from_json(row.document), member, signed)
            if not party.signature:
                self._signed(tx, row, party, proof, now)

        await write(act)
        return await self.show(key, member)

    async def move(self, key: str, step: Move, member: str, reason: str, write: Write) -> JsonObject:
        """Make a party's move, for a reason."""
        await self._expire()
        now = self._core.clock.now()

        def act(tx: Tx) -> None:
            row, _ = _seen(tx, key, member)
            if step is Move.WITHDRAW and row.proposer != member:
                raise NotPermitted("a project is withdrawn by who proposed it", "`penstock project decline`")
            role = PROPOSER if step is Move.WITHDRAW else PARTY
            PROJECTS.keep(tx, self._core.evidence, row, _moved(row, step, role, member, reason, now))

        await write(act)
        return await self.show(key, member)

    async def show(self, key: str, member: str) -> JsonObject:
        """Return a project to one of its parties: who signed, what was made and is sold, and who earned what."""
        await self._expire()

        def read(tx: Tx) -> tuple[ProjectRow, list[ProjectPartyRow], list[ProjectProductRow], list[ProjectResultRow]]:
            row, _ = _seen(tx, key, member)
            signed = tx.find(ProjectPartyRow, "project = ?", (key,), "member")
            products = tx.find(ProjectProductRow, "project = ?", (key,), "created, product", PAGE_ROWS_MAX)
            return row, signed, products, tx.find(ProjectResultRow, "project = ?", (key,), "created, name")

        row, signed, products, results = await self._core.store.read(read)
        project = projects.from_json(row.document)
        signatures = {one.member: one.signature for one in signed}
        earned = await self._earned(project) if products else Counter[bytes]()
        parties = [
            {**one.json(), "signature": signatures[one.did], "earned": str(earned[one.payee])}
            for one in project.parties
        ]
        return view(row) | {
            "currency": self._programs.deployment.currency,
            "parties": parties,
            "products": [{"id": one.product, "provider": one.provider} for one in products],
            "results": [_result(one) for one in results],
        }

    async def page(self, member: str, first: int) -> list[JsonObject]:
        """Return the projects of which a member is a party, newest first."""
        await self._expire()

        def read(tx: Tx) -> list[ProjectRow]:
            return [PROJECTS.find(tx, str(key)) for key in tx.column(OF_MEMBER, member, PAGE_ROWS_MAX, first)]

        return [view(row) for row in await self._core.store.read(read)]

    async def add(self, key: str, document: Any, member: str, write: Write) -> JsonObject:
        """Put a result into the workspace of a project that counts; the same one again changes nothing."""
        await self._expire()
        said, now = _read_result(document), self._core.clock.now()

        def act(tx: Tx) -> None:
            row, _ = _seen(tx, key, member)
            if row.state != State.AGREED:
                raise Conflict(f"the project `{key}` is {row.state}: nothing is put into it", "penstock project show")
            known = tx.get(ProjectResultRow, project=key, name=said["name"])
            new = ProjectResultRow(project=key, member=member, **said, created=now)
            if known is not None:
                if replace(known, created=now) != new:
                    raise Conflict(f"there is another result `{said['name']}`", "give yours a name of its own")
                return
            if tx.execute("SELECT count(*) AS n FROM project_results WHERE project = ?", key)[0]["n"] >= (
                PROJECT_RESULTS_MAX
            ):
                raise Conflict(f"a project has at most {PROJECT_RESULTS_MAX} results", "begin another project")
            tx.insert(new)
            fields = {"by": member, "digest": said["digest"], "made": " ".join(one["agreement"] for one in new.made_of)}
            self._core.evidence.record(tx, "project.result", part=row.id, fields=fields, now=now)

        await write(act)
        return await self.show(key, member)

    def check_product(self, tx: Tx, document: Mapping[str, Any], provider: str, now: datetime) -> None:
        """Note a product as one of the project that its terms name; raises unless it is, and is split as it says."""
        terms = document["offer"]["terms"]
        if (named := terms.get("project")) is None:
            return
        rows = tx.find(ProjectRow, "digest = ?", (named,), limit=1) if isinstance(named, str) else []
        party = tx.get(ProjectPartyRow, project=rows[0].id, member=provider) if rows else None
        if not rows or party is None:
            raise NotPermitted("the product names a project of which its provider is no party", "penstock project list")
        row, last = rows[0], self._space.last()
        if row.state != State.AGREED or row.until <= now:
            raise Conflict(f"the project `{row.id}` is {row.state}: nothing is listed under it", "all parties sign it")
        seller = last.members[provider].address
        split = projects.from_json(row.document).split(seller, last.members[last.exchange].address, last.fee_bps)
        if Split.from_json(terms.get("split")) != split:
            raise InvalidInput(f"the product is not split as the project `{row.id}` says", "publish it with --project")
        product = str(document["id"])
        if tx.get(ProjectProductRow, project=row.id, product=product) is None:
            tx.insert(ProjectProductRow(project=row.id, product=product, provider=provider, created=now))

    # ---- one transaction's part

    def _propose(self, tx: Tx, project: Project, member: str, proof: str, now: datetime) -> None:
        refuse_leaving(tx, member)
        same = member, project.json()
        if PROJECTS.known(tx, project.id, "project", lambda row: (row.proposer, row.document) == same):
            return
        going = "SELECT count(*) AS n FROM projects WHERE proposer = ? AND state IN (?, ?)"
        if tx.execute(going, member, *map(str, GOING))[0]["n"] >= MEMBER_PROJECTS_MAX:
            raise Conflict(f"one member has at most {MEMBER_PROJECTS_MAX} projects at once", "end one that is old")
        row = ProjectRow(
            id=project.id,
            digest=project.digest.hex(),
            proposer=member,
            document=project.json(),
            state=State.PROPOSED,
            until=project.until,
            created=now,
            updated=now,
        )
        PROJECTS.keep(tx, self._core.evidence, None, Turn(row, member))
        for one in project.parties:
            own = one.did == member
            tx.insert(
                ProjectPartyRow(
                    project=row.id, member=one.did, signature=proof if own else "", signed=now if own else None
                )
            )

    def _signed(self, tx: Tx, row: ProjectRow, party: ProjectPartyRow, proof: str, now: datetime) -> None:
        turn = _moved(row, Move.SIGN, PARTY, party.member, "", now)
        row = PROJECTS.keep(tx, self._core.evidence, row, turn)
        tx.change(party, replace(party, signature=proof, signed=now))
        if not tx.find(ProjectPartyRow, "project = ? and signature = ?", (row.id, ""), limit=1):
            own = self._core.identity.did
            PROJECTS.keep(
                tx, self._core.evidence, row, _moved(row, Move.CONCLUDE, EXCHANGE, own, "all have signed", now)
            )

    async def _expire(self) -> None:
        """End what was to last until a time that is over, before anybody is shown it."""

        def turned(row: ProjectRow, now: datetime) -> Turn[ProjectRow]:
            return _moved(row, Move.EXPIRE, EXCHANGE, self._core.identity.did, "its time is over", now)

        await PROJECTS.end(self._core, tuple(map(str, GOING)), turned, PAGE_ROWS_MAX)

    def _proof(self, project: Project, member: str, signed: str) -> str:
        """Return a signature that is the member's own; raises Unproven."""
        proof = read_hex(signed, "signature", signature.SIGNATURE_BYTES)
        if not signature.is_by(self._space.last().members[member].address, project.digest, proof):
            raise Unproven("the project is not signed with the key that the space knows this member by")
        return signed

    async def _earned(self, project: Project) -> Counter[bytes]:
        """Return what each account was paid on chain, or can claim of what was claimed, by channels split so."""
        last = self._space.last()
        exchange = last.members[last.exchange].address
        splits = [project.split(one.payee, exchange, last.fee_bps) for one in project.sharers]
        by_hash = {split.hash: split for split in splits}
        facts = await self._chain_events.channels((await self._programs.chain.newest()).number)
        found: Counter[bytes] = Counter()
        for channel in facts.channels.values():
            if (split := by_hash.get(channel.opened.get("splitHash", b""))) is not None:
                found.update(dict(zip((payee for payee, _ in split.parts), split.shares(channel.claimed), strict=True)))
        return found


def view(row: ProjectRow) -> JsonObject:
    """Return what every party sees of a project in a list."""
    about = {name: row.document[name] for name in ("id", "title", "text", "until")}
    return {**about, "digest": row.digest, "proposer": row.proposer, "state": row.state, "reason": row.reason}


def _seen(tx: Tx, key: str, member: str) -> tuple[ProjectRow, ProjectPartyRow]:
    """Return a project and the member's part in it; raises Absent for who has none."""
    row, party = PROJECTS.find(tx, key), tx.get(ProjectPartyRow, project=key, member=member)
    if party is None:
        raise PROJECTS.absent(key)
    return row, party


def _moved(row: ProjectRow, step: Move, role: str, by: str, reason: str, now: datetime) -> Turn[ProjectRow]:
    """Return what a move makes of a project; raises ProjectError if the table or the role forbids it."""
    state = moved(State(row.state), step, role)
    return Turn(replace(row, state=state, reason=reason, updated=now), by, reason, digest=row.digest)


def _read_result(document: Any) -> dict[str, Any]:
    """Return the columns of a result that a party says; raises InvalidInput."""
    if not isinstance(document, dict) or set(document) != RESULT_MEMBERS:
        raise InvalidInput(f"a result has exactly the members {', '.join(sorted(RESULT_MEMBERS))}")
    texts = {"name": 64, "note": projects.TEXT_CHARACTERS_MAX}
    for name, most in texts.items():
        told = document[name]
        if not isinstance(told, str) or len(told) > most or not told.replace("\n", " ").isprintable():
            raise InvalidInput(f"`{name}` of a result is a text of at most {most} characters")
    if not document["name"]:
        raise InvalidInput("a result has a name")
    if type(document["size"]) is not int or not 0 <= document["size"] < 1 << 63:
        raise InvalidInput("`size` of a result is its bytes, a whole number")
    read_hex(document["digest"], "digest", 32)
    made = document["madeOf"]
    if not isinstance(made, list) or len(made) > PROJECT_RESULTS_MAX:
        raise InvalidInput(f"`madeOf` is a list of at most {PROJECT_RESULTS_MAX}")
    for one in made:
        if not isinstance(one, dict) or set(one) != {"agreement", "product", "provider"}:
            raise InvalidInput("what a result is made of has an agreement, a product and a provider")
        read_hex(one["agreement"], "agreement", 32)
        if not all(isinstance(told, str) and len(told) <= projects.DID_CHARACTERS_MAX for told in one.values()):
            raise InvalidInput("what a result is made of is named by texts")
    said = {name: document[name] for name in ("name", "digest", "size", "note")}
    return said | {"made_of": made}


def _result(row: ProjectResultRow) -> JsonObject:
    return {
        "name": row.name,
        "by": row.member,
        "digest": row.digest,
        "size": row.size,
        "note": row.note,
        "madeOf": row.made_of,
        "at": row.created.astimezone(UTC).isoformat(timespec="seconds"),
    }
