"""`takt import signals`, with a door that answers as it would."""

import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
import typer
from pyarrow import parquet

from takt.standalone.commands.import_signals import signals
from takt.standalone.commands.output import CommandError, Format

ROOT = Path(__file__).parents[4]
PLAIN = (
    "external_id,kind,begins,ends,strength\n1,policy,2026-11-30,2026-12-06,0.1\n\n2,policy,,x,\n"
)
ERROR = {"line": 2, "field": "ends", "value": "x", "problem": "no date", "remedy": "correct it"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The bodies that the door was sent; it finds fault with the second row where there is one."""
    bodies: list[dict[str, Any]] = []

    def reply(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/signals/imports"
        assert request.headers["idempotency-key"]
        body = json.loads(request.content)
        bodies.append(body)
        errors = [ERROR] if len(body["rows"]) > 1 else []
        counts = {"read": len(body["rows"]), "imported": 1, "unchanged": 0}
        return httpx.Response(200, json=counts | {"errors": errors})

    class Client(httpx.Client):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings, transport=httpx.MockTransport(reply))

    monkeypatch.setattr(httpx, "Client", Client)
    monkeypatch.setenv("TAKT_KEY", "k")
    return bodies


def run(path: Path, content: str, **of: Any) -> None:
    path.write_text(content)
    signals(path, url="http://takt", **of)


def test_a_bad_row_is_told_with_its_place_and_ends_with_1(
    sent: list[dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        run(tmp_path / "s.csv", PLAIN, dry_run=True)
    assert ended.value.exit_code == 1
    (body,) = sent
    assert (body["source"], body["dry_run"]) == ("import", True)
    assert body["rows"] == [
        {
            "external_id": "1",
            "kind": "policy",
            "begins": "2026-11-30",
            "ends": "2026-12-06",
            "strength": "0.1",
        },
        {"external_id": "2", "kind": "policy", "ends": "x"},
    ]
    told = capsys.readouterr()
    assert told.out == "1 signals would be imported, 0 unchanged, of 2 rows read\n"
    assert told.err == "s.csv:4 ends = 'x': no date: correct it\n"
    with pytest.raises(typer.Exit):
        run(tmp_path / "s.csv", PLAIN, output=Format.json)
    document = json.loads(capsys.readouterr().out)
    assert document["errors"] == [{**ERROR, "file": "s.csv", "line": 4}]


def test_the_mapping_of_the_guide_says_what_columns_and_values_mean(
    sent: list[dict[str, Any]], tmp_path: Path
) -> None:
    guide = (ROOT / "docs" / "guides" / "signal-import.md").read_text()
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(guide.partition("```toml mapping.toml\n")[2].partition("```")[0])
    path = tmp_path / "promotions.csv.gz"
    rows = "Nr,Von,Bis,Artikel,Wirkung,Anlass\n7,30.11.2026,06.12.2026,Pumpe100,0.2,Advent\n"
    path.write_bytes(gzip.compress(rows.encode()))
    signals(path, mapping=mapping, url="http://takt")
    assert sent[0]["source"] == "shop"
    assert sent[0]["rows"] == [
        {
            "external_id": "7",
            "kind": "promotion",
            "begins": "2026-11-30",
            "ends": "2026-12-06",
            "product": "Pumpe 100",
            "strength": "0.2",
        }
    ]


def test_parquet_has_dates_and_numbers_of_its_own(
    sent: list[dict[str, Any]], tmp_path: Path
) -> None:
    columns = {
        "external_id": [7],
        "kind": ["price"],
        "begins": [date(2026, 11, 30)],
        "ends": [date(2026, 12, 6)],
        "strength": [1e-05],
        "value": [Decimal("40.50")],
        "product": pa.array([None], pa.string()),
    }
    parquet.write_table(pa.table(columns), tmp_path / "s.parquet")
    signals(tmp_path / "s.parquet", source="erp", url="http://takt")
    assert sent[0]["source"] == "erp"
    assert sent[0]["rows"] == [
        {
            "external_id": "7",
            "kind": "price",
            "begins": "2026-11-30",
            "ends": "2026-12-06",
            "strength": "0.00001",
            "value": "40.50",
        }
    ]


WRONG = [
    (PLAIN.replace("strength", "effect"), None, "effect is no field", "--mapping"),
    (PLAIN.replace("external_id", "note"), None, "no column external_id", "--mapping"),
    (PLAIN, "[signal]", "signal is no setting of the mapping", "source, signals"),
    (PLAIN, "[signals.columns]\nid = 'x'", "id is no setting of [signals.columns]", "external_id"),
    (PLAIN, "[signals.columns]\nnote = 'x'", "no column x", "--mapping"),
    (PLAIN, "[signals]\ndefaults = 1", "signals.defaults", "external_id"),
    (PLAIN, "[signals.aliases]\nkind = 'x'", "signals.aliases.kind", "as a table"),
    (PLAIN, "columns = ", "mapping.toml", "TOML"),
]


@pytest.mark.parametrize(("content", "mapping", "problem", "remedy"), WRONG)
def test_what_is_wrong_with_file_or_mapping_is_said_before_anything_is_sent(
    sent: list[dict[str, Any]],
    tmp_path: Path,
    content: str,
    mapping: str | None,
    problem: str,
    remedy: str,
) -> None:
    place = None if mapping is None else tmp_path / "mapping.toml"
    if place is not None:
        place.write_text(mapping or "")
    with pytest.raises(CommandError) as refused:
        run(tmp_path / "s.csv", content, mapping=place)
    assert problem in refused.value.problem
    assert remedy in refused.value.remedy
    assert refused.value.code == 2
    assert sent == []
