"""A CRM's files, read through a mapping into drafts; a bad row never stops the others."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import TypeVar

from takt.deals.domain.csv_file import Row, RowProblem, read_table
from takt.deals.domain.mapping import FIELDS, CrmMapping, NounMapping
from takt.deals.domain.money import read_amount
from takt.deals.domain.pipeline import StageKind
from takt.deals.domain.price import STEP
from takt.deals.domain.refusal import Refusal

Draft = TypeVar("Draft")


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """A product as the CRM lists it; money in the company currency."""

    code: str
    name: str
    family: str | None
    unit: str
    list_price: Decimal
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """A customer as the CRM knows it; `external_id` falls back to the name."""

    external_id: str
    name: str
    sector: str | None
    region: str | None
    payment_days: int | None


@dataclass(frozen=True, slots=True)
class OwnerDraft:
    """Somebody who sells, in a team in a region."""

    name: str
    team: str
    region: str


@dataclass(frozen=True, slots=True)
class DealDraft:
    """An opportunity with its one line. `opened` is None when the CRM does not say since when."""

    line: int
    external_id: str
    name: str
    owner: str
    account: str | None
    region: str
    stage: str
    state: StageKind
    opened: date | None
    closed: date | None
    expected_close: date | None
    product: str
    quantity: Decimal
    price: Decimal
    requested: date | None
    shipped: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What is there already: list prices by product, accounts, regions by owner."""

    products: Mapping[str, Decimal] = field(default_factory=dict)
    accounts: frozenset[str] = frozenset()
    owners: Mapping[str, str] = field(default_factory=dict)
    regions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CrmImport:
    """All drafts that could be read, and every row that could not."""

    products: tuple[ProductDraft, ...]
    accounts: tuple[AccountDraft, ...]
    owners: tuple[OwnerDraft, ...]
    deals: tuple[DealDraft, ...]
    problems: tuple[RowProblem, ...]
    rows: int
    renamed: Mapping[str, int]


def read_crm(
    files: Mapping[str, bytes], mapping: CrmMapping, today: date, known: Known
) -> CrmImport:
    """Read every file that the mapping names.

    Args: files: content by name; a file of a noun other than deals may be left out when all
        that the deals name is known. today: in the company's time zone; no fact lies after it.
    """
    reading = _Reading(files, mapping, today)
    products = reading.noun("products", _product)
    owners = reading.noun("owners", _owner)
    reading.regions = known.regions | {owner.region for owner in owners}
    accounts = reading.noun("accounts", _account)
    reading.list_prices = {**known.products, **{p.code: p.list_price for p in products}}
    reading.accounts = known.accounts | {a.external_id for a in accounts}
    reading.owners = {**known.owners, **{owner.name: owner.region for owner in owners}}
    deals = reading.noun("deals", _deal)
    return CrmImport(
        tuple(products),
        tuple(accounts),
        tuple(owners),
        tuple(deals),
        tuple(reading.problems),
        reading.rows,
        dict(reading.renamed),
    )


def summary(read: CrmImport) -> dict[str, object]:
    """The figures by which a user recognises the data: deals by state and stage, value won."""
    value = sum(
        (deal.quantity * deal.price for deal in read.deals if deal.state == "won"), Decimal(0)
    )
    return {
        "deals": len(read.deals),
        "states": dict(Counter(deal.state for deal in read.deals)),
        "stages": dict(Counter(deal.stage for deal in read.deals)),
        "won_value": f"{value.normalize():f}",
        "without_account": sum(deal.account is None for deal in read.deals),
        "without_date": sum(deal.opened is None for deal in read.deals),
        "renamed": dict(read.renamed),
    }


