"""Business time: the real time, or a ticking clock that `--as-of` set to another instant."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of domain dates. It always ticks; `offset` moves it away from the real time."""

    offset: timedelta = timedelta()

    @classmethod
    def as_of(cls, instant: datetime | None) -> "Clock":
        """A clock that reads `instant` now. Raises ValueError when the instant has no zone."""
        if instant is None:
            return cls()
        if instant.tzinfo is None:
            raise ValueError(f"as-of {instant.isoformat()} has no time zone; add one, such as Z")
        return cls(instant - datetime.now(UTC))

    def now(self) -> datetime:
        """The business time in UTC."""
        return datetime.now(UTC) + self.offset
