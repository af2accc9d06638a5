"""Whatever a peer does on the wire, with whatever message under way: the process says what goes on, and ends."""

import asyncio
from datetime import timedelta

import pytest

from connector.negotiation import outbox
from connector.negotiation.courier import Courier
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.states import FINAL
from connector.net.outbound import Outbound
from contracts.namespace import FORMAT_SEALED
from tests.negotiation.rogue import BEHAVIOURS, HANG, Rogue
from tests.negotiation.world import MANDATE, WAIT_SECONDS, Clock, Network, Party, agree, listed_offer, product, seed

SHORT = MANDATE | {"rounds": 3}
HANG_SECONDS = 0.2
# the kind under way -> who sends it
NEGOTIATED = {
    "request": "consumer", "offer": "provider", "accept": "consumer", "agreement": "provider",
    "verification": "consumer", "finalize": "provider", "termination": "consumer",
}  # fmt: skip
TRANSFERRED = {
    "request": "consumer", "start": "provider", "completion": "consumer", "suspension": "provider",
    "termination": "provider",
}  # fmt: skip


class Detour(Network):
    """The way of one party: in memory to an honest peer until the message `kind`, from then on to a rogue one."""

    def __init__(self, network, rogue, couriers, process, kind):
        super().__init__()
        self.parties, self._network = network.parties, network
        self._rogue, (self._patient, self._hasty) = rogue, couriers
        self._about = process, kind
        self.assigned = {}

    def deliver_from(self, sender):
        honest = self._network.deliver_from(sender)

        async def deliver(peer, url, body):
            process, path = self._path(url)
            pid = body.get(self._ours, body.get("consumerPid"))
            if (process, messages.name_of(process, body)) == self._about:
                self._assign(pid)
            if pid not in self.assigned:
                return await honest(peer, url, body)
            await self._know(sender, process, pid)
            return await self._courier(pid).deliver(peer, self._rogue.url(self.assigned[pid], pid, path), body)

        return deliver

    def ask_from(self, sender):
        async def ask(peer, url):
            process, path = self._path(url)
            rows = await sender.rows(process + "s")
            (pid,) = (row["id"] for row in rows if path.endswith(row["peer_pid"] or "nobody"))
            return await self._courier(pid).ask(peer, self._rogue.url(self.assigned[pid], pid, path))

        return ask

    def serve(self, role):
        self._ours = {"provider": "providerPid", "consumer": "consumerPid"}[role]

    def _courier(self, pid):
        return self._hasty if self.assigned[pid] in HANG else self._patient

    def _assign(self, pid):
        if pid not in self.assigned:
            self.assigned[pid] = list(BEHAVIOURS)[len(self.assigned)]

    async def _know(self, sender, process, pid):
        self._rogue.rows[pid] = await sender.row(process + "s", pid)

    def _path(self, url):
        path = "/" + url.split("/dsp/", 1)[1]
        return path.split("/")[1].removesuffix("s"), path


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(outbox, "RETRY_FIRST_SECONDS", 0.05)
    monkeypatch.setattr(outbox, "RETRY_MOST_SECONDS", 0.1)
    monkeypatch.setattr(outbox, "NOT_FOUND_ATTEMPTS", 2)


@pytest.fixture
async def rogue():
    made = Rogue()
    await made.start()
    yield made
    await made.stop()


class Stage:
    """Us with a detour, an honest peer with a clock of its own, which stands still for this test."""

    def __init__(self, us, them, detour):
        self.us, self.them, self.detour = us, them, detour

    def sides(self, role):
        """Return (provider, buyer) when we are in `role`."""
        return (self.us, self.them) if role == "provider" else (self.them, self.us)

    async def views(self):
        return {name: await self.us.engine.operating.show(pid) for pid, name in tuple(self.detour.assigned.items())}


class NothingRides:
    """Stands for the heads of a log that nobody follows here."""

    async def riding(self, _):
        return {}

    def lost(self, _peer, _riding):
        pass


@pytest.fixture
async def stage(rogue, tmp_path):
    """Make a stage for a kind of message: stage(process, kind, role)."""
    opened, network = [], Network()

    async with Outbound(development=True) as outbound:

        async def make(process, kind, role):
            way = outbound, lambda _: {}, NothingRides()
            detour = Detour(network, rogue, (Courier(*way), Courier(*way, HANG_SECONDS)), process, kind)
            detour.serve(role)
            names = {"provider": "buyer", "consumer": "provider"}
            us = await Party("us", detour, Clock(), tmp_path).open()
            them = await Party(names[role], network, Clock(), tmp_path).open()
            opened.extend([us, them])
            made = Stage(us, them, detour)
            await seed(made.sides(role)[0], product())
            return made

        yield make
        for party in opened:
            await party.close()


