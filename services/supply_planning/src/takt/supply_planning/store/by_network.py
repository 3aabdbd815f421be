"""Reading by the network: whom to ask for, and of which network the answer is true."""

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol, TypeVar

from takt.common.db import Tx
from takt.supply_planning.domain.network import Network
from takt.supply_planning.domain.plan import ItemSite
from takt.supply_planning.store.network import known_network, load_network


class AsOf(Protocol):
    """Something that was read as of a revision of the network."""

    @property
    def revision(self) -> int:
        """Of the network."""


R = TypeVar("R", bound=AsOf)


async def read_by_network(tx: Tx, read: Callable[[Network], Awaitable[R]]) -> tuple[Network, R]:
    """What is read by the network that it is true of: by a newer one again, if there is one."""
    network = await known_network(tx)
    while (found := await read(network)).revision != network.revision:
        network = await load_network(tx)
    return network, found


def asked_columns(
    keys: Collection[ItemSite], network: Network
) -> tuple[list[str], list[str], list[str], list[str]]:
    """Items and sites in order, and products and regions of all that these serve, for `unnest`."""
    places = sorted(keys)
    series = sorted({one for key in keys for one in network.served_by.get(key, ())})
    return (
        [key.item for key in places],
        [key.site for key in places],
        [product for product, _ in series],
        [region for _, region in series],
    )
