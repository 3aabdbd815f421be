"""A line of the table: what was measured, beside what in the same run, and the aim."""

import re
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement.

    Args:
        measure: what was measured.
        value: the figure, in `unit`.
        unit: such as "/s" or "ms".
        beside: the limit or peer, measured in the same run; None when the aim is absolute.
        peer: its figure, in the same unit.
        aim: the bound of `judged`: value / peer where there is a peer, else the value.
        better: whether more or less is better.
        ratio_aim: whether the aim is one of value / peer.
        note: on how many cases the figure stands.
    """

    measure: str
    value: float
    unit: str
    beside: str | None
    peer: float | None
    aim: float
    better: Literal["more", "less"] = "more"
    ratio_aim: bool = True
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The figure as a part of its peer's."""
        return None if not self.peer else self.value / self.peer

    @property
    def met(self) -> bool:
        """Whether the aim is met."""
        judged = self.ratio if self.ratio_aim and self.ratio is not None else self.value
        return judged >= self.aim if self.better == "more" else judged <= self.aim

    def json(self) -> dict[str, Any]:
        """For the file."""
        return {**asdict(self), "ratio": self.ratio, "met": self.met}

    def cells(self) -> tuple[str, ...]:
        """For the table."""
        peer = "" if self.peer is None else f": {figure(self.peer)} {self.unit}"
        ratio = "-" if self.ratio is None else f"{self.ratio:.0%}"
        sign = "≥" if self.better == "more" else "≤"
        judged_by_ratio = self.ratio_aim and self.ratio is not None
        aim = f"{self.aim:.0%}" if judged_by_ratio else f"{figure(self.aim)} {self.unit}"
        return (
            f"{self.measure} ({self.note})" if self.note else self.measure,
            f"{figure(self.value)} {self.unit}",
            f"{self.beside or '-'}{peer}",
            ratio,
            f"{sign} {aim}",
            "met" if self.met else "missed",
        )


def figure(value: float) -> str:
    """Three figures, thousands apart."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def of_json(kept: dict[str, Any]) -> Line:
    """A line from the file."""
    return Line(**{name: value for name, value in kept.items() if name not in ("ratio", "met")})


def table(lines: list[Line]) -> str:
    """A Markdown table."""
    head = ("measure", "measured", "beside", "ratio", "aim", "")
    rows = [head, tuple("---" for _ in head), *(line.cells() for line in lines)]
    return "\n".join("| " + " | ".join(row).rstrip() + " |" for row in rows)


def with_table(page: str, lines: list[Line]) -> str:
    """A page whose table of measures is put in anew."""
    return re.sub(r"^\| measure \|.*?(?=\n\n)", lambda _: table(lines), page, flags=re.M | re.S)
