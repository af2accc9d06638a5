"""What is sold while the next version waits: a model of list and shop under any order of moves."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from catalog.dataset import Dataset, distributions_of
from catalog.profile import FileProfile
from connector.negotiation.on_offer import MOVES, OFFERED, UNDER_WAY, sold, version, withdrawn
from connector.provider import steps
from connector.provider.repricing import PRICED
from connector.provider.waiting import ASKED
from connector.store.rows.product import ProductRow, ProductState
from connector.store.table_row import replace
from tests.fault.extent import tried
from tests.negotiation.world import START

DATASET = Dataset("p", "t", "", (), (FileProfile("a.bin", "application/octet-stream", 1),), distributions_of("kept"), 1)


def tariff(minor):
    return {"minor": minor, "per": "1048576", "unit": "byte"}


class Shop(RuleBasedStateMachine):
    """The provider's row beside what the exchange lists and has waiting; a look is `connector.provider.waiting`'s."""

    def __init__(self):
        super().__init__()
        self.handed_in = []
        self.number, self.listed, self.waits, self.before = 0, None, None, None
        brief = {"price": "500", "floor": "500"}
        self.row = ProductRow(
            id="p", title="1", tier="kept", brief=brief, policy={"n": 0}, limits={"ask": "500", "floor": "500"},
            terms={"tariff": tariff("500"), "maxExposure": "1"}, state=ProductState.DRAFT, created=START, updated=START,
        )  # fmt: skip

    def become(self, after):
        assert after.state in MOVES[self.row.state], (self.row.state, after.state)
        self.row = after

    @rule(policy=st.integers(0, 1), fresh=st.booleans())
    @precondition(lambda self: self.row.state in (ProductState.DRAFT, ProductState.RENEWING))
    def seal(self, policy, fresh):
        self.look()
        known, self.number = self.row, self.number + fresh
        said = replace(known, title=str(self.number), policy={"n": policy})
        fresh = fresh or known.edition is None
        edition = f"e{self.number}" if fresh else known.edition
        self.become(steps.sealed(known, said, edition, DATASET, None, known.terms, known.limits, START, fresh=fresh))

    @rule()
    @precondition(lambda self: self.row.state in OFFERED)
    def renew(self):
        self.look()
        self.become(replace(self.row, renewal=self.row.brief, state=ProductState.RENEWING, reason=None))

    @rule()
    @precondition(lambda self: self.row.state is ProductState.SEALED)
    def register(self):
        self.become(steps.registered(self.row, START))

    @rule()
    @precondition(lambda self: self.row.state is ProductState.REGISTERED)
    def hand_in(self):
        mine = seen(version(self.row))
        self.handed_in.append(version(self.row))
        if self.listed is None or mine != self.listed:
            self.waits = mine
        else:
            self.waits = None
        self.before = None
        self.become(steps.on_offer(self.row, START, waits=self.waits is not None))

    @rule()
    @precondition(lambda self: self.row.state in UNDER_WAY and (self.row.standing or self.row.renewal))
    def fail(self):
        if self.before and self.row.state is ProductState.REGISTERED:
            self.become(steps.unpriced(self.row, self.before, "{}", START))
        else:
            self.become(steps.failed(self.row, "{}", START))
        self.before = None
        assert self.row.state in OFFERED

    @rule()
    @precondition(lambda self: self.waits is not None)
    def review(self):
        self.listed, self.waits = self.waits, None

    @rule()
    @precondition(lambda self: self.waits is not None)
    def refuse(self):
        self.waits = None

    @rule(minor=st.integers(1, 999))
    @precondition(lambda self: self.row.state in OFFERED)
    def price(self, minor):
        brief = self.row.brief | {"price": str(minor), "floor": str(minor)}
        terms = {"tariff": tariff(str(minor)), "maxExposure": str(minor)}
        self.before = {name: getattr(self.row, name) for name in PRICED}
        self.become(steps.priced(self.row, brief, terms, START))
        assert sold(self.row).limits["ask"] == str(minor)

    def look(self):
        row = self.row
        if row.standing is None or row.state not in ASKED or self.listed is None:
            return
        if self.listed == seen(version(row)):
            self.become(steps.listed(row, START))
            return
        known = (row.standing, *self.handed_in[::-1])
        row = steps.beside(row, next(one for one in known if seen(one) == self.listed))
        self.become(row if self.waits is not None else steps.refused(row, "{}", START))

    @rule()
    def looked_at(self):
        self.look()

    @invariant()
    def what_is_listed_is_sold_after_a_look(self):
        if self.listed is None or self.row.state is ProductState.DRAFT:
            return
        known = self.row
        self.look()
        on_sale = sold(self.row)
        assert on_sale is not None
        if self.row.state in ASKED:
            assert seen(version(on_sale)) == self.listed
        self.row = known

    @invariant()
    def nothing_stands_within_what_stands(self):
        if self.row.standing is not None:
            assert set(self.row.standing) == set(version(self.row))
            assert withdrawn(self.row, START).standing is None


def seen(row):
    return row["edition"], row["policy"]["n"]


TestShop = Shop.TestCase
TestShop.settings = settings(max_examples=tried(100), stateful_step_count=30, deadline=None)


def test_a_version_that_was_handed_in_before_one_that_failed_is_the_product_once_it_is_listed():
    shop = Shop()
    for step, told in (
        ("seal", {"policy": 0, "fresh": True}),
        ("register", {}),
        ("hand_in", {}),
        ("renew", {}),
        ("seal", {"policy": 1, "fresh": False}),
        ("hand_in", {}),
        ("renew", {}),
        ("seal", {"policy": 0, "fresh": False}),
        ("fail", {}),
        ("review", {}),
    ):
        getattr(shop, step)(**told)
    shop.what_is_listed_is_sold_after_a_look()
