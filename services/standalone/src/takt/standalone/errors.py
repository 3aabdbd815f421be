"""What stops Takt from starting, told to a person."""


class StartError(Exception):
    """Takt cannot start (or a part of it): what is wrong, and what to do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy


DISK_FULL = "No space left on device"


def disk_full(where: object) -> StartError:
    """The error for a disk on which `where` cannot be written any more."""
    return StartError(
        f"The disk that holds {where} is full.",
        "Free some space there, or name another place with --home (or TAKT_HOME).",
    )
