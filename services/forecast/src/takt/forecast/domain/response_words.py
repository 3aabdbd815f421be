"""Why a response to a competitor is proposed, or is not, in English and Chinese."""

from takt.forecast.domain.explanation_words import Language
from takt.forecast.domain.responses import Elasticity, Option, Situation

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "as_expected": "{units} units are expected at {price} each, {lost} fewer than without the "
        "competitor",
        "brought": "{units} units are expected at {price} each, {lost} more than without the "
        "competitor",
        "price_pays": "at {at} instead of {price}, {back} of the {lost} lost units come back by "
        "the elasticity of {elasticity}: {gain} of margin ({gain_low} to {gain_high})",
        "price_costs": "no price from {lowest} on earns more; {at} would bring back {back} of the "
        "{lost} lost units by the elasticity of {elasticity}: {gain} of margin ({gain_low} to "
        "{gain_high})",
        "nothing_lost": "the competitor takes nothing",
        "no_elasticity": "how demand answers to the price is not known: neither this product's "
        "history nor its family's shows an elasticity that is surely below zero",
        "no_cost": "the cost or the list price is not known here: change the product where it is "
        "kept, and it is told",
        "no_room": "there is no room: the expected price {price} is at the end of the range "
        "already, {lowest}",
        "fewer": "buy {fewer} units fewer for these days: so many are lost even where the "
        "competitor takes least{cash}",
        "cash": "; {cash} of purchases are not needed",
        "no_fewer": "keep the stock: at the mild end of its interval the competitor takes nothing",
        "own": "{value} of {group}",
        "pooled": "{value} of the family {group}, pooled, as the product's own is not known",
        "range": "The catalog carries no price floor: the range is from cost to list price. Units "
        "are those expected of orders outside deals; a deal has its own price.",
        "withdrawn": "The signal was withdrawn.",
        "over": "The signal covers no coming day.",
        "later": "The signal begins after the weeks that are forecast.",
        "unknown": "It moves no forecast: what the competitor does to demand is not known, as "
        "there is no history of such signals and no strength stated, or it covers no series. No "
        "response is worked out.",
    },
    "zh-CN": {
        "as_expected": "预计以单价 {price} 售出 {units} 件，比没有竞争对手时少 {lost} 件",
        "brought": "预计以单价 {price} 售出 {units} 件，比没有竞争对手时多 {lost} 件",
        "price_pays": "单价由 {price} 降至 {at}，按弹性 {elasticity}，失去的 {lost} 件中可收回 "
        "{back} 件：毛利 {gain}（{gain_low} 至 {gain_high}）",
        "price_costs": "自 {lowest} 起没有更赚钱的价格；单价 {at} 按弹性 {elasticity} 可收回失去的 "
        "{lost} 件中的 {back} 件：毛利 {gain}（{gain_low} 至 {gain_high}）",
        "nothing_lost": "竞争对手没有夺走需求",
        "no_elasticity": "需求对价格的反应未知：该产品及其系列的历史都没有显示确定低于零的弹性",
        "no_cost": "此处不知道成本或目录价：请在产品处修改后再试",
        "no_room": "没有余地：预计价格 {price} 已到区间下限 {lowest}",
        "fewer": "这些天少采购 {fewer} 件：即使竞争对手影响最小也会失去这么多{cash}",
        "cash": "；可少采购 {cash}",
        "no_fewer": "保持库存：在区间的温和一端，竞争对手没有夺走需求",
        "own": "{group} 的 {value}",
        "pooled": "系列 {group} 合并的 {value}（产品自身的弹性未知）",
        "range": "目录没有价格下限：价格区间为成本至目录价。"
        "数量为商机以外订单的预计量；商机有自己的价格。",
        "later": "该信号在预测的各周之后才开始。",
        "withdrawn": "该信号已撤回。",
        "over": "该信号不涉及未来的日子。",
        "unknown": "该信号不影响任何预测：竞争对手对需求的影响未知"
        "（没有此类信号的历史，也没有说明强度），或没有涉及任何序列。因此不给出建议。",
    },
}


def reason(here: Situation, option: Option, language: Language) -> str:
    """Why an option is told as it is."""
    words = WORDS[language]
    shown = {
        "units": _number(here.units),
        "price": _number(here.price),
        "lost": _number(abs(here.lost)),
        "lowest": _number(here.lowest or 0.0),
        "fewer": _number(-(option.stock_units or 0.0)),
        "cash": "",
    }
    if option.cash_freed is not None:
        shown["cash"] = words["cash"].format(cash=_number(option.cash_freed))
    if option.kind == "price" and option.units and option.gain and here.elasticity:
        shown |= {
            "at": _number(option.price or 0.0),
            "back": _number(option.units.expected - here.units),
            "elasticity": _elasticity(here.elasticity, words),
            "gain": f"{option.gain.expected:+,.2f}",
            "gain_low": f"{option.gain.low:+,.2f}",
            "gain_high": f"{option.gain.high:+,.2f}",
        }
    why = "brought" if option.why == "as_expected" and here.lost < 0 else option.why
    return words[why].format(**shown)


def _elasticity(found: Elasticity, words: dict[str, str]) -> str:
    form = words["pooled" if found.pooled else "own"]
    return form.format(value=f"{found.value:.2f}", group=found.group)


def _number(value: float) -> str:
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")
