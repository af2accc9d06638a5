"""The same acts as a state machine, for what shrinks better than a journey does."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.fault.extent import tried
from tests.money.acts import ACTS, SPACES
from tests.money.journey import Journey

EXAMPLES, STEPS = tried(50), 20
WEIGHT_OF_A_RULE = 4  # rules are drawn alike: what is drawn more often has several


class Machine(RuleBasedStateMachine):
    """A journey whose acts are drawn one by one."""

    journey, is_broken = None, False

    @initialize(tiers=st.sampled_from(SPACES["tiers"]), lying=st.sampled_from(SPACES["lying"]))
    def begin(self, tiers, lying):
        self.journey = Journey(tiers, tuple(not lying >> at & 1 for at in range(len(tiers))))

    def do(self, name, args):
        self.is_broken = True
        self.journey.do(name, args)
        self.is_broken = False

    def teardown(self):
        if self.journey is None:
            return
        try:
            if not self.is_broken:
                self.journey.finish()
        finally:
            self.journey.world.payee.end()


def _rule(act):
    def verb(self, **args):
        self.do(act.name, args)

    verb.__name__ = verb.__qualname__ = act.name
    return rule(**{name: st.sampled_from(of) for name, of in act.args.items()})(verb)


for _act in ACTS:
    for _turn in range(-(-_act.weight // WEIGHT_OF_A_RULE)):
        setattr(Machine, f"{_act.name}_{_turn}", _rule(_act))


def test_nothing_is_lost_whatever_hypothesis_draws():
    run_state_machine_as_test(Machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS))
