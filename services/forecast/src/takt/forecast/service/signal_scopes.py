"""What signals are said of has to be there: one with a misspelt code would move nothing, unseen."""

from collections.abc import Sequence

from takt.common.db import Tx
from takt.common.problems import Problem
from takt.forecast.schemas_signals import SignalIn
from takt.forecast.store import replicas


class UnknownReference(Problem):
    """A signal names what is not there."""

    status, slug = 422, "unknown-reference"


async def refuse_unknown(tx: Tx, told: Sequence[SignalIn]) -> None:
    """Name every product, family and region of these signals that is not there.

    Raises:
        UnknownReference: with the first as its field, and all of them as `errors`.
    """
    products = await replicas.families_of_products(tx)
    known = {
        "product": products.keys(),
        "family": set(products.values()),
        "region": (await replicas.parents_of_regions(tx)).keys(),
    }
    errors = [
        {
            "field": f"items.{place}.{noun}",
            "value": code,
            "problem": f"there is no {noun} {code}",
            "remedy": f"create the {noun} first, or correct its code",
        }
        for place, one in enumerate(told)
        for noun, codes in known.items()
        if (code := getattr(one, noun)) is not None and code not in codes
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
