"""New products: since when they are there, and the series that they may be like."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from takt.common.db import Tx
from takt.forecast.domain.analogues import Profile, Relative
from takt.forecast.domain.calendar import weeks_between
from takt.forecast.domain.history import SeriesKey
from takt.forecast.domain.series import rolled


@dataclass(frozen=True, slots=True)
class Launch:
    """A product, and the day since which it is there: of its first sale, or before."""

    family: str | None
    price: float
    since: date | None
    """None where nothing says when it came."""


async def launches(tx: Tx, products: Collection[str], weeks: int) -> dict[str, Launch]:
    """When products came that are sold; others are left out.

    A first sale says so only if others had been sold for so many weeks by then: what was sold first
    when all that is known begins may have been there for ever.
    """
    rows = await tx.exec_driver_sql(
        """
        SELECT code, family, list_price::float8 AS price, least(introduced, (
            SELECT min(day) FROM demand d WHERE d.product = code AND quantity > 0
            HAVING min(day) >= (SELECT min(observed_from) FROM series_states) + 7 * $2::int))
            AS since
        FROM products WHERE code = ANY($1::text[]) AND active
        """,
        (sorted(products), weeks),
    )
    return {row.code: Launch(row.family, row.price, row.since) for row in rows}


async def relatives(
    tx: Tx, families: Collection[str], week: date, weeks: int
) -> dict[str, list[Relative]]:
    """Series of each family that have been observed for so many weeks, with what they expect."""
    rows = await tx.exec_driver_sql(
        """
        SELECT p.family, s.product, s.region, s.price::float8 AS price, s.first_week,
            s.statistical, s.scale, s.known
        FROM products p JOIN series s ON s.product = p.code JOIN series_states t
            USING (product, region)
        WHERE p.family = ANY($1::text[]) AND p.active AND t.observed_from <= $2
        ORDER BY s.product, s.region
        """,
        (sorted(families), week - timedelta(weeks=weeks)),
    )
    found: dict[str, list[Relative]] = defaultdict(list)
    for row in rows:
        passed = weeks_between(row.first_week, week)
        found[row.family].append(
            Relative(
                Profile(row.family, row.price, row.region),
                rolled(np.array(row.statistical), passed),
                row.scale,
                SeriesKey(row.product, row.region),
                np.array(row.known),
            )
        )
    return found


async def series_of(tx: Tx, products: Sequence[str], week: date, weeks: int) -> list[SeriesKey]:
    """The series of products, and those that they would have where their family is sold.

    That is in the regions where one of its series has been observed for so many weeks.
    """
    rows = await tx.exec_driver_sql(
        """
        SELECT product AS code, region FROM series WHERE product = ANY($1::text[])
        UNION
        SELECT n.code, t.region
        FROM products n JOIN products p USING (family) JOIN series_states t ON t.product = p.code
        WHERE n.code = ANY($1::text[]) AND n.active AND p.active AND t.observed_from <= $2
        ORDER BY 1, 2
        """,
        (list(products), week - timedelta(weeks=weeks)),
    )
    return [SeriesKey(row.code, row.region) for row in rows]
