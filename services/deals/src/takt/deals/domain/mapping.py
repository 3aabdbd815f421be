"""The mapping file: how the columns and values of a CRM's export are called here."""

import codecs
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, cast

from takt.deals.domain.gates import GATE_FIELDS, Criterion, DocumentRequired, FieldRequired
from takt.deals.domain.pipeline import (
    Pipeline,
    Stage,
    StageKind,
    check_pipeline,
    declare_transitions,
)
from takt.deals.domain.refusal import Refusal, Refused

FIELDS: Final[dict[str, dict[str, bool]]] = {
    "products": {
        "code": True,
        "list_price": True,
        "name": False,
        "family": False,
        "unit": False,
        "cost": False,
    },
    "accounts": {
        "name": True,
        "external_id": False,
        "sector": False,
        "region": False,
        "payment_days": False,
    },
    "owners": {"name": True, "team": True, "region": True},
    "deals": {
        "external_id": True,
        "owner": True,
        "product": True,
        "quantity": True,
        "stage": True,
        "name": False,
        "account": False,
        "region": False,
        "opened": False,
        "closed": False,
        "expected_close": False,
        "requested": False,
        "value": False,
        "shipped": False,
    },
}
"""What each noun takes from a file, and whether it must."""


@dataclass(frozen=True, slots=True)
class NounMapping:
    """One file: `columns` and `defaults` by our field, `aliases` by our field and their value."""

    file: str
    columns: Mapping[str, str]
    defaults: Mapping[str, str]
    aliases: Mapping[str, Mapping[str, str]]

    def value(self, field: str, cells: Mapping[str, str]) -> str:
        """What a row says of our field: the cell, else the default, after aliases; "" if none."""
        column = self.columns.get(field)
        given = cells.get(column, "") if column is not None else ""
        text = given or self.defaults.get(field, "")
        return self.aliases.get(field, {}).get(text, text)


@dataclass(frozen=True, slots=True)
class CrmMapping:
    """All that is needed to read a CRM's files; `closed_from` is where its closed deals were."""

    source: str
    encoding: str
    delimiter: str
    date_format: str
    currency: str | None
    closed_from: str
    nouns: Mapping[str, NounMapping]
    pipeline: Pipeline