async def under_way(stage):
    """Wait until the peer of every behaviour has met our message once; return what the operator sees then."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            views = await stage.views()
            if len(views) == len(BEHAVIOURS) and all(
                view["state"] in FINAL or view["message"] is None or view["message"]["attempts"]
                for view in views.values()
            ):
                return views
            await asyncio.sleep(0.02)


def busy(engine):
    return engine._outbox._flights or engine._deadlines._endings


async def ended(stage):
    """Put our clock forward from deadline to deadline until every process is at its end."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            open_ones = [view for view in (await stage.views()).values() if view["state"] not in FINAL]
            if not open_ones:
                return await stage.views()
            rows = [*await stage.us.rows("negotiations"), *await stage.us.rows("transfers")]
            deadlines = [row["deadline"] for row in rows if row["deadline"] and row["id"] in stage.detour.assigned]
            now = stage.us.clock.now()
            stage.us.clock.shift += max(deadlines, default=now) - now + timedelta(seconds=1)
            stage.us.engine.wake()
            await asyncio.sleep(0.02)
            while busy(stage.us.engine):
                await asyncio.sleep(0.01)


def check_open(views):
    """Nothing waits without saying for whom, until when, and what happened."""
    for name, view in views.items():
        if view["state"] in FINAL:
            assert (view["turn"], view["deadline"]) == ("nobody", None), name
            continue
        assert view["turn"] in {"ours", "peer"}, name
        assert view["deadline"], name
        if view["message"]:
            assert view["reason"], name
            assert view["turn"] == "ours", name


def check_ended(views, kind, before):
    """Every end has its reason: `before` are the views while our message was under way."""
    for name, view in views.items():
        words = BEHAVIOURS[name][1]
        assert view["pending"] == "", name
        if view["state"] == "TERMINATED":
            assert view["reason"], name
            assert words in before[name]["reason"] + view["reason"], (name, view["reason"])
        else:
            # a provider that hears nothing of a buyer who has signed holds the agreement for final, as the buyer does
            unheard = kind == "finalize" and "asked, the consumer did not answer" in view["reason"]
            assert not words or (unheard and words in view["reason"]), (name, view)
            assert kind in {"finalize", "completion"}, name


async def nothing_left(us):
    assert await us.rows("outbox") == []
    async with asyncio.timeout(WAIT_SECONDS):  # a task outlives its row by a turn of the loop, or by a slow answer
        while busy(us.engine) or any(task.get_name().startswith(("outbox:", "late:")) for task in asyncio.all_tasks()):
            await asyncio.sleep(0.01)
    assert not us.engine._outbox._peers


@pytest.mark.parametrize("kind", NEGOTIATED)
async def test_every_misbehaviour_at_every_message_of_a_negotiation(stage, kind):
    made = await stage("negotiation", kind, NEGOTIATED[kind])
    provider, buyer = made.sides(NEGOTIATED[kind])
    if kind == "termination":
        provider.engine.negotiations._reactions = {}
    ids = [await buyer.engine.start_negotiation(provider.did, provider.base, listed_offer(), SHORT) for _ in BEHAVIOURS]
    if kind == "termination":
        for pid in ids:
            await buyer.until("negotiations", {"REQUESTED"}, pid)
            await buyer.engine.operating.terminate(pid, "enough")
    before = await under_way(made)
    check_open(before)
    check_ended(await ended(made), kind, before)
    await nothing_left(made.us)


@pytest.mark.parametrize("kind", TRANSFERRED)
async def test_every_misbehaviour_at_every_message_of_a_transfer(stage, kind):
    made = await stage("transfer", kind, TRANSFERRED[kind])
    provider, buyer = made.sides(TRANSFERRED[kind])
    digest = (await agree(provider, buyer, SHORT))["digest"]
    ids = [await buyer.engine.start_transfer(digest, FORMAT_SEALED) for _ in BEHAVIOURS]
    if kind in {"completion", "suspension", "termination"}:
        for pid in ids:
            await buyer.until("transfers", {"STARTED"}, pid)
        acts = {
            "completion": made.us.engine.operating.complete,
            "suspension": lambda pid: made.us.engine.operating.suspend(pid, "a rest"),
            "termination": lambda pid: made.us.engine.operating.terminate(pid, "enough"),
        }
        for row in await made.us.rows("transfers"):
            await made.us.until("transfers", {"STARTED"}, row["id"])
            await acts[kind](row["id"])
    before = await under_way(made)
    check_open(before)
    check_ended(await ended(made), kind, before)
    await nothing_left(made.us)
