"""Win probabilities as the forecast publishes them."""

from collections.abc import Sequence

from takt.common.contracts.forecast import PipelineDemandChanged
from takt.common.db import Tx
from takt.deals.store.rows import fetch, to_json


async def write_probabilities(tx: Tx, said: Sequence[PipelineDemandChanged]) -> None:
    """Write one word a deal; the sequence decides which is the later."""
    if said:
        rows = [
            {
                "deal_id": one.deal_id,
                "probability": one.probability,
                "stalled": one.stalled,
                "expected_value": one.expected_value,
                "as_of": one.as_of,
                "sequence": one.sequence,
            }
            for one in sorted(said, key=lambda one: one.deal_id)
        ]
        await fetch(
            tx,
            "INSERT INTO win_probabilities AS w"
            " (deal_id, probability, stalled, expected_value, as_of, sequence)"
            " SELECT * FROM json_to_recordset($1::json) AS g (deal_id uuid,"
            " probability numeric(9,8), stalled boolean, expected_value numeric,"
            " as_of timestamptz, sequence bigint)"
            " ON CONFLICT (deal_id) DO UPDATE SET probability = excluded.probability,"
            " stalled = excluded.stalled, expected_value = excluded.expected_value,"
            " as_of = excluded.as_of, sequence = excluded.sequence"
            " WHERE w.sequence < excluded.sequence",
            to_json(rows),
        )
