"""How well pipeline and baseline are joined, replayed on a generated company.

    python benchmarks/pipeline_backtest.py

70 % of demand comes from deals that pass three stages, 30 % from orders that were never deals. At
each of 26 weekly origins everything is rebuilt as it stood then: history, open deals, win curves,
known shares, intervals. No public data has pipeline and sales together, so this, and
engaged-to-closed on a CRM extract, is all.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
import numpy.typing as npt

from takt.common.contracts.deals import DealLine, DealState, StageInterval
from takt.forecast.domain import fast_path, intervals, joining, pipeline, win_curves

Floats = npt.NDArray[np.float64]
START = datetime(2023, 1, 2, tzinfo=UTC)
SERIES, WEEKS, ORIGINS, HORIZON = 12, 182, 26, 26
STAGES = (("lead", 14.0, 0.75), ("offer", 18.0, 0.72), ("negotiation", 12.0, 0.74))
FULFILMENT_DAYS = 7
REPORTED = (0, 3, 7, 12)


@dataclass(frozen=True)
class Deal:
    """A simulated deal. Times in days since START."""

    series: int
    quantity: int
    entered: tuple[float, ...]
    closed: float
    won: bool
    requested: int

    @property
    def demand_day(self) -> int:
        return max(self.requested, int(self.closed) + FULFILMENT_DAYS)


def company(random: np.random.Generator) -> tuple[list[Deal], Floats]:
    """Deals, and weekly direct orders of shape (series, weeks)."""
    deals: list[Deal] = []
    sizes = random.uniform(10, 40, SERIES)
    season = 1 + 0.2 * np.sin(2 * np.pi * np.arange(WEEKS) / 52)
    for series, size in enumerate(sizes):
        for week in range(WEEKS):
            for _ in range(random.poisson(4.4 * season[week])):
                time = opened = week * 7 + random.uniform(0, 7)
                entered, won = [], True
                for _, days, success in STAGES:
                    entered.append(time)
                    time += random.gamma(2, days / 2)
                    if random.random() > success:
                        won = False
                        break
                quantity = 1 + random.poisson(random.gamma(1.5, size / 1.5))
                wanted = int(opened + random.uniform(20, 100))
                deals.append(Deal(series, quantity, tuple(entered), time, won, wanted))
    from_deals = sum(d.quantity for d in deals if d.won) / (SERIES * WEEKS)
    mean = from_deals * 3 / 7
    direct = random.gamma(4, mean / 4, (SERIES, WEEKS)) * season
    return deals, direct


def visits_at(deals: list[Deal], day: float) -> list[win_curves.Visit]:
    found = []
    for deal in deals:
        for position, entered in enumerate(deal.entered):
            if entered > day:
                break
            last = position + 1 == len(deal.entered)
            left = deal.closed if last else deal.entered[position + 1]
            outcome = "open" if deal.closed > day else "won" if deal.won else "lost"
            end = min(deal.closed, day)
            found.append(
                win_curves.Visit(
                    "direct", STAGES[position][0], min(left, end) - entered, end - entered, outcome
                )
            )
    return found


def state_at(number: int, deal: Deal, day: float) -> DealState:
    """The deal as it stood on that day."""
    at = [START + timedelta(days=entered) for entered in deal.entered if entered <= day]
    won = deal.closed <= day
    return DealState(
        deal_id=UUID(int=number),
        name="generated",
        owner="generated",
        region="everywhere",
        pipeline="direct",
        stage="won" if won else STAGES[len(at) - 1][0],
        status="won" if won else "open",
        opened_at=at[0],
        stage_entered_at=at[-1],
        closed_at=START + timedelta(days=deal.closed) if won else None,
        payment_days=30,
        lines=(
            DealLine(
                line_id=UUID(int=number),
                product=str(deal.series),
                quantity=Decimal(deal.quantity),
                price=Decimal(1),
                requested_date=(START + timedelta(days=deal.requested)).date(),
            ),
        ),
        history=tuple(StageInterval(stage="any", entered_at=time) for time in at),
    )


def forecasts_at(
    deals: list[Deal], direct: Floats, origin: int
) -> tuple[dict[str, Floats], Floats]:
    """Forecasts by rule, shape (series, horizon), and the 80 % interval of the joined one."""
    day = origin * 7.0
    now = START + timedelta(days=day)
    history = direct[:, :origin].copy()
    sales = []
    expected = np.zeros((SERIES, HORIZON), dtype=np.int64)
    variance = np.zeros((SERIES, HORIZON))
    model = win_curves.estimate(visits_at(deals, day))
    for number, deal in enumerate(deals):
        week = deal.demand_day // 7
        sold = deal.won and deal.closed <= day
        if sold and week < origin:
            history[deal.series, week] += deal.quantity
            sales.append(joining.PastSale(deal.series, week, deal.entered[0] / 7, deal.quantity))
        elif deal.entered[0] <= day and (sold or deal.closed > day):
            state = state_at(number, deal, day)
            view = pipeline.outlook(state, model, now)
            for line in pipeline.lines_outlook(state, view, {}, FULFILMENT_DAYS, now):
                expected[deal.series] += line.expected
                variance[deal.series] += line.variance
    sales += [
        joining.PastSale(series, week, None, direct[series, week])
        for series in range(SERIES)
        for week in range(origin)
    ]
    known = joining.known_shares(sales, SERIES, HORIZON, first_seen=0.0)
    states = fast_path.fit(history)
    baseline = fast_path.forecast(states, HORIZON)
    bands = intervals.calibrate([intervals.replay(history, HORIZON)], HORIZON)
    joined = joining.join(
        baseline,
        known,
        np.zeros_like(expected),
        expected,
        variance,
        intervals.scale(states),
        bands,
    )
    units = expected / joining.MILLION
    rules = {
        "baseline alone": baseline,
        "pipeline alone": units,
        "simply added": baseline + units,
        "the larger": np.maximum(baseline, units),
        "joined (rules.md)": joined.quantity / joining.MILLION,
    }
    return rules, joined.bands[1:3] / joining.MILLION


def backtest(
    origins: int = ORIGINS, seed: int = 20261123
) -> dict[str, dict[int, tuple[float, float]]]:
    """WAPE and bias by rule and horizon, both relative to demand; coverage of the 80 % interval."""
    deals, direct = company(np.random.default_rng(seed))
    demand = direct.copy()
    for deal in deals:
        if deal.won and deal.demand_day // 7 < WEEKS:
            demand[deal.series, deal.demand_day // 7] += deal.quantity
    errors: dict[str, dict[int, list[Floats]]] = {}
    covered: dict[int, list[Floats]] = {h: [] for h in REPORTED}
    last = WEEKS - max(REPORTED) - 1
    replayed = range(last - origins + 1, last + 1)
    for origin in replayed:
        rules, (low, high) = forecasts_at(deals, direct, origin)
        for h in REPORTED:
            actual = demand[:, origin + h]
            covered[h].append((actual >= low[:, h]) & (actual <= high[:, h]))
            for rule, guess in rules.items():
                errors.setdefault(rule, {}).setdefault(h, []).append(guess[:, h] - actual)
    found: dict[str, dict[int, tuple[float, float]]] = {}
    for h in REPORTED:
        total = sum(demand[:, origin + h].sum() for origin in replayed)
        for rule, by_horizon in errors.items():
            error = np.concatenate(by_horizon[h])
            wape, bias = np.abs(error).sum() / total, error.sum() / total
            found.setdefault(rule, {})[h] = (float(wape), float(bias))
        found.setdefault("80 % coverage", {})[h] = (float(np.mean(covered[h])), 0.0)
    return found


def main() -> int:
    found = backtest()
    print("WAPE (bias) by weeks ahead".ljust(28), *(f"{h + 1:>14}" for h in REPORTED))
    for rule, by_horizon in found.items():
        if rule == "80 % coverage":
            cells = (f"{by_horizon[h][0]:14.3f}" for h in REPORTED)
        else:
            cells = (
                f"{by_horizon[h][0]:.3f} ({by_horizon[h][1]:+.2f})".rjust(14) for h in REPORTED
            )
        print(rule.ljust(28), *cells)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
