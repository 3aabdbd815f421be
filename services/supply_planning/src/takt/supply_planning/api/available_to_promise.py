"""/v1/available-to-promise: what can still be promised, of what, and when."""

from datetime import date

from fastapi import APIRouter

from takt.common.amounts import Code
from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.common.http import Now
from takt.common.problems import NotFound
from takt.supply_planning.domain.netting import Horizon
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.domain.promise import (
    LAST_DAY_OF_WEEK,
    Balance,
    available_weeks,
    whole_on,
)
from takt.supply_planning.domain.quantity import to_decimal
from takt.supply_planning.schemas.promises import (
    PromisedPart,
    PromiseWeek,
    QuotedLine,
    QuoteQuestion,
    Quotes,
    SeriesAvailability,
    SiteAvailability,
    WholeWeek,
)
from takt.supply_planning.service.promises import balance_of, balances_of_series, quote_lines
from takt.supply_planning.service.quoting import Quote, Wish
from takt.supply_planning.store.promises import OrderLine

router = APIRouter(prefix="/v1/available-to-promise", tags=["promises"])


@router.get("", dependencies=[requires("supply:read")])
async def get_available_of_series(
    product: Code, region: Code, tx: RequestTx, now: Now
) -> SeriesAvailability:
    """What can be promised of a product in a region, by week and site."""
    network, rules, balances = await balances_of_series(tx, (product, region), now)
    horizon = network.horizon(now)
    weeks = []
    for monday in horizon.mondays:
        rule = rules.get(max(monday, horizon.today))
        last = monday + LAST_DAY_OF_WEEK
        whole = whole_on(rule, balances, last) if rule else 0
        weeks.append(WholeWeek(week=monday, cumulative=to_decimal(whole)))
    return SeriesAvailability(
        product=product,
        region=region,
        weeks=tuple(weeks),
        sites=tuple(
            _site(ItemSite(product, site), one, horizon) for site, one in sorted(balances.items())
        ),
    )


@router.get("/{item}/{site}", dependencies=[requires("supply:read")])
async def get_available_at_site(item: str, site: str, tx: RequestTx, now: Now) -> SiteAvailability:
    """What can be promised of an item at a site, by week."""
    key = ItemSite(item, site)
    network, balance = await balance_of(tx, key, now)
    if balance is None:
        raise NotFound(
            f"{item} is not planned at {site}",
            field="item",
            value=item,
            remedy="write the item with this site by PUT /v1/items",
        )
    return _site(key, balance, network.horizon(now))


@router.post("/quotes", dependencies=[requires("supply:read")])
async def ask_quotes(body: QuoteQuestion, tx: RequestTx, now: Now) -> Quotes:
    """When what could be promised of these lines, had together in their order.

    It changes nothing; it is a POST because lines fit no address. What it says holds until somebody
    else reserves: POST /v1/reservations keeps it.
    """
    wishes = [
        Wish(
            line.product,
            line.region,
            line.quantity,
            line.wanted_on,
            OrderLine(line_id=line.line_id),
        )
        for line in body.lines
    ]
    today, quotes = await quote_lines(tx, wishes, now)
    lines = (_quoted(*one, today) for one in zip(wishes, quotes, strict=True))
    return Quotes(as_of=now, lines=tuple(lines))


def _quoted(wish: Wish, quote: Quote, today: date) -> QuotedLine:
    return QuotedLine(
        line_id=wish.line.line_id,
        product=wish.product,
        region=wish.region,
        quantity=wish.quantity,
        wanted_on=wish.wanted_on or today,
        promised=to_decimal(sum(part.quantity for part in quote.parts)),
        promised_on=max((part.day for part in quote.parts), default=None),
        parts=tuple(
            PromisedPart(site=part.site, promised_on=part.day, quantity=to_decimal(part.quantity))
            for part in quote.parts
        ),
        orderable_on=quote.orderable_on,
    )


def _site(key: ItemSite, balance: Balance, horizon: Horizon) -> SiteAvailability:
    return SiteAvailability(
        item=key.item,
        site=key.site,
        on_hand=to_decimal(balance.on_hand),
        weeks=tuple(
            PromiseWeek(
                week=one.week,
                receipts=to_decimal(one.receipts),
                bound=to_decimal(one.bound),
                discrete=to_decimal(one.discrete),
                cumulative=to_decimal(one.cumulative),
                short=to_decimal(one.short),
            )
            for one in available_weeks(balance, horizon)
        ),
    )
