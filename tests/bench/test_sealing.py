"""What a benchmark seals, a participant can serve: its keys are where a served folder looks for them."""

from __future__ import annotations

from bench.sealing import sealed_edition
from connector.custody.secrets import Keys
from connector.operation.initialise import initialise


def test_an_edition_of_a_benchmark_opens_in_its_data_folder(tmp_path):
    data, source = tmp_path / "provider", tmp_path / "source.bin"
    source.write_bytes(b"x" * 100_000)
    initialise(data, name="bench", roles=("provider",), region="US-NY", port=1, exchange=None, development=True)
    sealed = sealed_edition(data, source)
    assert Keys.of(data, "").run(sealed.run.key_id) == sealed.run
