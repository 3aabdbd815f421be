"""A forecast as the geometry of a picture: two bands, two lines, ticks.

There is no history in it: the bands begin with the first week.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10

from takt.common.contracts.forecast import ForecastBucket, ForecastChanged


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where it lies, and its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture's parts, in pixels of its own width and height."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    band95: str
    band80: str
    expected: str
    baseline: str
    quantities: tuple[Tick, ...]
    weeks: tuple[Tick, ...]


LEFT, RIGHT, TOP, BOTTOM = 48.0, 8.0, 34.0, 46.0
"""Room for the labels, in pixels."""
CHARACTER = 7.0
"""The width of a label's character, in pixels."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def chart(buckets: Sequence[ForecastBucket], width: int, height: int) -> Chart:
    """The picture of a forecast.

    Args:
        buckets: at least two, by week.
        width: pixels.
        height: pixels.
    """
    steps = quantity_steps(max(float(bucket.high95) for bucket in buckets))
    left, right, top, bottom = LEFT, width - RIGHT, TOP, height - BOTTOM

    def x(index: float) -> float:
        return round(left + (right - left) * index / (len(buckets) - 1), 1)

    def y(quantity: float) -> float:
        return round(bottom - (bottom - top) * quantity / steps[-1], 1)

    def line(quantities: Iterable[float]) -> str:
        return "M" + "L".join(f"{x(i)} {y(q)}" for i, q in enumerate(quantities))

    def band(low: Sequence[float], high: Sequence[float]) -> str:
        back = "L".join(f"{x(i)} {y(low[i])}" for i in reversed(range(len(low))))
        return f"{line(high)}L{back}Z"

    def all_of(name: str) -> list[float]:
        return [float(getattr(bucket, name)) for bucket in buckets]

    return Chart(
        width, height, left, right, top, bottom,
        band95=band(all_of("low95"), all_of("high95")),
        band80=band(all_of("low80"), all_of("high80")),
        expected=line(all_of("quantity")),
        baseline=line(all_of("baseline")),
        quantities=tuple(Tick(y(step), quantity_label(step)) for step in steps),
        weeks=tuple(_months([bucket.week for bucket in buckets], x, right)),
    )  # fmt: skip


def quantity_steps(highest: float) -> list[float]:
    """Three to six round numbers from 0 to at least the highest value."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / 4
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    return [step * count for count in range(ceil(highest / step - 1e-9) + 1)]


def quantity_label(quantity: float) -> str:
    """A quantity as it is read on an axis."""
    if quantity >= 10_000:
        return f"{quantity / 1000:g}k"
    return f"{quantity:,.0f}" if quantity == int(quantity) else f"{quantity:g}"


def _months(weeks: Sequence[date], x: Callable[[float], float], right: float) -> Iterable[Tick]:
    """A label at the first week of each month, with the year at the beginning and at its change.

    The first label begins at its tick, the others stand over theirs; one without room is left out.
    """
    free_from, last_year, last_month = 0.0, 0, 0
    for index, week in enumerate(weeks):
        if week.month == last_month:
            continue
        last_month = week.month
        label = MONTHS[week.month - 1] + (f" {week.year}" if week.year != last_year else "")
        width = len(label) * CHARACTER
        begins = x(index) if index == 0 else x(index) - width / 2
        if begins < free_from or begins + width > right:
            continue
        free_from, last_year = begins + width + CHARACTER, week.year
        yield Tick(x(index), label)


def described(forecast: ForecastChanged) -> str:
    """The picture in a sentence, for who cannot see it."""
    first, last = forecast.buckets[0], forecast.buckets[-1]
    total = sum((bucket.quantity for bucket in forecast.buckets), start=first.quantity * 0)
    return (
        f"Expected weekly demand of {forecast.product} in {forecast.region}"
        f" from {first.week} to {last.week}: {total:,.0f} {forecast.unit} in all."
        f" In the first week {first.quantity:,.1f}, {_ranges(first)};"
        f" in the last {last.quantity:,.1f}, {_ranges(last)}."
    )


def _ranges(bucket: ForecastBucket) -> str:
    return (
        f"with 80 % between {bucket.low80:,.1f} and {bucket.high80:,.1f}"
        f" and 95 % between {bucket.low95:,.1f} and {bucket.high95:,.1f}"
    )
