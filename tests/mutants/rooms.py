"""Which files are changed, and which tests are to see it: a file's own tests first, then the wider ones of its room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Room:
    """Files of one folder, by the tests that see what is wrong with them; `stages` are run in turn, nearest first."""

    files: tuple[str, ...]
    stages: tuple[tuple[str, ...], ...]


def _of(folder: str, names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.py" for name in names.split())


AUDIT = (("tests/ledger/audit/test_audit.py", "tests/ledger/audit/test_rules.py"), ("tests/ledger/audit",))
CHANNEL = (("tests/channel",), ("tests/fault/test_voucher_attacks.py", "tests/fault/test_unpaid.py"))
JOURNEYS = "tests/money/test_journeys.py::test_nothing_is_lost[0]"
POLICY = (
    (
        "tests/policy/test_decide.py", "tests/policy/test_operators.py", "tests/policy/test_rules.py",
        "tests/policy/test_request_world.py",
    ),
    ("tests/policy",),
)  # fmt: skip

ROOMS = (
    # money
    Room(
        _of("contracts", "agreement meter periods ranges records split summary tariff terms tiers voucher"),
        (
            ("tests/contracts",),
            ("tests/channel", "tests/plain", "tests/provider", "tests/onchain/test_split_rounding.py"),
            ("tests/negotiation/test_negotiation.py", "tests/ledger/audit"),
        ),
    ),
    Room(
        _of("contracts", "canonical signature typed_data typed_json typed_values"),
        (("tests/contracts",), ("tests/channel", "tests/negotiation/test_negotiation.py", "tests/ledger")),
    ),
    Room(
        _of(
            "connector/channel",
            "account acknowledgement batch box bundle chain_time claims closing doors equivocation judgement "
            "lapsing messages offer_check openings payee payer plan priced receipts receive records release resume "
            "said states step tally turn window windows wire",
        ),
        (*CHANNEL, (JOURNEYS,), ("tests/billing", "tests/api/test_voucher_faults.py")),
    ),
    Room(
        _of("connector/settlement", "acknowledging claiming following receivables settlement"),
        (
            (JOURNEYS, "tests/fault/test_money_conserved.py"),
            ("tests/billing", "tests/api/test_deposit_returned.py", "tests/api/test_voucher_faults.py"),
        ),
    ),
    Room(
        _of("connector/settlement", "arbitration cases disputes purse reporting returning"),
        (
            ("tests/fault/test_money_conserved.py", "tests/billing"),
            ("tests/api/test_disputes.py", "tests/api/test_deposit_returned.py", "tests/api/test_voucher_faults.py"),
            ("tests/market",),
        ),
    ),
    Room(
        _of("connector/enforcement", "context counted enforce judge membership rules ruling use uses"),
        (
            ("tests/enforcement", "tests/channel/test_uses.py", "tests/channel/test_judgement.py"),
            ("tests/channel", "tests/licence"),
            ("tests/api/test_plain.py", "tests/api/test_continuity.py", "tests/api/test_duties.py", JOURNEYS),
        ),
    ),
    # evidence
    Room(_of("ledger/log", "merkle"), (("tests/ledger/log/test_merkle.py",), ("tests/ledger",))),
    Room(
        _of("ledger/log", "note checkpoint cosignature witness tree policy proof"),
        (
            (
                "tests/ledger/log/test_note.py",
                "tests/ledger/log/test_tree.py",
                "tests/ledger/log/test_policy.py",
                "tests/ledger/log/test_witness.py",
                "tests/ledger/log/test_head_share.py",
                "tests/ledger/log/test_reader.py",
            ),
            ("tests/ledger", "tests/connector/store/test_evidence.py"),
        ),
    ),
    Room(
        _of("ledger/edition", "row row_table opening sealing"),
        (
            (
                "tests/ledger/edition/test_opening.py",
                "tests/ledger/edition/test_sealed_vector.py",
                "tests/ledger/dispute/test_verdict.py",
            ),
            ("tests/custody", "tests/channel/test_wrong_key.py"),
        ),
    ),
    Room(
        _of("ledger/dispute", "bundle verdict equivocation filing fork_report fork_proof ruling"),
        (
            (
                "tests/ledger/dispute/test_verdict.py",
                "tests/ledger/dispute/test_filing.py",
                "tests/ledger/dispute/test_fork_proof.py",
            ),
            ("tests/channel/test_wrong_key.py", "tests/ledger/audit"),
            ("tests/hostile/test_authorization.py", "tests/api/test_voucher_faults.py"),
        ),
    ),
    Room(
        _of("ledger/log", "disclosure events tiles"),
        (
            ("tests/ledger/log/test_events.py", "tests/ledger/log/test_tree.py", "tests/connector/store"),
            ("tests/ledger",),
        ),
    ),
    Room(
        _of("ledger/log", "aggregate head_aggregate head_share"),
        (
            ("tests/ledger/log/test_aggregate.py", "tests/ledger/log/test_head_share.py"),
            ("tests/connector/test_aggregating.py", "tests/onchain/test_aggregates.py"),
        ),
    ),
    Room(
        _of(
            "ledger/audit",
            "agreements amendments billing books cascade copies course decisions disclosed disposal heads horizon "
            "how_to_check "
            "keys lateness lifetimes negotiations openings prices purses registrations registry rights rules rulings "
            "settlement stages sublicences unseen_words unsealing",
        ),
        AUDIT,
    ),
    Room(
        _of("connector/store", "evidence heads peer_heads"),
        (("tests/connector/store/test_evidence.py",), ("tests/connector", "tests/negotiation/test_two_engines.py")),
    ),
    # authorisation
    Room(
        _of("connector/identity", "did jwk keys peers tokens"),
        (("tests/connector/identity",), ("tests/hostile/test_tokens.py", "tests/hostile/test_documents.py")),
    ),
    Room(
        _of("connector/api", "authorize body call operators places server"),
        (
            ("tests/api/test_barred.py", "tests/hostile/test_authorization.py", "tests/hostile/test_tokens.py"),
            ("tests/api/test_role_routes.py", "tests/api/test_exchange_operators.py", "tests/api/test_tokens.py"),
        ),
    ),
    Room(
        _of("connector/negotiation", "conclusion meeting negotiation process signing steps transfer"),
        (
            (
                "tests/negotiation/test_cells.py",
                "tests/negotiation/test_negotiation.py",
                "tests/negotiation/test_transfer.py",
            ),
            ("tests/negotiation",),
            ("tests/sublicence", "tests/api/test_own_offer.py", "tests/api/test_dsp_cells.py"),
        ),
    ),
    Room(
        _of(
            "policy",
            "compile constraint_reading constraint_truth decide decision duties hierarchy inherit operators places "
            "reach values",
        ),
        POLICY,
    ),
)
STAGES = {file: room.stages for room in ROOMS for file in room.files}


def mirrored(file: str) -> str:
    """Return the test file that stands in the mirrored place, empty if none does."""
    path = Path(file)
    inner = Path(*path.parts[1:]) if path.parts[0] == "connector" else path
    tries = (inner, path)
    found = (Path("tests", one.parent, f"test_{one.name}") for one in tries)
    return next((one.as_posix() for one in found if (ROOT / one).is_file()), "")


def stages(file: str) -> tuple[tuple[str, ...], ...]:
    """Return the tests of a file in the order in which they are run, each test file or folder once."""
    own = mirrored(file)
    return (((own,),) if own else ()) + STAGES[file]


def nearest(file: str) -> tuple[tuple[str, ...], ...]:
    """Return the file's own tests and the first of its room."""
    return stages(file)[: 2 if mirrored(file) else 1]
