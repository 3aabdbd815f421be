import re
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from takt.forecast.domain.explanation_words import LANGUAGES, WORDS, Reason, Said, sentence

SAID = Said(3, "2026-W48", "each", 1_234_000_000, 1_382_000_000)
REASONS = [
    Reason("deal", 99_000_000, "Pumps", "moved", "negotiation"),
    Reason("calendar", 49_000_000),
    Reason("price", 0),
]


def test_a_planner_reads_units_per_cent_and_the_reasons():
    assert sentence(SAID, REASONS, "en") == (
        "1,382 each, 12 % more than version 3 (2026-W48): "
        "deal “Pumps” moved to negotiation +8 %, season +4 %"
    )
    assert sentence(SAID, REASONS, "zh-CN") == (
        "1,382 件，比版本 3（2026-W48）多 12 %：商机“Pumps”进入 negotiation +8 %，季节 +4 %"
    )


def test_the_same_is_said_to_be_the_same():
    same = Said(3, "2026-W48", None, 5_000_000, 5_000_000)
    assert sentence(same, [], "en") == "5 units, as in version 3 (2026-W48)"
    assert sentence(same, [], "zh-CN") == "5 单位，与版本 3（2026-W48）相同"


def test_reasons_that_cancel_are_told():
    even = Said(3, "W", "kg", 100_000_000, 100_000_000)
    reasons = [Reason("model", 9_000_000), Reason("order", -9_000_000, "erp 7", "arrived")]
    assert sentence(even, reasons, "en") == (
        "100 kg, as much as in version 3 (W): order erp 7 arrived -9 %, model fitted anew +9 %"
    )


def test_what_began_with_nothing_is_told_in_units():
    begun = Said(1, "W", "each", 0, 12_500_000)
    reasons = [Reason("series", 10_000_000), Reason("deal", 2_500_000, "Pumps", "opened")]
    assert sentence(begun, reasons, "en") == (
        "12 each, 12 more than version 1 (W): "
        "first forecast of a product or region +10, deal “Pumps” opened +2"
    )


def test_what_is_little_beside_the_whole_is_told_in_units():
    little = Said(1, "W", "each", 48_816_000_000, 48_802_110_000)
    reasons = [
        Reason("deal", -7_290_000, "Valves", "moved", "offer"),
        Reason("deal", -6_600_000, "Pumps", "lost", "lost"),
    ]
    assert sentence(little, reasons, "en") == (
        "48,802 each, 14 less than version 1 (W): deal “Valves” moved to offer -7, "
        "deal “Pumps” lost -7"
    )


def test_many_deals_and_orders_are_a_few_reasons():
    reasons = [
        *(Reason("deal", (9 - n) * 10**6, f"D{n}", "opened", "offer") for n in range(7)),
        *(Reason("order", -(10**6), f"erp {n}", "arrived") for n in range(12)),
        *(Reason("deal", 10**5, f"old {n}", "aged") for n in range(20)),
        Reason("model", 100),
    ]
    moved = sum(reason.units for reason in reasons)
    said = sentence(Said(3, "W", "each", 10**8, 10**8 + moved), reasons, "en")
    assert said == (
        "132 each, 32 % more than version 3 (W): 4 other deals +18 %, "
        "12 orders outside deals -12 %, deal “D0” opened +9 %, deal “D1” opened +8 %, "
        "deal “D2” opened +7 %, everything else +2 %"
    )


def test_each_signal_is_told_by_its_kind_and_name():
    reasons = [
        Reason("signal", 123_400_000, "shop 17", "came", signal="promotion"),
        Reason("signal", -49_360_000, "radar 3", "gone", signal="competitor"),
        Reason("signal", 12_340_000),
    ]
    said = Said(3, "W", "each", 1_234_000_000, 1_320_380_000)
    assert sentence(said, reasons, "en") == (
        "1,320 each, 7 % more than version 3 (W): promotion “shop 17” recorded +10 %, "
        "competitor “radar 3” no longer counts -4 %, signals +1 %"
    )
    assert sentence(said, reasons, "zh-CN") == (
        "1,320 件，比版本 3（W）多 7 %：促销信号“shop 17”录入 +10 %，"
        "竞争对手信号“radar 3”不再计入 -4 %，信号 +1 %"
    )


def test_every_word_is_there_in_every_language_with_the_same_places():
    def places(text):
        return sorted(re.findall(r"{\w+}", text))

    for language in LANGUAGES:
        assert WORDS[language].keys() == WORDS["en"].keys()
        for key, text in WORDS[language].items():
            assert places(text) == places(WORDS["en"][key])


KINDS = ["calendar", "series", "actuals", "model", "known_share"]


@given(
    st.integers(1, 10**12),
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(-(10**11), 10**11)), max_size=5),
    st.sampled_from(LANGUAGES),
)
def test_the_percentages_that_are_read_sum_to_the_whole(before, parts, language):
    reasons = [Reason(kind, units) for kind, units in parts]
    moved = sum(units for _, units in parts)
    said = sentence(Said(3, "W", "each", before, before + moved), reasons, language)
    told = [Decimal(text.replace(",", "")) for text in re.findall(r" ([+-][\d,.]*\d)", said)]
    whole = re.search(r"(?:each, |多 |少 )([\d,.]*\d)(?: %)?(?: more| less|：)", said)
    size = Decimal(whole[1].replace(",", "")) if whole else Decimal(0)
    assert abs(sum(told)) == size
    assert len(told) <= 6
