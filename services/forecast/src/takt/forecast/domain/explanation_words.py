"""The sentence that a planner reads of a difference, in English and Chinese.

    1,382 each, 12 % more than version 3 (2026-W48): deal "Pumps for Acme" moved to offer +8 %,
    season +4 %

The percentages are of the older forecast and are rounded by largest remainder, so that those of the
reasons sum to the whole's. Where the older one expected nothing, or each reason is less than a few
thousandths of it, they are units.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from takt.common.contracts.forecast import SignalKind
from takt.forecast.domain.deal_changes import DealChange, OrderChange
from takt.forecast.domain.explanation import PartKind
from takt.forecast.domain.hierarchy import round_to_sum
from takt.forecast.domain.signal_parts import SignalChange

Language = Literal["en", "zh-CN"]
LANGUAGES: tuple[Language, ...] = ("en", "zh-CN")

NAMED_DEALS = 3
"""So many deals are named, and signals, the largest; two others and more are one reason."""
REASONS = 5
"""So many reasons are given, the largest; the others are `everything else`."""

LEAST_PERCENT = Decimal("0.2")


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a difference as it is talked of; `units` in whole millionths."""

    kind: PartKind
    units: int
    name: str = ""
    """Of the deal, order or signal; empty for those that were not told apart."""
    change: DealChange | OrderChange | SignalChange | None = None
    stage: str = ""
    signal: SignalKind | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What is compared with which version: its expectation before, in whole millionths."""

    against: int
    against_name: str
    unit: str | None
    """None where series of several units are summed."""
    before: int
    after: int


WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "more": "{after} {unit}, {share} more than version {against} ({name}): {reasons}",
        "less": "{after} {unit}, {share} less than version {against} ({name}): {reasons}",
        "same": "{after} {unit}, as in version {against} ({name})",
        "even": "{after} {unit}, as much as in version {against} ({name}): {reasons}",
        "comma": ", ",
        "each": "each",
        "units": "units",
        "rest": "everything else",
        "calendar": "season",
        "series": "first forecast of a product or region",
        "actuals": "sales of the past weeks",
        "model": "model fitted anew",
        "analogue": "what products like it sell",
        "reconciliation": "levels brought to agree",
        "signal": "signals",
        "known_share": "share known from deals",
        "aged": "deals grown older or judged anew",
        "deal": "deals",
        "others": "{count} other deals",
        "opened": "deal “{name}” opened",
        "reopened": "deal “{name}” opened again",
        "moved": "deal “{name}” moved to {stage}",
        "changed": "deal “{name}” changed",
        "won": "deal “{name}” won",
        "shipped": "deal “{name}” shipped",
        "lost": "deal “{name}” lost",
        "removed": "deal “{name}” no longer asks for it",
        "orders": "{count} orders outside deals",
        "order": "orders outside deals",
        "order_arrived": "order {name} arrived",
        "order_changed": "order {name} changed",
        "order_withdrawn": "order {name} withdrawn",
        "signals": "{count} other signals",
        "signal_came": "{signal} “{name}” recorded",
        "signal_changed": "{signal} “{name}” changed",
        "signal_learned": "effect of {signal} “{name}” estimated anew",
        "signal_gone": "{signal} “{name}” no longer counts",
        "of_price": "price",
        "of_promotion": "promotion",
        "of_competitor": "competitor",
        "of_policy": "policy",
        "of_supply": "supply",
        "of_market_index": "market index",
        "of_sentiment": "sentiment",
        "of_intention": "intention to buy",
    },
    "zh-CN": {
        "more": "{after} {unit}，比版本 {against}（{name}）多 {share}：{reasons}",
        "less": "{after} {unit}，比版本 {against}（{name}）少 {share}：{reasons}",
        "same": "{after} {unit}，与版本 {against}（{name}）相同",
        "even": "{after} {unit}，总量与版本 {against}（{name}）相同：{reasons}",
        "comma": "，",
        "each": "件",
        "units": "单位",
        "rest": "其他",
        "calendar": "季节",
        "series": "产品或地区的首次预测",
        "actuals": "过去几周的销售",
        "model": "模型重新拟合",
        "analogue": "类似产品的销售",
        "reconciliation": "各层级协调一致",
        "signal": "信号",
        "known_share": "商机已知占比",
        "aged": "商机变老或重新评估",
        "deal": "商机",
        "others": "其他 {count} 个商机",
        "opened": "商机“{name}”新建",
        "reopened": "商机“{name}”重新打开",
        "moved": "商机“{name}”进入 {stage}",
        "changed": "商机“{name}”变更",
        "won": "商机“{name}”赢单",
        "shipped": "商机“{name}”已发货",
        "lost": "商机“{name}”丢单",
        "removed": "商机“{name}”不再需要",
        "orders": "{count} 张非商机订单",
        "order": "非商机订单",
        "order_arrived": "订单 {name} 到达",
        "order_changed": "订单 {name} 变更",
        "order_withdrawn": "订单 {name} 撤回",
        "signals": "其他 {count} 个信号",
        "signal_came": "{signal}信号“{name}”录入",
        "signal_changed": "{signal}信号“{name}”变更",
        "signal_learned": "{signal}信号“{name}”的影响重新估计",
        "signal_gone": "{signal}信号“{name}”不再计入",
        "of_price": "价格",
        "of_promotion": "促销",
        "of_competitor": "竞争对手",
        "of_policy": "政策",
        "of_supply": "供应",
        "of_market_index": "市场指数",
        "of_sentiment": "情绪",
        "of_intention": "购买意向",
    },
}


def sentence(said: Said, reasons: Sequence[Reason], language: Language) -> str:
    """The difference and its largest reasons, each with what it adds."""
    words = WORDS[language]
    unit = said.unit or "units"
    shown = {
        "after": _number(Decimal(said.after).scaleb(-6)),
        "unit": words.get(unit, unit) if unit in ("each", "units") else unit,
        "against": said.against,
        "name": said.against_name,
    }
    spoken = _shortened(list(_phrases(reasons, words)), words)
    if not spoken:
        return words["same"].format(**shown)
    amounts, step, sign = _amounts(said, [units for units, _ in spoken])
    whole = sum(amounts, Decimal(0))
    told = [
        f"{text} {amount:+,f}{sign}"
        for (_, text), amount in zip(spoken, amounts, strict=True)
        if amount
    ]
    if not told:
        return words["same"].format(**shown)
    form = "even" if abs(whole) < step else "more" if whole > 0 else "less"
    return words[form].format(
        **shown, share=f"{abs(whole):,f}{sign}", reasons=words["comma"].join(told)
    )


def _phrases(reasons: Sequence[Reason], words: dict[str, str]) -> Iterator[tuple[int, str]]:
    by_size = sorted(reasons, key=lambda reason: -abs(reason.units))
    named = [r for r in by_size if r.kind == "deal" and r.name and r.change != "aged"]
    told = _named(named)
    for reason in named[:told]:
        yield reason.units, words[f"{reason.change}"].format(name=reason.name, stage=reason.stage)
    others = named[told:]
    yield sum(r.units for r in others), words["others"].format(count=len(others))
    signals = [r for r in by_size if r.kind == "signal" and r.name]
    told = _named(signals)
    for reason in signals[:told]:
        kind = words[f"of_{reason.signal}"]
        yield reason.units, words[f"signal_{reason.change}"].format(signal=kind, name=reason.name)
    others = signals[told:]
    yield sum(r.units for r in others), words["signals"].format(count=len(others))
    orders = [r for r in by_size if r.kind == "order" and r.name]
    text = words["orders"].format(count=len(orders))
    if len(orders) == 1:
        text = words[f"order_{orders[0].change}"].format(name=orders[0].name)
    yield sum(r.units for r in orders), text
    aged = [r for r in by_size if r.kind == "deal" and r.name and r.change == "aged"]
    yield sum(r.units for r in aged), words["aged"]
    for reason in by_size:
        if reason.kind != "price" and not reason.name:
            yield reason.units, words[reason.kind]


def _named(reasons: Sequence[Reason]) -> int:
    return NAMED_DEALS if len(reasons) > NAMED_DEALS + 1 else len(reasons)


def _shortened(phrases: list[tuple[int, str]], words: dict[str, str]) -> list[tuple[int, str]]:
    spoken = sorted((p for p in phrases if p[0]), key=lambda p: -abs(p[0]))
    rest = sum(units for units, _ in spoken[REASONS:])
    return [*spoken[:REASONS], *([(rest, words["rest"])] if rest else [])]


def _amounts(said: Said, units: Sequence[int]) -> tuple[list[Decimal], Decimal, str]:
    """What is shown of each: per cent of what was expected, or units; the step; the sign."""
    shares = [Decimal(100 * one) / said.before for one in units] if said.before > 0 else []
    if any(abs(share) >= LEAST_PERCENT for share in shares):
        step = Decimal(1) if any(abs(share) >= 1 for share in shares) else Decimal("0.1")
        return round_to_sum(shares, step), step, " %"
    step = Decimal(1) if any(abs(one) >= 1_000_000 for one in units) else Decimal("0.01")
    return round_to_sum([Decimal(one).scaleb(-6) for one in units], step), step, ""


def _number(units: Decimal) -> str:
    step = Decimal(1) if abs(units) >= 10 else Decimal("0.01")
    rounded = units.quantize(step, ROUND_HALF_EVEN)
    text = f"{rounded:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
