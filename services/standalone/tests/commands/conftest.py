from collections.abc import Iterator

import pytest

from takt.standalone.commands.migrate import LOG, URLS
from takt.standalone.postgres import ephemeral
from takt.standalone.provision import as_role


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server, and the settings of a compose file for it."""
    with ephemeral() as server:
        monkeypatch.setenv("TAKT_DATABASE", server.admin_url)
        for role, variable in URLS.items():
            monkeypatch.setenv(variable, as_role(server.admin_url, role, f"pw {role}", role))
        monkeypatch.delenv(LOG["takt_log"], raising=False)
        yield server.admin_url
