"""The address at which Takt answers: the port that was asked for, or the next free one."""

import errno
import os
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from takt.standalone.errors import StartError

DEFAULT_PORT = 8700
TRIED = 100


class Holder(NamedTuple):
    """A process that listens on a port."""

    pid: int
    name: str


def asked_port(option: int | None) -> int | None:
    """The port that somebody asked for, by option or by TAKT_PORT. Raises StartError."""
    if option is not None:
        return option
    text = os.environ.get("TAKT_PORT")
    if not text:
        return None
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise StartError(
            f"TAKT_PORT is {text!r}, which is no port.", "Set it to a number from 1 to 65535."
        )
    return int(text)


def listen(host: str, asked: int | None) -> socket.socket:
    """A listening socket on the port that was asked for, or on the first free one from 8700 on.

    Raises: StartError: the asked-for port is taken (naming who has it) or not allowed.
    """
    ports = [asked] if asked is not None else range(DEFAULT_PORT, DEFAULT_PORT + TRIED)
    for port in ports:
        try:
            return socket.create_server((host, port), backlog=2048)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise StartError(
                    f"Takt cannot listen on {host}:{port}: {error.strerror}.",
                    "Name another port with --port (or TAKT_PORT).",
                ) from error
    if asked is None:
        raise StartError(
            f"No port from {DEFAULT_PORT} to {DEFAULT_PORT + TRIED - 1} is free.",
            "Name another with --port (or TAKT_PORT).",
        )
    raise taken(asked)


def taken(port: int) -> StartError:
    """The error for a port that another process has."""
    return StartError(
        f"Port {port} is taken by {who_holds(port)}.",
        "Name another with --port (or TAKT_PORT), or leave it out to get a free one.",
    )


def who_holds(port: int) -> str:
    """Who listens on a port, in words."""
    holder = holder_of(port)
    if holder is None:
        return "a process of another user or container"
    return f"{holder.name} (process {holder.pid})"


def holder_of(port: int) -> Holder | None:
    """Who listens on a port, as far as the kernel tells us (Linux)."""
    sockets = {f"socket:[{inode}]" for inode in listening_inodes(port)}
    if not sockets:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(link) in sockets for link in (process / "fd").iterdir()):
                return Holder(int(process.name), (process / "comm").read_text().strip())
        except OSError:
            continue  # it has ended, or belongs to somebody else
    return None


def listening_inodes(port: int) -> set[str]:
    """The sockets that listen on a port, by their inodes."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def free_ports(count: int = 1) -> list[int]:
    """Different ports of the loopback address on which nobody listens now."""
    with ExitStack() as held:  # all at once: a port let go may be the next one that is found
        probes = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]
