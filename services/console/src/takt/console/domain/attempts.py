"""How often an address may try to sign in."""

from dataclasses import dataclass, field

AT_ONCE = 20
A_SECOND = 0.5
ADDRESSES = 10_000
"""Remembered at most; whoever has tried least is forgotten first."""


@dataclass(slots=True)
class Attempts:
    """Attempts that are left, by address. Those that succeed are given back.

    Keys have 256 bits: this keeps nobody from guessing one, it keeps the database from the guesses.
    """

    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    """How many were left, and when, in seconds of a clock that only goes forward."""

    def take(self, address: str, now: float) -> bool:
        """Take an attempt; whether there was one."""
        left = self._at(address, now)
        if left < 1:
            return False
        self._keep(address, left - 1, now)
        return True

    def give_back(self, address: str, now: float) -> None:
        """The attempt was a good one and does not count."""
        self._keep(address, self._at(address, now) + 1, now)

    def _at(self, address: str, now: float) -> float:
        left, then = self._left.get(address, (float(AT_ONCE), now))
        return min(AT_ONCE, left + (now - then) * A_SECOND)

    def _keep(self, address: str, left: float, now: float) -> None:
        if left >= AT_ONCE:
            self._left.pop(address, None)
            return
        if len(self._left) >= ADDRESSES and address not in self._left:
            del self._left[max(self._left, key=lambda known: self._at(known, now))]
        self._left[address] = (left, now)
