"""Orders of a folder as sales of a running Takt that are not shipped: its firm demand.

A sale is of a product in a region; a site's region has the site's code. Neither is made up: an
order whose product or region Takt does not have is named, and planned by `takt plan` only.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from takt.standalone.commands.door import answer
from takt.standalone.supply_folder.loading import Loading
from takt.standalone.supply_folder.rows import Row
from takt.standalone.supply_folder.sending import Told, pages, same, send_set

if TYPE_CHECKING:
    import httpx

Body = dict[str, Any]
SOURCE = "supply-folder"
PART = 500
LONGEST = 100
ONLY = "until then it is planned by `takt plan` only."


def load_orders(
    client: "httpx.Client", loading: Loading, progress: Told, *, today: date, dry_run: bool
) -> dict[str, dict[str, int]]:
    """Sales by source and order line, with the sourcing that brings them to their sites."""
    if not loading.orders:
        return {}
    prices = {one["code"]: one["list_price"] for one in pages(client, "products")}
    regions = {one["code"] for one in pages(client, "regions")}
    there = {one["order_line"]: one for one in pages(client, "sales") if one["source"] == SOURCE}
    lines = _order_lines(loading.orders, there)
    sold: list[tuple[Row, str]] = []
    for row, line in zip(loading.orders, lines, strict=True):
        if row["item"] not in prices:
            how = "Takt sells no product of this code; add it with its price, and import again: "
            loading.problems.append(row.problem("item", how + ONLY))
        elif row["site"] not in regions:
            how = "Takt has no region of this code; add it, and import again: "
            loading.problems.append(row.problem("site", how + ONLY))
        elif len(line) > LONGEST:
            how = f"with item and site it is longer than {LONGEST} characters; shorten it: "
            loading.problems.append(row.problem("demand", how + ONLY))
        else:
            sold.append((row, line))
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    if not sold:
        return {"sales": counts}
    sourcing = _sourcing(client, loading, sold, today, progress, dry_run=dry_run)
    loading.notes += _open_elsewhere(there, [line for _, line in sold])
    waiting = []
    for row, line in sold:
        before = there.get(line)
        body = _sale(row, line, prices[row["item"]], before, today)
        if before is not None and all(same(before.get(n), v) for n, v in body.items()):
            counts["unchanged"] += 1
            continue
        counts["new" if before is None else "changed"] += 1
        waiting.append(body)
    for begin in range(0, 0 if dry_run else len(waiting), PART):
        progress("sales", begin, len(waiting))
        answer(client.post("/v1/sales/upserts", json={"items": waiting[begin : begin + PART]}))
    loading.notes.append("Orders are sales at the list price of their product, sold on that day.")
    return {"sourcing": sourcing, "sales": counts}


def _order_lines(rows: list[Row], there: Mapping[str, Body]) -> list[str]:
    """A name for each order that stays when its day or quantity changes.

    Of several days of one order, item and site the first has the plain name and later ones are
    numbered. A day that is there already keeps its name whichever others come and go; the others
    take the names that are left, those of days that have gone first.

    Args: there: the sales of earlier folders, by name.
    """
    plains = [f"{row['demand']} | {row['item']} | {row['site']}" for row in rows]
    places: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(rows)), key=lambda at: rows[at]["due"]):
        places[plains[place]].append(place)
    names = [""] * len(rows)
    for plain, of_it in places.items():
        numbers = range(1, len(of_it) + 1)
        free = [plain if number == 1 else f"{plain} | {number}" for number in numbers]
        while (more := f"{plain} | {len(free) + 1}") in there:
            free.append(more)
        days = {there[name]["requested_date"]: name for name in reversed(free) if name in there}
        for place in of_it:
            if name := days.pop(rows[place]["due"][:10], None):
                names[place] = name
                free.remove(name)
        free.sort(key=lambda name: name not in there)
        for place in of_it:
            names[place] = names[place] or free.pop(0)
    return names


def _open_elsewhere(there: Mapping[str, Body], lines: Collection[str]) -> list[str]:
    """A note of sales that this folder does not name and that wait to be shipped."""
    gone = sorted(
        line
        for line in there.keys() - set(lines)
        if Decimal(there[line]["quantity"]) > Decimal(there[line]["shipped_quantity"])
    )
    if not gone:
        return []
    more = f" and {len(gone) - 3:,} more" if len(gone) > 3 else ""
    return [
        "Sales of an earlier folder that this one does not name stay firm demand until they are"
        f" shipped, {len(gone):,} in all: {', '.join(gone[:3])}{more}."
    ]


def _sale(row: Row, line: str, price: str, before: Body | None, today: date) -> Body:
    """An order line; what the running Takt knows of price and shipments stays."""
    known = before or {"price": price, "sold_on": today.isoformat()}
    return {
        "source": SOURCE,
        "order_line": line,
        "product": row["item"],
        "region": row["site"],
        "quantity": row["quantity"],
        "price": known["price"],
        "sold_on": known["sold_on"],
        "requested_date": row["due"][:10],
        "shipped_quantity": known.get("shipped_quantity", "0"),
        "shipped_on": known.get("shipped_on"),
    }


def _sourcing(
    client: "httpx.Client",
    loading: Loading,
    sold: list[tuple[Row, str]],
    today: date,
    progress: Told,
    *,
    dry_run: bool,
) -> dict[str, int]:
    """Rules for products in regions that have none; one that is there decides."""
    there = {(one["product"], one["region"]) for one in pages(client, "sourcing")}
    first: dict[tuple[str, str], date] = {}
    kept = set()
    for row, _ in sold:
        pair = row["item"], row["site"]
        if pair in there:
            kept.add(pair)
            continue
        due = date.fromisoformat(row["due"][:10])
        first[pair] = min(first.get(pair, today), due)
    rules = [
        {
            "product": item,
            "region": site,
            "valid_from": day.isoformat(),
            "shares": [{"site": site, "share": "1"}],
        }
        for (item, site), day in first.items()
    ]
    counts = send_set(client, "sourcing", rules, progress, dry_run=dry_run)
    counts["unchanged"] = len(kept)
    return counts
