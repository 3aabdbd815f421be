"""Sending a set of things to a running Takt: only what it does not say already.

What the folder does not say of a thing that is there, such as tolerances or payment days, stays.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from takt.standalone.commands.door import answer
from takt.standalone.commands.output import CommandError

if TYPE_CHECKING:
    import httpx

Body = dict[str, Any]
Told = Callable[[str, int, int], None]
PAGE, PART = 1000, 2000
"""Rows of an answer and of a request: each request makes the service read its network anew."""
BAR = " | "
"""Between an order and its line in the reference of a receipt."""

KEYS: dict[str, tuple[str, ...]] = {
    "calendars": ("code",),
    "sites": ("code",),
    "items": ("code",),
    "bills-of-material": ("item",),
    "stock": ("item", "site"),
    "suppliers": ("code",),
    "scheduled-receipts": ("reference",),
    "sourcing": ("product", "region", "valid_from"),
    "resources": ("code",),
    "routings": ("item", "site"),
    "sites of an item": ("site",),
    "offers of a supplier": ("item",),
}
KEPT = {
    "items": ("name", "unit"),
    "sites": ("name",),
    "suppliers": ("name", "payment_days"),
}
"""What the folder has no word for, and a running Takt may have a better one."""
WITHIN = {"items": ("sites", "sites of an item"), "suppliers": ("offers", "offers of a supplier")}


def pages(client: "httpx.Client", noun: str) -> Iterator[Body]:
    """All that there is of a noun."""
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
        page = answer(client.get(f"/v1/{noun}", params=params))
        yield from page["items"]
        cursor = page["next"]


def send_set(
    client: "httpx.Client", noun: str, bodies: list[Body], progress: Told, *, dry_run: bool
) -> dict[str, int]:
    """Write what is new or differs; how many were new, changed and unchanged.

    Raises: CommandError: Takt refused a part; the parts before it are in.
    """
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    if not bodies:
        return counts
    there = {_key(noun, one): one for one in pages(client, noun)}
    waiting = []
    for body in [*bodies, *_lines_gone(noun, bodies, there)]:
        before = there.get(_key(noun, body))
        if before is not None and (unit := body.get("counted_in", before.get("unit"))):
            _refuse_other_unit(before, unit)
        after = merged(noun, before, _sent(body))
        # Of a receipt quantity 0 says that it is not there.
        known = same(before, after) if before is not None else after.get("quantity") == "0"
        if known:
            counts["unchanged"] += 1
            continue
        counts["new" if before is None else "changed"] += 1
        waiting.append(after)
    if dry_run:
        return counts
    for begin in range(0, len(waiting), PART):
        progress(noun, begin, len(waiting))
        try:
            answer(client.put(f"/v1/{noun}", json={"items": waiting[begin : begin + PART]}))
        except CommandError as error:
            raise CommandError(
                f"{noun}, from {_named(noun, waiting[begin])} on: {error.problem}. What came "
                "before it is in.",
                error.remedy or "Correct it, and import again.",
            ) from error
    progress(noun, len(waiting), len(waiting))
    return counts


def _lines_gone(noun: str, bodies: list[Body], there: Mapping[tuple[Any, ...], Body]) -> list[Body]:
    """Receipts of lines that an order of the folder has no more, to be taken out.

    Where a line goes, the others may take over its reference.
    """
    if noun != "scheduled-receipts":
        return []
    said = {body["reference"] for body in bodies}
    return [
        {**before, "quantity": "0"}
        for (reference,), before in there.items()
        if reference not in said and reference.partition(BAR)[0] in said and BAR in reference
    ]


def merged(noun: str, before: Mapping[str, Any] | None, body: Body) -> Body:
    """What is sent: the folder's word, with what it has no word for as it was."""
    if before is None:
        return body
    after = {**before, **body} | {name: before[name] for name in KEPT.get(noun, ())}
    if noun == "bills-of-material":
        lines = {_line(one): one for one in before["components"]}
        after["components"] = [{**lines.get(_line(one), {}), **one} for one in body["components"]]
    if noun in WITHIN:
        name, inner = WITHIN[noun]
        parts = {_key(inner, one): one for one in before[name]}
        for part in body[name]:
            key = _key(inner, part)
            # What has become a phantom, or is one no more, keeps nothing that it had.
            kept = parts.get(key)
            if kept is not None and "phantom" in (kept.get("source"), part.get("source")):
                kept = kept if kept.get("source") == part.get("source") else None
            if kept is not None and "price_breaks" in part and _unpriced(part):
                part = {**part, "price_breaks": kept["price_breaks"]}
            parts[key] = part if kept is None else {**kept, **part}
        after[name] = list(parts.values())
    return after


def _line(component: Mapping[str, Any]) -> tuple[Any, ...]:
    return component["component"], component.get("valid_from")


def _unpriced(offer: Body) -> bool:
    return all(Decimal(one["price"]) == 0 for one in offer["price_breaks"])


def same(one: Any, other: Any) -> bool:
    """Whether both say the same: numbers by their worth, and None as nothing."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(same(one.get(name), other.get(name)) for name in {*one, *other})
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        if len(one) != len(other):
            return False
        return all(map(same, _ordered(one), _ordered(other)))
    if one == other:
        return True
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return not one and not other


def _ordered(values: Any) -> list[Any]:
    """Parts in an order of their own: a bill's lines stand in any."""
    if not all(isinstance(value, Mapping) for value in values):
        return list(values)
    names = ("item", "site", "component", "valid_from", "quantity")
    return sorted(values, key=lambda value: [str(value.get(name)) for name in names])


def _refuse_other_unit(before: Mapping[str, Any], unit: str) -> None:
    """Nothing is converted: quantities in another unit would be taken for what they are not."""
    if unit != before.get("unit", unit):
        raise CommandError(
            f"items, {before['code']}: unit = {unit!r}, and Takt counts it in {before['unit']!r}",
            "Convert the folder's quantities of it, or give it another code.",
        )


def _sent(body: Body) -> Body:
    return {name: value for name, value in body.items() if name not in ("at", "counted_in")}


def _key(noun: str, body: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(body[name] for name in KEYS[noun])


def _named(noun: str, body: Mapping[str, Any]) -> str:
    return " at ".join(_key(noun, body))
