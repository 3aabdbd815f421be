"""Arrays on their way into PostgreSQL: rows of arrays travel through unnest as text."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


def literal(values: npt.NDArray[np.generic] | Iterable[object]) -> str:
    """A PostgreSQL array literal of numbers or dates."""
    items = values.ravel().tolist() if isinstance(values, np.ndarray) else values
    return "{" + ",".join(map(str, items)) + "}"
