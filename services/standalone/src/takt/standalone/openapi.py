"""The OpenAPI document of all of Takt, written where the web page's API client is made from it.

    python -m takt.standalone.openapi [--check]

The apps are made and asked, not started: neither a database nor a log is touched.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

FILE = Path("services/console/web/src/api/openapi.json")
NOWHERE: Any = {"database_url": "postgresql://nowhere/x", "access_url": "postgresql://nowhere/x"}


def document() -> dict[str, Any]:
    """The routes of all services and of the door, as the door's /openapi.json has them."""
    from takt.alerting import app as alerting
    from takt.alerting.settings import AlertingSettings
    from takt.console.app import create as create_console
    from takt.console.domain.openapi import CONSOLE, merge
    from takt.console.settings import ConsoleSettings
    from takt.deals import app as deals
    from takt.deals.settings import DealsSettings
    from takt.forecast import app as forecast
    from takt.forecast.settings import ForecastSettings
    from takt.supply_planning import app as supply_planning
    from takt.supply_planning.settings import SupplySettings

    supply = SupplySettings(**NOWHERE)
    nowhere = {"access_url": NOWHERE["access_url"], "log_url": NOWHERE["database_url"]}
    door = create_console(ConsoleSettings(**nowhere), services={})
    apps = {
        "deals": deals.create(DealsSettings(**NOWHERE)),
        "forecast": forecast.create(ForecastSettings(**NOWHERE)),
        "procurement": supply_planning.create("procurement", supply),
        "finance": supply_planning.create("finance", supply),
        "alerting": alerting.create(AlertingSettings(**NOWHERE)),
        CONSOLE: door,
    }
    return merge({name: app.openapi() for name, app in apps.items()}, "1", [])


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="takt.standalone.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on differences")
    parser.add_argument("file", nargs="?", type=Path, default=FILE)
    options = parser.parse_args(arguments)
    text = json.dumps(document(), indent=1, ensure_ascii=False) + "\n"
    if options.file.exists() and options.file.read_text() == text:
        return 0
    if options.check:
        sys.stderr.write(
            f"{options.file} is not as the routes say: run make contracts, look at what changed,"
            " see that the page still fits (make check), and commit it\n"
        )
        return 1
    options.file.write_text(text)
    sys.stdout.write(f"wrote {options.file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