class _Reading:
    """The state of one reading: what is known so far, and the problems met."""

    def __init__(self, files: Mapping[str, bytes], mapping: CrmMapping, today: date) -> None:
        self.files = files
        self.mapping = mapping
        self.today = today
        self.problems: list[RowProblem] = []
        self.rows = 0
        self.renamed: Counter[str] = Counter()
        self.list_prices: Mapping[str, Decimal] = {}
        self.accounts: frozenset[str] = frozenset()
        self.owners: Mapping[str, str] = {}
        self.regions: frozenset[str] = frozenset()

    def noun(self, noun: str, read: Callable[["_Reading", "_Cells"], Draft]) -> list[Draft]:
        mapped = self.mapping.nouns.get(noun)
        if mapped is None:
            return []
        content = self.files.get(mapped.file)
        if content is None:
            if noun == "deals":
                remedy = f"Add the file; the folder has: {', '.join(sorted(self.files))}."
                self.problems.append(RowProblem(mapped.file, 0, "", "", remedy))
            return []
        table = read_table(
            mapped.file,
            content,
            encoding=self.mapping.encoding,
            delimiter=self.mapping.delimiter,
            required=list(mapped.columns.values()),
        )
        self.problems += table.problems
        self.rows += len(table.rows) + sum(problem.line > 1 for problem in table.problems)
        return list(self._drafts(noun, mapped, table.rows, read))

    def _drafts(
        self,
        noun: str,
        mapped: NounMapping,
        rows: tuple[Row, ...],
        read: Callable[["_Reading", "_Cells"], Draft],
    ) -> Iterator[Draft]:
        identity = next(iter(FIELDS[noun]))
        seen: dict[str, int] = {}
        for row in rows:
            cells = _Cells(mapped, row, self.mapping.date_format)
            name = cells.text(identity)
            if name and (first := seen.setdefault(name, row.line)) != row.line:
                cells.refuse(identity, name, f"It is on line {first} already; keep one of them.")
            draft = read(self, cells)
            if cells.problems:
                self.problems += cells.problems
            else:
                self.renamed.update(cells.renamed())
                yield draft


class _Cells:
    """The cells of one row under our names; every failure is kept with the user's column."""

    def __init__(self, mapped: NounMapping, row: Row, date_format: str) -> None:
        self.mapped = mapped
        self.row = row
        self.date_format = date_format
        self.problems: list[RowProblem] = []

    def refuse(self, field: str, value: str, remedy: str) -> None:
        column = self.mapped.columns.get(field, field)
        problem = RowProblem(self.mapped.file, self.row.line, column, value, remedy)
        self.problems.append(problem)

    def text(self, field: str) -> str:
        return self.mapped.value(field, self.row.cells)

    def renamed(self) -> Iterator[str]:
        """Aliases that this row used, except for stages, of which every row has one."""
        for name, aliases in self.mapped.aliases.items():
            theirs = self.row.cells.get(self.mapped.columns.get(name, ""), "")
            if name != "stage" and theirs in aliases:
                yield f"{name} {theirs} = {aliases[theirs]}"

    def must(self, field: str) -> str:
        text = self.text(field)
        if not text:
            self.refuse(field, "", "Fill this cell, or give a default in the mapping.")
        elif len(text) > 100 or not text.isprintable():
            self.refuse(field, text[:100], "Use at most 100 printable characters.")
        return text

    def one_of(self, field: str, text: str, known: Mapping[str, object] | frozenset[str]) -> None:
        if text and text not in known:
            remedy = f"Add it first, or map it under [aliases.{field}] to one that is known."
            self.refuse(field, text, remedy)

    def amount(self, field: str) -> Decimal:
        return self.checked(field, read_amount(field, self.must(field)))

    def checked(self, field: str, amount: Decimal | Refusal) -> Decimal:
        if isinstance(amount, Refusal):
            if amount.value:
                self.refuse(field, amount.value, amount.remedy)
            return Decimal(1)
        return amount

    def day(self, field: str, latest: date | None = None) -> date | None:
        text = self.text(field)
        if not text:
            return None
        day = _parse_day(text, self.date_format)
        if day is None:
            remedy = f"Write a date as {self.date_format}, or set date_format in the mapping."
            self.refuse(field, text, remedy)
        elif latest is not None and day > latest:
            self.refuse(field, text, f"It has not happened yet; give {latest} or earlier.")
        return day


@lru_cache(maxsize=10_000)
def _parse_day(text: str, date_format: str) -> date | None:
    try:
        return datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a business day
    except ValueError:
        return None


def _product(reading: _Reading, cells: _Cells) -> ProductDraft:
    code = cells.must("code")
    cost = cells.amount("cost") if cells.text("cost") else None
    return ProductDraft(
        code=code,
        name=cells.text("name") or code,
        family=cells.text("family") or None,
        unit=cells.text("unit") or "each",
        list_price=cells.amount("list_price"),
        cost=cost,
    )


