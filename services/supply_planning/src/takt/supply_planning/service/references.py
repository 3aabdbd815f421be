"""What a request refers to must be there: each reference that is not is named."""

from collections.abc import Container, Sequence

from takt.common.db import Tx
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.service.problems import refuse_unknown
from takt.supply_planning.store.definitions import unknown_codes


async def refuse_unknown_codes(tx: Tx, noun: str, references: Sequence[tuple[str, str]]) -> None:
    """Refuse codes that are not defined.

    Args:
        tx: the request's transaction.
        noun: the plural of what they should be, as its table and its address have it.
        references: field and code of each.

    Raises: UnknownReference.
    """
    if references:
        unknown = await unknown_codes(tx, noun, (code for _, code in references))
        refuse_unknown(references, unknown, noun)


def refuse_unplanned(keys: Sequence[ItemSite], planned: Container[ItemSite]) -> None:
    """Refuse items at sites where they are not planned. Raises: UnknownReference.

    Args: keys: in the order of the request's `items`.
    """
    missing = {f"{key.item} at {key.site}" for key in keys if key not in planned}
    references = [
        (f"items.{place}.item", f"{key.item} at {key.site}") for place, key in enumerate(keys)
    ]
    refuse_unknown(references, missing, "items")
