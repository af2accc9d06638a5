"""What has states is written in one place of its flow: its row, its event and what it says are one transaction."""

from __future__ import annotations

import ast

from connector.store.rows.space import CaseRow
from connector.store.tables import ROWS
from tests.style import house

WRITE = {"insert", "put", "update", "delete"}
# rows of a flow -> the module that writes them; what becomes of them is worked out before, as a value
WRITERS = {
    "NegotiationRow": "connector.negotiation.process",
    "TransferRow": "connector.negotiation.process",
    "WindowRow": "connector.channel.windows",
    "AcquisitionRow": "connector.consumer.acquisition",
    "ProductRow": "connector.negotiation.on_offer",
} | {row.__name__: "connector.exchange.case" for row in ROWS if issubclass(row, CaseRow)}
# who calls what writes without a turn -> from where alone
CALLERS = {"windows.save": {"connector.channel.turn", "connector.channel.acknowledgement"}}


def called(tree):
    """Yield (name with its owner, call) of each call of an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func)).count(".") == 1:
            yield name, node


def written(tree):
    """Return the classes of rows with states that a module writes by name; an update only where it says the state."""
    found = set()
    for name, call in called(tree):
        act, first = name.split(".")[1], call.args[0] if call.args else None
        row = ast.unparse(first.func if isinstance(first, ast.Call) else first) if first is not None else ""
        if act in WRITE and (act != "update" or any(word.arg in {"state", None} for word in call.keywords)):
            found.add(row)
    return found & set(WRITERS)


def test_a_row_with_states_is_written_by_its_flow_alone():
    found = {(module, row) for module, tree in house.sources().items() for row in written(tree)}
    assert {(module, row) for module, row in found if WRITERS[row] != module} == set()


def test_a_window_is_written_by_its_turn():
    found = {(name, module) for module, tree in house.sources().items() for name, _ in called(tree) if name in CALLERS}
    assert found == {(name, module) for name, modules in CALLERS.items() for module in modules}


def test_what_is_written_elsewhere_is_found():
    tree = ast.parse("tx.update(ProductRow, {'id': key}, state='x'); tx.put(WindowRow(seq=1)); tx.get(TransferRow)")
    assert written(tree) == {"ProductRow", "WindowRow"}
    assert written(ast.parse("tx.update(TransferRow, key, address=here)")) == set()
