"""`takt forecast explain`: why two versions of the forecast differ, in numbers and a sentence."""

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import typer

from takt.standalone.commands.door import Door, HomeOption, UrlOption, answer
from takt.standalone.commands.output import Format, Output, put, put_json, put_table

PARTS_SHOWN = 20
COLUMNS = ("quantity", "percent", "value", "because_of")


def explain(
    before: Annotated[int, typer.Argument(metavar="V1", min=1, help="The version before.")],
    after: Annotated[int, typer.Argument(metavar="V2", min=1, help="The version after.")],
    product: Annotated[str | None, typer.Option(help="Only this product.")] = None,
    region: Annotated[str | None, typer.Option(help="Only this region and those in it.")] = None,
    family: Annotated[str | None, typer.Option(help="Only products of this family.")] = None,
    level: Annotated[
        Literal["all", "family", "product"], typer.Option(help="Into what products are summed.")
    ] = "all",
    by_region: Annotated[bool, typer.Option("--by-region", help="Each region apart.")] = False,
    whole: Annotated[bool, typer.Option("--whole", help="Every part, however small.")] = False,
    home: HomeOption = None,
    url: UrlOption = None,
    output: Output = Format.text,
) -> None:
    """Explain by how much V2 differs from V1: by the model, what was observed, each deal, order."""
    chosen = {"product": product, "region": region, "family": family, "level": level}
    query = {name: value for name, value in chosen.items() if value is not None}
    query |= {"against": str(before), "by_region": str(by_region).lower()}
    with Door.find(home, url).client() as client:
        found = answer(
            client.get(
                f"/v1/forecast-versions/{after}/explanation",
                params=query,
                headers={"Accept-Language": language()},
            )
        )
    if output is Format.json:
        put_json(found)
        return
    for number, node in enumerate(found["sums"]):
        if number:
            put("")
        report(node, None if whole else PARTS_SHOWN)


def language() -> str:
    """The language of this terminal, as a header says it."""
    spoken = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "en")
    return spoken.partition(".")[0].replace("_", "-")


def report(node: Mapping[str, Any], shown: int | None) -> None:
    """A sum's sentence, and its parts below."""
    place = " in ".join(filter(None, (node["product"], node["region"])))
    put(f"{place}: {node['sentence']}" if place else node["sentence"])
    put_table(list(rows(node["parts"][:shown])), COLUMNS)
    hidden = len(node["parts"]) - len(node["parts"][:shown])
    if hidden:
        put(f"and {hidden} smaller; --whole shows them")


def rows(parts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Parts as rows of the table."""
    for part in parts:
        percent = part["percent"]
        yield {
            "quantity": f"{float(part['quantity']):+,.2f}",
            "percent": None if percent is None else f"{float(percent):+.2f} %",
            "value": f"{float(part['value']):+,.2f}",
            "because_of": because_of(part),
        }


def because_of(part: Mapping[str, Any]) -> str:
    """What a part is: a deal, order or signal by name and id, else its kind."""
    deal, order, signal = part.get("deal"), part.get("order"), part.get("signal")
    if deal:
        where = f" to {deal['stage_after']}" if deal["change"] == "moved" else ""
        return f"deal {deal['name'] or '-'} {deal['change']}{where} ({deal['deal_id']})"
    if order:
        return f"order {order['source']} {order['order_line']} {order['change']}"
    if signal:
        name = f"{signal['source']} {signal['external_id']}"
        kind = str(signal["kind"]).replace("_", " ")
        return f"{kind} {name} {signal['change']} ({signal['signal_id']})"
    return str(part["kind"]).replace("_", " ")
