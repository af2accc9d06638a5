"""The state of every program, rebuilt from its events alone, and the same state as the programs tell it.

Law: one row an event. What the chain knows and no event tells would differ here; what is not rebuilt is not in `READS`.
"""

from __future__ import annotations

from collections import defaultdict

from eth_hash.auto import keccak

from ledger.chain.membership import Keys

NOBODY, NOTHING = bytes(20), bytes(32)


class State:
    """Tables by program; each row is what the program's reading function returns, as a dict."""

    def __init__(self):
        self.editions, self.series, self.holders, self.edition_pledges = {}, {}, {}, {}
        self.licences, self.licence_pledges = {}, {}
        self.channels, self.credits = {}, defaultdict(int)
        self.heads, self.forked, self.logs = {}, set(), {}
        self.proven_keys, self.key_tables = {}, {}
        self.balances, self.supply, self.allowances = defaultdict(int), 0, {}
        self.members, self.exchanges, self.arbitrators, self.revoked = {}, defaultdict(set), defaultdict(set), {}


def _registered(state, on, at):
    state.editions[on["editionId"]] = {
        "provider": on["provider"], "series": on["series"], "number": on["number"], "registeredAt": at,
        "withdrawnAt": 0,
    }  # fmt: skip
    assert on["number"] > state.series.get(on["series"], (NOTHING, -1))[1], "numbers grow"
    state.series[on["series"]] = on["editionId"], on["number"]


def _withdrawn(state, on, at):
    state.editions[on["editionId"]]["withdrawnAt"] = at


def _moved(state, on, _at):
    edition = on["token_id"].to_bytes(32, "big")
    assert state.holders.get(edition, NOBODY) == on["sender"], "who gives it away had it"
    state.holders[edition] = on["receiver"]


def _pledged(table, name):
    def put(state, on, _at):
        assert on[name] not in getattr(state, table), "pledged once"
        getattr(state, table)[on[name]] = {"creditor": on["creditor"], "terms": on["terms"]}

    return put


def _released(table, name):
    def put(state, on, _at):
        assert getattr(state, table).pop(on[name])["creditor"] == on["creditor"]

    return put


def _granted(state, on, at):
    state.licences[on["agreementDigest"]] = {
        "provider": on["provider"], "buyer": on["buyer"], "parent": NOTHING, "notAfter": on["notAfter"],
        "grantedAt": at, "revokedAt": 0, "suspendedAt": 0,
    }  # fmt: skip


def _below(state, on, _at):
    below, above = (state.licences[on[name]] for name in ("agreementDigest", "parent"))
    assert below["notAfter"] <= above["notAfter"], "nowhere wider"
    below["parent"] = on["parent"]


def _licence(name, stamp):
    def put(state, on, at):
        found = state.licences[on["agreementDigest"]]
        assert found["revokedAt"] == 0, "an end is the end"
        found[name] = at if stamp else 0

    return put


def _opened(state, on, _at):
    state.channels[on["channelId"]] = {
        "payer": on["payer"], "signer": on["signer"], "payee": on["payee"], "token": on["token"],
        "arbitrator": on["arbitrator"], "splitHash": on["splitHash"], "deposit": on["deposit"], "claimed": 0,
        "expiry": on["expiry"], "freezePeriod": on["freezePeriod"], "frozenAt": 0, "frozenFor": 0, "closed": False,
    }  # fmt: skip


def _channel(*names):
    def put(state, on, _at):
        found = state.channels[on["channelId"]]
        for theirs, ours in names:
            assert on[theirs] >= found[ours], "deposit, expiry and claimed amount only grow"
            found[ours] = on[theirs]

    return put


def _frozen(state, on, at):
    state.channels[on["channelId"]] |= {"frozenAt": at, "frozenFor": on["until"] - at, "expiry": on["expiry"]}


def _closed(state, on, _at):
    found = state.channels[on["channelId"]]
    assert on["claimed"] + on["returned"] == found["deposit"], "conserved"
    found |= {"claimed": on["claimed"], "closed": True}


def _credited(state, on, _at):
    state.credits[on["account"]] += on["amount"]


def _taken(state, on, _at):
    state.credits[on["account"]] -= on["amount"]


def _paid(state, on, _at):
    if on["sender"] == NOBODY:
        state.supply += on["value"]
    else:
        state.balances[on["sender"]] -= on["value"]
        assert state.balances[on["sender"]] >= 0
    state.balances[on["receiver"]] += on["value"]


def _anchored(state, on, _at):
    assert on["size"] > state.heads.get(on["origin"], (-1,))[0], "heads grow"
    state.heads[on["origin"]] = on["size"], on["root"]


def _logged(state, on, _at):
    state.logs.setdefault(on["origin"], []).append(on)


def _forked(state, on, _at):
    state.forked.add(on["origin"])


def _proven(state, on, _at):
    state.proven_keys[on["witness"]] = keccak(b"".join(on["key"].values()))


def _brought(state, on, _at):
    state.key_tables[on["logTable"]] = on["keyTable"]


def _admitted(state, on, at):
    state.members[on["space"], on["member"]] = {
        "did": on["did"], "role": on["role"], "keysDigest": _digest(on["keys"]), "admittedAt": at,
        "suspendedAt": 0, "revokedAt": 0,
    }  # fmt: skip


def _digest(keys):
    return Keys(keys["logKey"], keys["deliveryKey"], keys["aggregateKey"]).digest


def _member(name, of):
    def put(state, on, at):
        state.members[on["space"], on["member"]][name] = of(on, at)

    return put


def _rested(name, of):
    def put(state, on, at):
        assert on["at"] == at, "the event says when"
        state.members[on["space"], on["member"]][name] = of(at)

    return put