def _account(reading: _Reading, cells: _Cells) -> AccountDraft:
    name = cells.must("name")
    cells.one_of("region", cells.text("region"), reading.regions)
    days = cells.text("payment_days")
    if days and not (days.isdecimal() and int(days) <= 365):
        cells.refuse("payment_days", days, "Give whole days from 0 to 365.")
        days = ""
    return AccountDraft(
        external_id=cells.text("external_id") or name,
        name=name,
        sector=cells.text("sector") or None,
        region=cells.text("region") or None,
        payment_days=int(days) if days else None,
    )


def _owner(reading: _Reading, cells: _Cells) -> OwnerDraft:
    return OwnerDraft(cells.must("name"), cells.must("team"), cells.must("region"))


def _deal(reading: _Reading, cells: _Cells) -> DealDraft:
    owner, product, account = cells.must("owner"), cells.must("product"), cells.text("account")
    cells.one_of("owner", owner, reading.owners)
    cells.one_of("product", product, reading.list_prices)
    cells.one_of("account", account, reading.accounts)
    region = cells.text("region") or reading.owners.get(owner, "")
    cells.one_of("region", region, reading.regions)
    stage = reading.mapping.pipeline.stage(cells.must("stage"))
    state: StageKind = "open" if stage is None else stage.kind
    if stage is None and cells.text("stage"):
        codes = ", ".join(stage.code for stage in reading.mapping.pipeline.stages)
        remedy = f"Map it under [deals.aliases.stage] to one of: {codes}."
        cells.refuse("stage", cells.text("stage"), remedy)
    opened, closed = cells.day("opened", reading.today), cells.day("closed", reading.today)
    expected, requested = cells.day("expected_close"), cells.day("requested")
    _check_days(cells, state, opened, closed, expected, requested)
    quantity = cells.amount("quantity")
    return DealDraft(
        line=cells.row.line,
        external_id=cells.must("external_id"),
        name=cells.text("name") or f"{product} for {account or 'a new customer'}",
        owner=owner,
        account=account or None,
        region=region,
        stage=stage.code if stage is not None else "",
        state=state,
        opened=opened,
        closed=closed,
        expected_close=expected,
        product=product,
        quantity=quantity,
        price=_price(cells, state, quantity, reading.list_prices.get(product, Decimal(1))),
        requested=requested,
        shipped=cells.text("shipped").lower() in ("yes", "true", "1"),
    )


def _check_days(
    cells: _Cells,
    state: StageKind,
    opened: date | None,
    closed: date | None,
    expected: date | None,
    requested: date | None,
) -> None:
    if state == "open" and cells.text("closed"):
        remedy = "An open deal has no closing date; map the column to expected_close instead."
        cells.refuse("closed", cells.text("closed"), remedy)
    if state != "open":
        for field in ("opened", "closed"):
            if not cells.text(field):
                cells.refuse(field, "", f"Give the date; a {state} deal has one.")
    for field, day in (("closed", closed), ("expected_close", expected), ("requested", requested)):
        if opened is not None and day is not None and day < opened:
            remedy = f"The deal was opened on {opened}; give that or a later date."
            cells.refuse(field, cells.text(field), remedy)


def _price(cells: _Cells, state: StageKind, quantity: Decimal, list_price: Decimal) -> Decimal:
    """Value by quantity; the list price where an open deal has no value, and for every lost one.

    Many systems set the value of a lost deal to zero: to take it would tell the outcome to a model.
    """
    value = cells.text("value")
    if state == "lost" or (state == "open" and not value):
        return list_price
    if not value:
        if "value" in cells.mapped.columns:
            cells.refuse("value", "", "Give the value of a won deal.")
        return list_price
    whole = cells.checked("value", read_amount("value", value))
    price = read_amount("price", (whole / quantity).quantize(STEP, ROUND_HALF_EVEN))
    if isinstance(price, Refusal):
        remedy = f"By the quantity {quantity} that is {price.value} a unit; check both."
        cells.refuse("value", value, remedy)
        return list_price
    return price
