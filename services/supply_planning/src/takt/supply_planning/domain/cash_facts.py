"""What several facts together change: each source learns its own, and a sale tells its deal too."""

from collections.abc import Iterable, Mapping, Sequence

from takt.supply_planning.domain.cash_sources import (
    NOT_SEEN,
    NOTHING,
    DealFact,
    DealState,
    DemandFact,
    OrderState,
    SaleState,
    SeriesState,
    SourceKey,
    SourceState,
    learn_deal,
    learn_demand,
    link_sale,
)

Fact = DealFact | DemandFact | SaleState | OrderState | SeriesState
KeyedFact = tuple[SourceKey, Fact]


def sources_of(facts: Iterable[KeyedFact]) -> set[SourceKey]:
    """The sources that facts are about, and the deals that their sales took lines over from."""
    keys = set()
    for key, fact in facts:
        keys.add(key)
        if isinstance(fact, SaleState) and fact.deal is not None:
            keys.add(SourceKey("deal", fact.deal))
    return keys


def deals_left(known: Mapping[SourceKey, SourceState]) -> set[SourceKey]:
    """Deals that known sales are linked to but that are not known: they may lose a link."""
    linked = {
        SourceKey("deal", state.deal)
        for state in known.values()
        if isinstance(state, SaleState) and state.deal is not None
    }
    return linked - known.keys()


def learn(
    known: Mapping[SourceKey, SourceState], facts: Sequence[KeyedFact]
) -> dict[SourceKey, SourceState]:
    """The sources that facts change, as they are afterwards.

    An older or equal sequence changes nothing, so repeated and shuffled facts end in the same
    state. A deal that a sale names before it was seen is a placeholder, completed when it comes.
    """
    states = dict(known)
    for key, fact in facts:
        match fact:
            case DealFact():
                states[key] = learn_deal(_deal(states, key), fact)
            case DemandFact():
                states[key] = learn_demand(_deal(states, key), fact)
            case SaleState():
                _learn_sale(states, key, fact)
            case OrderState() | SeriesState():
                state = states.get(key)
                if not isinstance(state, type(fact)) or fact.sequence > state.sequence:
                    states[key] = fact
    return {key: state for key, state in states.items() if state is not known.get(key)}


def _learn_sale(states: dict[SourceKey, SourceState], key: SourceKey, sale: SaleState) -> None:
    before = states.get(key)
    if sale.sequence <= (before.sequence if isinstance(before, SaleState) else NOT_SEEN):
        return
    states[key] = sale
    if isinstance(before, SaleState) and before.deal and before.deal_line:
        deal = SourceKey("deal", before.deal)
        states[deal] = link_sale(_deal(states, deal), before.deal_line, key.id, NOTHING)
    if sale.deal and sale.deal_line:
        deal = SourceKey("deal", sale.deal)
        states[deal] = link_sale(_deal(states, deal), sale.deal_line, key.id, sale.quantity)


def _deal(states: Mapping[SourceKey, SourceState], key: SourceKey) -> DealState:
    state = states.get(key)
    return state if isinstance(state, DealState) else DealState()
