"""How a long computation is watched: cancelled, limited in time, and asked how far it is."""

from collections.abc import Callable
from dataclasses import dataclass


class PlanCancelledError(Exception):
    """The computation was cancelled. Nothing was kept: the plan before it stands."""


def _never() -> bool:
    return False


def _untold(phase: str, done: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Watch:
    """Asked between steps, and by HiGHS while it works.

    Args:
        clock: seconds from any origin on.
        limit: when to stop, by that clock.
        cancelled: whether somebody has cancelled.
        progress: told the phase, and the share of it that is done, in [0, 1].
    """

    clock: Callable[[], float]
    limit: float = float("inf")
    cancelled: Callable[[], bool] = _never
    progress: Callable[[str, float], None] = _untold

    def left(self) -> float:
        """Seconds until the limit; 0 when it has passed."""
        return max(self.limit - self.clock(), 0.0)

    def tell(self, phase: str, done: float) -> None:
        """Report progress. Raises PlanCancelledError: somebody has cancelled."""
        if self.cancelled():
            raise PlanCancelledError
        self.progress(phase, done)
