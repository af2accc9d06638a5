"""The two sides of a story, one of them in a process of its own, the other here in memory; and what must be right."""

from __future__ import annotations

import hashlib

from contracts import signature
from contracts.typed_data import digest
from tests.channel.rig import CHANNELS, PAYER, Database, secret_of
from tests.fault.injection import Died, Role
from tests.fault.roles import OPENED, ROWS, buy, pair_on, respond


class Provider:
    """The provider in its own process; the buyer is here, in memory."""

    name = "payee"

    def prepare(self):
        self.pair, self.said = pair_on("payee", Database(), fresh=True), []

    def play(self, role):
        """Play the whole story; raises `Died`."""

        def ask(what, body):
            answer = role.ask(what, body)
            self.said.append((what, self.pair.account("payer").cumulative))
            return answer

        self.covered(role)
        buy(self.pair, ask)

    def covered(self, role):
        """INVARIANT no key without a claimable voucher: what was paid here can be claimed there."""
        paid = self.pair.account("payer").cumulative
        found = role.ask("claim", None)
        assert (found[0].cumulative_amount if found else 0) >= paid
        if found:
            voucher, signed, preimage = found
            assert signature.is_by(PAYER, digest(CHANNELS, voucher), signed)
            assert voucher.lock in (bytes(32), hashlib.sha256(preimage).digest())

    def right(self, role, _folder):
        """Both have the same books, everything is paid once, and every key is the right one."""
        self.covered(role)
        assert role.ask("books", None) == (self.pair.paid("payer"), self.pair.account("payer").cumulative)
        assert self.pair.paid("payer")[0] == [[0, ROWS]]
        assert self.pair.keyring.kept == {row: secret_of(row) for row in range(ROWS)}

    def end(self, role):
        return role.finish()


class Buyer:
    """The buyer in its own process; the provider is here, in memory."""

    name = "payer"

    def prepare(self):
        self.pair, self.said = pair_on("payee", Database(), fresh=True), []

    def play(self, role):
        while (message := role.recv())[0] != "done":
            self.said.append(message)
            role.send(respond(self.pair, *message))

    def right(self, _role, folder):
        assert self.pair.paid("payee")[0] == [[0, ROWS]]
        assert (folder / OPENED).read_bytes() == b"".join(map(secret_of, range(ROWS)))
        signed = self.pair.payee_db.act(lambda tx: tx.find("windows", order="seq"))
        paid = [row for row in signed if row["state"] in ("paid", "acknowledged")]
        assert sum(row["amount"] for row in paid) == self.pair.account("payee").cumulative

    def end(self, role):
        return role.end()


SIDES = {side.name: side for side in (Provider, Buyer)}


def played(side, folder, **how):
    """Play once to the end or until the side dies; return the exit code of a death, None when it ended well."""
    role = Role(side.name, folder, **how)
    try:
        side.play(role)
        side.right(role, folder)
        code = side.end(role)
    except Died as death:
        return death.code
    return code or None


def fresh(name, folder):
    """Make the store with which every attempt of a role begins."""
    folder.mkdir()
    role = Role(name, folder, fresh=True)
    if name == "payee":
        assert role.ask("claim", None) is None
        assert role.finish() == 0
    else:
        assert role.recv()[0] == "pieces"  # its first wish, and it is left alone
        role.kill()
    return folder
