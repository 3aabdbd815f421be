"""Logs: a line of JSON each outside a terminal, plain text on one; secrets are never written."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

SECRET = re.compile(
    r"(takt_[0-9a-f]{8}_)[\w-]+|(whsec_)[\w+/=-]+|(://[^:/@\s]+:)[^@\s]+(?=@)|(Bearer )\S+"
)


def redact(text: str) -> str:
    """The text without keys, webhook secrets and passwords."""
    return SECRET.sub(lambda match: next(filter(None, match.groups())) + "…", text)


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line)


def configure(
    level: int = logging.INFO,
    stream_is_terminal: bool | None = None,
    handler: logging.Handler | None = None,
) -> None:
    """Send all logs to stderr, or to the handler that is given."""
    handler = handler or logging.StreamHandler(sys.stderr)
    terminal = sys.stderr.isatty() if stream_is_terminal is None else stream_is_terminal
    handler.setFormatter(
        _Plain("%(asctime)s %(levelname)-7s %(name)s  %(message)s") if terminal else _Json()
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("pgqueuer").setLevel(max(level, logging.WARNING))
    logging.getLogger("httpx").setLevel(max(level, logging.WARNING))
