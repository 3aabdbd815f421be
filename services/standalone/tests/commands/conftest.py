import sys
from collections.abc import Callable, Iterator

import pytest

from takt.standalone import cli
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


@pytest.fixture
def takt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a verb in this process: its exit code, stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["takt", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run