def _named(table, account):
    return lambda state, on, _at: getattr(state, table)[on["space"]].add(on[account])


def _dismissed(table, account):
    def put(state, on, _at):
        getattr(state, table)[on["space"]].remove(on[account])
        assert state.exchanges[on["space"]], "one exchange remains"

    return put


def _revoked(state, on, at):
    state.revoked[on["space"], on["subject"]] = at


FOLDS = {
    ("editions", "EditionRegistered"): _registered,
    ("editions", "EditionWithdrawn"): _withdrawn,
    ("editions", "Transfer"): _moved,
    ("editions", "EditionPledged"): _pledged("edition_pledges", "editionId"),
    ("editions", "EditionReleased"): _released("edition_pledges", "editionId"),
    ("licences", "LicenceGranted"): _granted,
    ("licences", "SubLicenceGranted"): _below,
    ("licences", "LicenceSuspended"): _licence("suspendedAt", stamp=True),
    ("licences", "LicenceResumed"): _licence("suspendedAt", stamp=False),
    ("licences", "LicenceRevoked"): _licence("revokedAt", stamp=True),
    ("licences", "LicencePledged"): _pledged("licence_pledges", "agreementDigest"),
    ("licences", "LicenceReleased"): _released("licence_pledges", "agreementDigest"),
    ("channels", "Opened"): _opened,
    ("channels", "ToppedUp"): _channel(("deposit", "deposit")),
    ("channels", "Extended"): _channel(("expiry", "expiry")),
    ("channels", "Claimed"): _channel(("cumulativeAmount", "claimed")),
    ("channels", "Frozen"): _frozen,
    ("channels", "Closed"): _closed,
    ("channels", "Divided"): lambda *_: None,
    ("channels", "Credited"): _credited,
    ("channels", "Withdrawn"): _taken,
    ("token", "Transfer"): _paid,
    ("token", "Approval"): lambda *_: None,
    ("anchors", "LogRegistered"): _logged,
    ("anchors", "Anchored"): _anchored,
    ("anchors", "Forked"): _forked,
    ("anchors", "KeyProven"): _proven,
    ("anchors", "KeysBrought"): _brought,
    ("spaces", "SpaceFounded"): _named("exchanges", "exchange"),
    ("spaces", "ExchangeNamed"): _named("exchanges", "exchange"),
    ("spaces", "ExchangeDismissed"): _dismissed("exchanges", "exchange"),
    ("spaces", "ArbitratorNamed"): _named("arbitrators", "arbitrator"),
    ("spaces", "ArbitratorDismissed"): _dismissed("arbitrators", "arbitrator"),
    ("spaces", "MemberAdmitted"): _admitted,
    ("spaces", "RoleChanged"): _member("role", lambda on, _at: on["role"]),
    ("spaces", "KeysChanged"): _member("keysDigest", lambda on, _at: _digest(on["keys"])),
    ("spaces", "MemberSuspended"): _rested("suspendedAt", lambda at: at),
    ("spaces", "MemberResumed"): _rested("suspendedAt", lambda _at: 0),
    ("spaces", "MemberRevoked"): _member("revokedAt", lambda _on, at: at),
    ("spaces", "Revoked"): _revoked,
}


async def folded(stage, programs):
    """The state of the named programs from nothing but their events, in the chain's order."""
    state, times = State(), {}
    events = [event for name in programs for event in await stage.programs.events(name)]
    for event in sorted(events, key=lambda event: (event.block, event.position)):
        if event.block not in times:
            times[event.block] = int((await stage.chain.block(event.block)).at.timestamp())
        FOLDS[event.program.name, event.name](state, event.fields, times[event.block])
    return state


async def assert_told(stage, state):
    """Compare every row of a folded state with what the programs answer."""

    async def read(program, function, *args):
        return await stage.chain.call(stage.deployment.program(program), function, *args)

    for edition, row in state.editions.items():
        assert await read("editions", "registration", edition) == row
        assert await read("editions", "ownerOf", int.from_bytes(edition, "big")) == state.holders[edition]
        pledge = state.edition_pledges.get(edition, {"creditor": NOBODY, "terms": NOTHING})
        assert await read("editions", "pledgeOf", edition) == pledge
    for series, (edition, number) in state.series.items():
        assert await read("editions", "series", series) == (state.holders[edition], number)
    for holder in set(state.holders.values()):
        assert await read("editions", "balanceOf", holder) == list(state.holders.values()).count(holder)
    for digest, row in state.licences.items():
        assert await read("licences", "licence", digest) == row
        pledge = state.licence_pledges.get(digest, {"creditor": NOBODY, "terms": NOTHING})
        assert await read("licences", "pledgeOf", digest) == pledge
    for channel, row in state.channels.items():
        assert await read("channels", "channel", channel) == row
    for account, amount in state.credits.items():
        assert await stage.programs.credit(account) == amount
    for account, amount in state.balances.items():
        assert await stage.programs.balance(account) == amount
    for origin, head in state.heads.items():
        assert (await read("anchors", "head", origin))[:2] == head
    for origin in state.logs:
        assert await read("anchors", "forked", origin) is (origin in state.forked)
    for witness, digest in state.proven_keys.items():
        assert await read("anchors", "keyDigest", witness) == digest
    for log_table, key_table in state.key_tables.items():
        assert await read("anchors", "keysOf", log_table) == key_table
    for (space, account), row in state.members.items():
        assert await read("spaces", "member", space, account) == row
    for space, accounts in state.exchanges.items():
        assert await read("spaces", "exchangeCount", space) == len(accounts)
    for (space, subject), at in state.revoked.items():
        assert await read("spaces", "revokedAt", space, subject) == at
