"""A logistic model fitted round by round where the data are, as a Flower ClientApp (flwr 1.42): an engine for Penstock.

    engines = ["averaging /srv/flower/bin/python /srv/averaging.py"]      penstock.toml, [compute]

A row is its features and, last, a label of 0 or 1. Parameters are the weights of the round before, the constant first;
what it tells are those after some steps on the rows of one block. Whoever asks averages over blocks and providers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.supercore.task_identity import TaskIdentity

if TYPE_CHECKING:
    from array import array

STEPS, RATE, RIDGE = 40, 0.5, 0.01
ROWS, ARRAYS, METRICS = "rows", "arrays", "metrics"
app = ClientApp()
# a message of Flower's names its run; here there is no other one
TaskIdentity.run_id = TaskIdentity.node_id = TaskIdentity.task_id = 1


@app.train()
def train(message: Message, context: Context) -> Message:
    """Take some steps from the weights that were sent, on the rows of this client."""
    rows = context.state[ROWS].to_numpy_ndarrays()[0]
    rows = rows[~np.isnan(rows).any(axis=1)]
    features = np.column_stack([np.ones(len(rows)), rows[:, :-1]])
    [weights] = message.content[ARRAYS].to_numpy_ndarrays()
    for _ in range(STEPS):
        odds = 1 / (1 + np.exp(-features @ weights))
        weights = weights - RATE * (features.T @ (odds - rows[:, -1]) / len(rows) + RIDGE * weights)
    told = {ARRAYS: ArrayRecord([weights]), METRICS: MetricRecord({"num-examples": len(rows)})}
    return Message(RecordDict(told), reply_to=message)


def run(parameters: list[float], columns: list[array[float]], tells: list[tuple[str, float, float]]) -> list[float]:
    """Have the app train on one block: this is all that Penstock asks of an engine."""
    rows = np.column_stack([np.frombuffer(one) for one in columns])
    weights = np.array(parameters or [0.0] * len(columns))
    content = RecordDict({ARRAYS: ArrayRecord([weights]), "config": ConfigRecord()})
    context = Context(1, 1, {}, RecordDict({ROWS: ArrayRecord([rows])}), {})
    reply = app(Message(content, dst_node_id=1, message_type="train"), context)
    [told] = reply.content[ARRAYS].to_numpy_ndarrays()
    return told[: len(tells)].tolist()
