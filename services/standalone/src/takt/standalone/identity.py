"""Whom the database runs as, and where that user can go."""

import contextlib
import os
import pwd
import stat
from pathlib import Path
from typing import NamedTuple

from takt.standalone.errors import StartError

USERS_WHEN_ROOT = ("takt", "postgres", "nobody")


class Identity(NamedTuple):
    """A user that a child runs as."""

    name: str
    uid: int
    gid: int


def database_user(data: Path) -> Identity | None:
    """The caller (None), or for root the data's owner or the first user that will do."""
    if os.geteuid() != 0:
        name_of(os.geteuid())
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        entry = pwd.getpwuid(owner)
        return Identity(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in USERS_WHEN_ROOT:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Identity(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise StartError(
        "PostgreSQL refuses to run as root, and there is none of the users "
        f"{', '.join(USERS_WHEN_ROOT)} to run it as.",
        "Make one with `useradd --system takt`, or run Takt as a user other than root.",
    )


def name_of(uid: int) -> str:
    """The name of a user, which PostgreSQL insists on."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise StartError(
            f"The user with the number {uid} has no name, and PostgreSQL needs one.",
            "Run Takt as a user listed in /etc/passwd, or give it a database with --database URL.",
        ) from None


def check_reachable(folder: Path, identity: Identity | None) -> None:
    """Refuse a folder that the database's user cannot reach, naming what bars the way."""
    if identity is not None and (barrier := barred(folder, identity)) is not None:
        raise StartError(
            f"The database runs as the user {identity.name}, who cannot reach {folder}: "
            f"{barrier} lets nobody through.",
            "Name a home elsewhere with --home (or TAKT_HOME), such as /var/lib/takt, "
            f"or open the way with `chmod o+x {barrier}`.",
        )


def barred(path: Path, identity: Identity) -> Path | None:
    """The topmost folder above `path` that the user may not pass, if any."""
    groups = set(os.getgrouplist(identity.name, identity.gid))
    for folder in reversed(path.resolve().parents):
        if not folder.exists():
            return None  # from here on Takt makes the way, and leaves it open
        found = folder.stat()
        if found.st_uid == identity.uid:
            allowed = found.st_mode & stat.S_IXUSR
        elif found.st_gid in groups:
            allowed = found.st_mode & stat.S_IXGRP
        else:
            allowed = found.st_mode & stat.S_IXOTH
        if not allowed:
            return folder
    return None


def make_private(folder: Path, identity: Identity | None) -> None:
    """Make a folder that only the database's user (and root) can enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    give_away(folder, identity)
    folder.chmod(0o700)


def give_away(path: Path, identity: Identity | None) -> None:
    """Hand a file or folder to the database's user."""
    if identity is not None:
        os.chown(path, identity.uid, identity.gid)