def read_mapping(text: str) -> CrmMapping | Refused:
    """A mapping from TOML, or everything that is wrong with it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        remedy = f"Mend the TOML: {error}."
        return Refused("mapping-unreadable", (Refusal("not-toml", "mapping", "", remedy),))
    reader = _Reader(document)
    mapping = reader.read()
    if reader.refusals or mapping is None:
        return Refused("mapping-unreadable", tuple(reader.refusals))
    return mapping


class _Reader:
    """Walks the document and gathers refusals, so that a user mends a file in one go."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.refusals: list[Refusal] = []

    def refuse(self, field: str, value: object, remedy: str) -> None:
        self.refusals.append(Refusal("mapping-invalid", field, str(value)[:80], remedy))

    def table(self, parent: Mapping[str, Any], key: str, path: str) -> dict[str, Any]:
        found = parent.get(key, {})
        if isinstance(found, dict):
            return cast(dict[str, Any], found)
        self.refuse(path, found, f"Write [{path}] as a table.")
        return {}

    def texts(self, parent: Mapping[str, Any], key: str, path: str) -> dict[str, str]:
        found = self.table(parent, key, path)
        for name, value in found.items():
            if not isinstance(value, str):
                self.refuse(f"{path}.{name}", value, "Write the value as text in quotes.")
        return {name: value for name, value in found.items() if isinstance(value, str)}

    def known(self, found: Mapping[str, Any], allowed: set[str], path: str) -> None:
        for key in found.keys() - allowed:
            where = f"{path}.{key}" if path else key
            self.refuse(where, key, f"Use one of: {', '.join(sorted(allowed))}.")

    def read(self) -> CrmMapping | None:
        self.known(self.document, {"source", "pipeline", *FIELDS}, "")
        source = self.texts(self.document, "source", "source")
        settings = {"name", "encoding", "delimiter", "date_format", "currency", "closed_from"}
        self.known(source, settings, "source")
        encoding = source.get("encoding", "utf-8")
        try:
            codecs.lookup(encoding)
        except LookupError:
            self.refuse("source.encoding", encoding, "Use utf-8, gb18030, utf-16 or latin-1.")
        delimiter = source.get("delimiter", ",")
        if len(delimiter) != 1:
            self.refuse("source.delimiter", delimiter, "Give one character.")
        nouns = {noun: self.noun(noun) for noun in FIELDS if noun in self.document}
        if "deals" not in nouns:
            self.refuse("deals", "", "Add [deals] with its file and columns.")
        pipeline = self.pipeline()
        closed_from = source.get("closed_from", "")
        if pipeline is not None:
            self.stages(nouns.get("deals"), pipeline, closed_from)
        if pipeline is None or self.refusals:
            return None
        return CrmMapping(
            source=source.get("name", "crm"),
            encoding=encoding,
            delimiter=delimiter,
            date_format=source.get("date_format", "%Y-%m-%d"),
            currency=source.get("currency"),
            closed_from=closed_from,
            nouns=nouns,
            pipeline=pipeline,
        )

    def noun(self, noun: str) -> NounMapping:
        found = self.table(self.document, noun, noun)
        self.known(found, {"file", "columns", "defaults", "aliases"}, noun)
        file = found.get("file")
        if not isinstance(file, str) or not file or "/" in file or "\\" in file:
            self.refuse(f"{noun}.file", file or "", "Name a file of the imported folder.")
            file = ""
        columns = self.texts(found, "columns", f"{noun}.columns")
        defaults = self.texts(found, "defaults", f"{noun}.defaults")
        raw = self.table(found, "aliases", f"{noun}.aliases")
        aliases = {field: self.texts(raw, field, f"{noun}.aliases.{field}") for field in raw}
        for part, fields in (("columns", columns), ("defaults", defaults), ("aliases", aliases)):
            self.known(fields, set(FIELDS[noun]), f"{noun}.{part}")
        for field, must in FIELDS[noun].items():
            if must and field not in columns and field not in defaults:
                remedy = f"Name the column under [{noun}.columns] or a value under defaults."
                self.refuse(f"{noun}.columns.{field}", "", remedy)
        return NounMapping(file, columns, defaults, aliases)

    def stages(self, deals: NounMapping | None, pipeline: Pipeline, closed_from: str) -> None:
        codes = ", ".join(stage.code for stage in pipeline.stages)
        origin = pipeline.stage(closed_from)
        if origin is None or origin.kind != "open":
            remedy = f"Name the open stage that closed deals came from, of: {codes}."
            self.refuse("source.closed_from", closed_from, remedy)
        for theirs, ours in (deals.aliases.get("stage", {}) if deals else {}).items():
            if pipeline.stage(ours) is None:
                self.refuse(f"deals.aliases.stage.{theirs}", ours, f"Use one of: {codes}.")

    def pipeline(self) -> Pipeline | None:
        found = self.table(self.document, "pipeline", "pipeline")
        self.known(found, {"code", "name", "stages"}, "pipeline")
        code, rows = found.get("code"), found.get("stages")
        if not isinstance(code, str) or not code or not isinstance(rows, list) or not rows:
            self.refuse("pipeline", code or "", "Give the pipeline a code and [[pipeline.stages]].")
            return None
        stages = [self.stage(row, place) for place, row in enumerate(rows)]
        opened = [stage.code for stage in stages if stage.kind == "open"]
        if not opened:
            self.refuse("pipeline.stages", "", "Declare at least one open stage.")
            return None
        transitions = declare_transitions(stages, winning_from=opened[-1:], reopening_to=opened[-1])
        pipeline = Pipeline(code, str(found.get("name", code)), tuple(stages), transitions)
        self.refusals += check_pipeline(pipeline)
        return pipeline

    def stage(self, row: Any, place: int) -> Stage:
        path = f"pipeline.stages[{place}]"
        if not isinstance(row, dict):
            self.refuse(path, row, "Write it as a table under [[pipeline.stages]].")
            return Stage("", "")
        self.known(row, {"code", "name", "kind", "target_days", "fields", "documents"}, path)
        code, kind = str(row.get("code", "")), row.get("kind", "open")
        if not code:
            self.refuse(f"{path}.code", "", "Give the stage a code.")
        if kind not in ("open", "won", "lost"):
            self.refuse(f"{path}.kind", kind, "Use open, won or lost.")
            kind = "open"
        days = row.get("target_days")
        if days is not None and not isinstance(days, int):
            self.refuse(f"{path}.target_days", days, "Give a whole number of days.")
            days = None
        return Stage(
            code,
            str(row.get("name", code)),
            cast(StageKind, kind),
            None if days is None else timedelta(days=days),
            self.criteria(row, path),
        )

    def criteria(self, row: dict[str, Any], path: str) -> tuple[Criterion, ...]:
        fields, documents = row.get("fields", []), row.get("documents", [])
        criteria: list[Criterion] = []
        for field in fields if isinstance(fields, list) else [fields]:
            if field in GATE_FIELDS:
                criteria.append(FieldRequired(field))
            else:
                self.refuse(f"{path}.fields", field, f"Use any of: {', '.join(GATE_FIELDS)}.")
        for document in documents if isinstance(documents, list) else [documents]:
            if isinstance(document, str) and document:
                criteria.append(DocumentRequired(document))
            else:
                self.refuse(f"{path}.documents", document, "Name a kind of document.")
        return tuple(criteria)
