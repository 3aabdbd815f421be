import re
from dataclasses import replace

from takt.forecast.domain.response_words import WORDS, reason

from .test_responses import HERE, OWN, options


def test_a_planner_reads_why():
    told = options(HERE)
    assert reason(HERE, told["price"], "en") == (
        "at 43.3 instead of 50, 25 of the 25 lost units come back by the elasticity of -2.00 of "
        "P1: +80.13 of margin (-50.16 to +218.13)"
    )
    assert reason(HERE, told["stock"], "zh-CN") == (
        "这些天少采购 8.76 件：即使竞争对手影响最小也会失去这么多；可少采购 175.22"
    )
    pooled = replace(HERE, elasticity=replace(OWN, group="pumps", pooled=True))
    assert "-2.00 of the family pumps, pooled, as the product's own is not known" in reason(
        pooled, options(pooled)["price"], "en"
    )
    places = {key: sorted(re.findall(r"{\w+}", text)) for key, text in WORDS["en"].items()}
    assert places == {k: sorted(re.findall(r"{\w+}", t)) for k, t in WORDS["zh-CN"].items()}
