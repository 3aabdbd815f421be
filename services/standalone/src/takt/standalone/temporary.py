"""Temporary folders that do not stay behind, even when their maker was killed."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "takt-"
MARK = "held"


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone at the end of the block.

    What a killed predecessor left is cleared away first: its folder carries a lock that died with
    it.
    """
    sweep_left_behind()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o711)  # the database's user passes through it to a private folder inside
    try:
        with (folder / MARK).open("w") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX)
            mark.write(str(os.getpid()))
            mark.flush()
            yield folder
    finally:
        shutil.rmtree(folder)


def sweep_left_behind() -> None:
    """Remove our temporary folders whose holder is dead and whose database has ended."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, ValueError), (folder / MARK).open("r+") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A mark that is still empty belongs to somebody who is just making it.
            if int(mark.read()) and not list(folder.glob("**/postmaster.pid")):
                shutil.rmtree(folder)
