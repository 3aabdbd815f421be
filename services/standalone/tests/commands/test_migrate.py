from urllib.parse import quote, urlsplit

import asyncpg
import pytest

from takt.standalone.commands.migrate import URLS, bring_up_to_date, databases
from takt.standalone.commands.output import CommandError
from takt.standalone.provision import as_role


async def test_it_makes_and_migrates_every_database_and_changes_nothing_again(
    composed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await bring_up_to_date(databases())
    assert "Migrated" in capsys.readouterr().err
    await bring_up_to_date(databases())
    assert capsys.readouterr().err == "Every table is of this version.\n"
    url = as_role(composed, "takt_deals", "pw takt_deals", "takt_deals")
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT count(*) FROM outbox") == 0
    await connection.close()
    admin = await asyncpg.connect(composed)
    names = {row[0] for row in await admin.fetch("SELECT datname FROM pg_database")}
    await admin.close()
    assert set(URLS) <= names
    assert "takt_log" not in names


@pytest.mark.usefixtures("composed")
def test_a_missing_setting_is_named_with_the_ways_to_set_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DEALS_DATABASE_URL")
    with pytest.raises(CommandError, match="DEALS_DATABASE_URL is not set") as refused:
        databases()
    assert "/run/secrets/deals_database_url" in refused.value.remedy


def test_a_url_of_another_role_is_refused_by_name(
    composed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEALS_DATABASE_URL", as_role(composed, "bob", "x", "takt_deals"))
    with pytest.raises(CommandError, match="role bob") as refused:
        databases()
    assert "takt_deals" in refused.value.remedy


def test_a_password_is_read_as_it_was_quoted(composed: str) -> None:
    url = as_role(composed, "takt_deals", "a/b c", "takt_deals")
    assert urlsplit(url).password == quote("a/b c", safe="")
    assert databases().passwords["takt_deals"] == "pw takt_deals"
