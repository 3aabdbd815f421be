"""What stops Takt from starting, told to a person."""

import contextlib
import errno
from collections.abc import Iterator


class StartError(Exception):
    """Takt cannot start (or a part of it): what is wrong, and what to do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy


DISK_FULL = "No space left on device"
PG_DISK_FULL = "53100"
"""PostgreSQL's word for it."""


def disk_full(where: object) -> StartError:
    """The error for a disk on which `where` cannot be written any more."""
    return StartError(
        f"The disk that holds {where} is full.",
        "Free some space there, or name another place with --home (or TAKT_HOME).",
    )


@contextlib.contextmanager
def full_disk_told(where: object) -> Iterator[None]:
    """Say a full disk as `disk_full`, whichever file or database meets it first in the block."""
    try:
        yield
    except Exception as error:
        link: BaseException | None = error
        while link is not None:
            if getattr(link, "errno", None) == errno.ENOSPC or (
                getattr(link, "sqlstate", None) == PG_DISK_FULL
            ):
                raise disk_full(where) from error
            link = link.__cause__ or link.__context__
        raise
