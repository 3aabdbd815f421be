from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from takt.common.contracts.deals import RegionChanged
from takt.common.db import Database
from takt.common.event import Cause, wall_now
from takt.common.outbox import emit
from takt.standalone.commands.migrate import bring_up_to_date, databases
from takt.standalone.commands.output import CommandError
from takt.standalone.commands.republish import instant, queue_again
from takt.standalone.provision import at_database


async def test_what_was_said_and_sent_is_queued_again_in_order(composed: str) -> None:
    await bring_up_to_date(databases())
    url = at_database(composed, "takt_deals")
    database = Database("deals", url)
    said = [RegionChanged(sequence=n, code="north", name=f"North {n}") for n in (1, 2, 3)]
    async with database.transaction() as tx:
        sealed = await emit(tx, *[(event, Cause.start()) for event in said])
    await database.close()
    deals = await asyncpg.connect(url)
    await deals.execute("DELETE FROM outbox_unsent")  # all of it had been sent

    rows = await queue_again(composed, wall_now() - timedelta(hours=1))

    assert {row["part"]: row["queued"] for row in rows} == {
        "deals": "3", "forecast": "0", "procurement": "0", "finance": "0", "alerting": "0",
    }  # fmt: skip
    queue = await deals.fetch("SELECT event_id FROM outbox_unsent ORDER BY id")
    assert [row["event_id"] for row in queue] == [envelope.id for envelope in sealed]
    later = await queue_again(composed, wall_now() + timedelta(hours=1))
    assert later[0]["queued"] == "3", "what waits is kept, and nothing older is added"
    await deals.close()


def test_a_time_needs_a_zone() -> None:
    assert instant("2026-11-23T08:00Z") == datetime(2026, 11, 23, 8, tzinfo=UTC)
    for text in ("2026-11-23T08:00", "yesterday"):
        with pytest.raises(CommandError, match=text) as refused:
            instant(text)
        assert "2026-11-23T08:00Z" in refused.value.remedy
