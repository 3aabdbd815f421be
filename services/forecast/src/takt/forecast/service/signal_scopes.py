"""What signals are said of has to be there: one with a misspelt code would move nothing, unseen."""

from collections.abc import Collection, Mapping, Sequence

from takt.common.db import Tx
from takt.common.problems import Problem
from takt.forecast.schemas_signals import SignalIn
from takt.forecast.store import catalog


class UnknownReference(Problem):
    """A signal names what is not there."""

    status, slug = 422, "unknown-reference"


Known = Mapping[str, Collection[str]]
"""The codes that are there, by what a signal may be said of."""


async def known_scopes(tx: Tx) -> Known:
    """What signals may be said of."""
    products = await catalog.families_of_products(tx)
    return {
        "product": products.keys(),
        "family": {family for family in products.values() if family is not None},
        "region": (await catalog.parents_of_regions(tx)).keys(),
    }


def unknown(told: SignalIn, known: Known) -> list[dict[str, str]]:
    """What a signal names that is not there: field, value, problem and remedy of each."""
    return [
        {
            "field": noun,
            "value": code,
            "problem": f"there is no {noun} {code}",
            "remedy": f"create the {noun} first, or correct its code",
        }
        for noun, codes in known.items()
        if (code := getattr(told, noun)) is not None and code not in codes
    ]


async def refuse_unknown(tx: Tx, told: Sequence[SignalIn]) -> None:
    """Name every product, family and region of these signals that is not there.

    Raises:
        UnknownReference: with the first as its field, and all of them as `errors`.
    """
    known = await known_scopes(tx)
    errors = [
        one | {"field": f"items.{place}.{one['field']}"}
        for place, signal in enumerate(told)
        for one in unknown(signal, known)
    ]
    if errors:
        first = errors[0]
        raise UnknownReference(
            f"{first['field']}: {first['problem']}",
            field=first["field"],
            value=first["value"],
            remedy=first["remedy"],
            errors=errors,
        )
