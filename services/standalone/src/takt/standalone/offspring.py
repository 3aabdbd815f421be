"""Child processes that end with Takt, whatever ends Takt.

A child is started through this very file, run as a script by a bare interpreter: it takes the other
user's identity, asks the kernel for a signal at its parent's death, and becomes the program. The
order matters: a change of user clears the wish for the signal, `exec` keeps it. The kernel takes
the *thread* that started the child for the parent, so `spawn` belongs on the thread that lives as
long as Takt: never on a worker thread.

Where the kernel has no such signal (macOS), the script stays as the child's guardian and ends it
when the pipe to Takt closes.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    # This file is run as a script too, by an interpreter that finds nothing of ours.
    from takt.standalone.identity import Identity

PR_SET_PDEATHSIG = 1


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    output: IO[bytes] | int,
    identity: "Identity | None" = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    guarded: bool = not sys.platform.startswith("linux"),
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own; it gets `death_signal` when this thread ends.

    Args:
        command: absolute program and its arguments.
        death_signal: what ends the program cleanly and fast.
        output: where its standard output and error go.
        identity: run as this user (needs root); None: as the caller.
        cwd: its working directory.
        environment: its whole environment; None: the caller's.
        guarded: by a pipe to a guardian process instead of the kernel's signal.
    """
    user = f"{identity.name}:{identity.uid}:{identity.gid}" if identity else ""
    script = [sys.executable, "-I", "-S", __file__, "guard" if guarded else "kernel"]
    return subprocess.Popen(
        [*script, user, str(int(death_signal)), str(os.getpid()), *map(str, command)],
        stdin=subprocess.PIPE if guarded else subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd=cwd,
        env=None if environment is None else dict(environment),
    )


def become_user(user: str) -> None:
    """Drop root for `name:uid:gid`, for good."""
    name, uid, gid = user.rsplit(":", 2)
    os.initgroups(name, int(gid))
    os.setgid(int(gid))
    os.setuid(int(uid))


def die_with_parent(libc: ctypes.CDLL, death_signal: int, parent: int) -> None:
    """Ask the kernel for `death_signal` at the parent's death, and leave if it is dead already."""
    if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit("the parent ended before its child began")


def guard(death_signal: int, command: list[str]) -> NoReturn:
    """Run `command`; pass signals on to it, and `death_signal` once standard input closes."""
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.execv(command[0], command)
    for passed_on in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(passed_on, lambda number, _frame: os.kill(child, number))
    watcher = os.fork()
    if watcher == 0:
        for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(ignored, signal.SIG_IGN)
        while os.read(0, 1):
            pass
        os.kill(child, death_signal)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    os.kill(watcher, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


def main(mode: str, user: str, death_signal: str, parent: str, *command: str) -> NoReturn:
    """Take the identity, arrange for the end, become the program."""
    # Loaded as root still: the other user may be unable to read our Python.
    libc = ctypes.CDLL(None, use_errno=True)
    if user:
        become_user(user)
    if mode == "guard":
        guard(int(death_signal), list(command))
    die_with_parent(libc, int(death_signal), int(parent))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
