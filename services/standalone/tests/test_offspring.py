import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PARENT = """
import signal, subprocess, sys, time
from takt.standalone.identity import database_user
from takt.standalone.offspring import spawn
from pathlib import Path
child = spawn(
    ["/bin/sleep", "60"], death_signal=signal.SIGTERM, output=subprocess.DEVNULL,
    identity=database_user(Path("/nowhere")), guarded=sys.argv[1] == "guarded",
)
print(child.pid, flush=True)
time.sleep(60)
"""


def processes_of_session(session: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "-s", str(session)], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in found.stdout.split()]


def eventually_gone(session: int, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not processes_of_session(session):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("way", ["kernel", "guarded"])
def test_a_child_ends_when_its_parent_is_killed_also_as_another_user(
    way: str, tmp_path: Path
) -> None:
    if way == "kernel" and not sys.platform.startswith("linux"):
        pytest.skip("only Linux has a signal at the parent's death")
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, way], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        session = int(parent.stdout.readline())
        assert processes_of_session(session)
        os.kill(parent.pid, signal.SIGKILL)
    assert eventually_gone(session)
