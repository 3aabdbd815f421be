from importlib.resources import files

import pytest

from takt.deals.domain.mapping import CrmMapping, read_mapping
from takt.deals.domain.refusal import Refused

DEFAULT = files("takt.deals").joinpath("mappings/crm.toml").read_text()


def refusals(text: str) -> dict[str, str]:
    outcome = read_mapping(text)
    assert isinstance(outcome, Refused)
    return {refusal.field: refusal.value for refusal in outcome.refusals}


def test_the_default_mapping_reads() -> None:
    mapping = read_mapping(DEFAULT)
    assert isinstance(mapping, CrmMapping)
    assert mapping.source == "crm"
    assert mapping.nouns["deals"].value("product", {"product": "GTXPro"}) == "GTX Pro"
    assert mapping.nouns["deals"].value("quantity", {}) == "1"
    assert mapping.pipeline.moves_from("engaging") == ["prospecting", "won", "lost"]


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ('encoding = "utf-8" ', 'encoding = "klingon" ', "source.encoding", "klingon"),
        ('delimiter = ","', 'delimiter = ";;"', "source.delimiter", ";;"),
        ('Won = "won"', 'Won = "victory"', "deals.aliases.stage.Won", "victory"),
        ('closed_from = "engaging"', 'closed_from = "won"', "source.closed_from", "won"),
        ('owner = "sales_agent"', 'woner = "sales_agent"', "deals.columns.woner", "woner"),
        ('owner = "sales_agent"', "", "deals.columns.owner", ""),
        ('quantity = "1"', "quantity = 1", "deals.defaults.quantity", "1"),
        ('file = "accounts.csv"', 'file = "../accounts.csv"', "accounts.file", "../accounts.csv"),
        ('"account", "lines"', '"acount", "lines"', "pipeline.stages[1].fields", "acount"),
        ("target_days = 14", "target_days = 0", "target_days", "prospecting"),
        ("[accounts]", "[acounts]", "acounts", "acounts"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old: str, new: str, field: str, value: str) -> None:
    assert old in DEFAULT
    assert refusals(DEFAULT.replace(old, new))[field] == value


def test_a_mapping_that_is_not_toml_is_refused_with_the_line() -> None:
    outcome = read_mapping("[source\n")
    assert isinstance(outcome, Refused)
    assert "line 1" in outcome.refusals[0].remedy


def test_every_mistake_is_listed_at_once() -> None:
    text = DEFAULT.replace('encoding = "utf-8"', 'encoding = "x"').replace(
        'Lost = "lost"', 'Lost = "l"'
    )
    assert len(refusals(text)) == 2
