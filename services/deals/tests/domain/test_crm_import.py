import os
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from takt.deals.domain.crm_import import CrmImport, Known, read_crm, summary
from takt.deals.domain.mapping import CrmMapping, read_mapping

TODAY = date(2017, 12, 31)
FILES = {
    "products.csv": "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55\n",
    "accounts.csv": "account,sector\nCancity,retail\n",
    "sales_teams.csv": "sales_agent,manager,regional_office\nMoses Frase,Dustin B,Central\n",
}
HEADER = (
    "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
)


def default_mapping() -> CrmMapping:
    mapping = read_mapping(files("takt.deals").joinpath("mappings/crm.toml").read_text())
    assert isinstance(mapping, CrmMapping)
    return mapping


def read(*rows: str, known: Known = Known(), **others: str) -> CrmImport:  # noqa: B008
    texts = {**FILES, **others, "sales_pipeline.csv": HEADER + "".join(f"{row}\n" for row in rows)}
    content = {name: text.encode() for name, text in texts.items()}
    return read_crm(content, default_mapping(), TODAY, known)


def test_a_won_deal_carries_its_value_and_an_alias_names_its_product() -> None:
    read_in = read("A1,Moses Frase,GTXPro,Cancity,Won,10/20/2016,3/1/2017,4514")
    (deal,) = read_in.deals
    assert read_in.problems == ()
    assert (deal.product, deal.quantity, deal.price) == ("GTX Pro", 1, 4514)
    assert (deal.stage, deal.state) == ("won", "won")
    assert (deal.opened, deal.closed) == (date(2016, 10, 20), date(2017, 3, 1))
    assert deal.region == "Central"


def test_a_lost_deal_is_worth_its_list_price_and_not_zero() -> None:
    (deal,) = read("A1,Moses Frase,MG Special,Cancity,Lost,10/20/2016,3/1/2017,0").deals
    assert deal.price == 55


def test_a_deal_without_an_account_or_dates_is_read() -> None:
    (deal,) = read("A1,Moses Frase,MG Special,,Prospecting,,,").deals
    assert (deal.account, deal.opened, deal.state) == (None, None, "open")


@pytest.mark.parametrize(
    ("row", "field", "value"),
    [
        ("A1,Moses Frase,Warp,Cancity,Won,10/20/2016,3/1/2017,9", "product", "Warp"),
        ("A1,Nobody,MG Special,Cancity,Won,10/20/2016,3/1/2017,9", "sales_agent", "Nobody"),
        ("A1,Moses Frase,MG Special,Moon,Won,10/20/2016,3/1/2017,9", "account", "Moon"),
        ("A1,Moses Frase,MG Special,Cancity,Maybe,10/20/2016,,", "deal_stage", "Maybe"),
        (
            "A1,Moses Frase,MG Special,Cancity,Won,2016-10-20,3/1/2017,9",
            "engage_date",
            "2016-10-20",
        ),
        ("A1,Moses Frase,MG Special,Cancity,Won,10/20/2016,3/1/2016,9", "close_date", "3/1/2016"),
        ("A1,Moses Frase,MG Special,Cancity,Won,10/20/2016,3/1/2018,9", "close_date", "3/1/2018"),
        ("A1,Moses Frase,MG Special,Cancity,Won,10/20/2016,,9", "close_date", ""),
        (
            "A1,Moses Frase,MG Special,Cancity,Engaging,10/20/2016,3/1/2017,",
            "close_date",
            "3/1/2017",
        ),
        ("A1,Moses Frase,MG Special,Cancity,Won,10/20/2016,3/1/2017,-9", "close_value", "-9"),
        ("A1,Moses Frase,MG Special,Cancity,Won,10/20/2016,3/1/2017,NaN", "close_value", "NaN"),
        ("A1,Moses Frase,MG Special,Cancity,Won,10/20/2016,3/1/2017,", "close_value", ""),
        (",Moses Frase,MG Special,Cancity,Prospecting,,,", "opportunity_id", ""),
    ],
)
def test_a_bad_row_is_reported_and_the_others_go_in(row: str, field: str, value: str) -> None:
    read_in = read(row, "B2,Moses Frase,MG Special,Cancity,Prospecting,,,")
    assert [deal.external_id for deal in read_in.deals] == ["B2"]
    (problem,) = read_in.problems
    assert (problem.file, problem.line) == ("sales_pipeline.csv", 2)
    assert (problem.field, problem.value) == (field, value)
    assert problem.remedy


def test_a_duplicate_id_names_the_line_of_the_first() -> None:
    row = "A1,Moses Frase,MG Special,Cancity,Prospecting,,,"
    read_in = read(row, row)
    assert len(read_in.deals) == 1
    assert "line 2" in read_in.problems[0].remedy


def test_deals_alone_may_name_what_the_company_has_already() -> None:
    content = {"sales_pipeline.csv": (HEADER + "A1,Ann,Pump,,Prospecting,,,\n").encode()}
    known = Known({"Pump": Decimal(9)}, frozenset(), {"Ann": "North"}, frozenset({"North"}))
    read_in = read_crm(content, default_mapping(), TODAY, known)
    assert read_in.problems == ()
    assert (read_in.deals[0].price, read_in.deals[0].region) == (9, "North")


def test_without_the_file_of_deals_there_is_one_problem() -> None:
    read_in = read_crm({"other.csv": b""}, default_mapping(), TODAY, Known())
    assert [(problem.file, problem.line) for problem in read_in.problems] == [
        ("sales_pipeline.csv", 0)
    ]


@pytest.mark.skipif("TAKT_DATA" not in os.environ, reason="TAKT_DATA names the real data's folder")
def test_the_real_export_has_the_figures_that_are_known_of_it() -> None:
    folder = Path(os.environ["TAKT_DATA"]) / "crm"
    content = {path.name: path.read_bytes() for path in folder.iterdir()}
    read_in = read_crm(content, default_mapping(), TODAY, Known())
    assert read_in.problems == ()
    assert summary(read_in) == {
        "deals": 8800,
        "states": {"won": 4238, "lost": 2473, "open": 2089},
        "stages": {"won": 4238, "lost": 2473, "engaging": 1589, "prospecting": 500},
        "won_value": "10005534",
        "without_account": 1425,
        "without_date": 500,
        "renamed": {"product GTXPro = GTX Pro": 1480, "sector technolgy = technology": 12},
    }
