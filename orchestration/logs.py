"""Structured logs with ids and never payloads: personal data and secrets are struck out."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_SECRET_KEYS = re.compile(r"password|secret|token|authorization|api_?key|credential|signature", re.IGNORECASE)
_PERSONAL_KEYS = re.compile(r"email|phone|first_name|last_name|address|payload|raw_text|corrected_text", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
# To the last @ before the path: a password may hold one that should have been written %40.
_URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):[^/\s]+@")
_ASSIGNED_SECRET = re.compile(r"\b(\w*(?:password|secret|token|api_?key))=(?!\[)[^\s&;,'\"]+", re.IGNORECASE)
# PostgreSQL quotes the row, the key or the line of a COPY that it stumbled over.
_QUOTED_ROW = re.compile(r"^(\s*(?:DETAIL|CONTEXT):).*$", re.MULTILINE)
_STRUCK_OUT = "[struck out]"
_TRACEBACKS = logging.Formatter()


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's
    """Strike out secrets and personal data, by the key's name and by the value's shape."""
    for key, value in event.items():
        event[key] = _redacted(value) if key == "event" else _redacted_under(key, value)
    return event


def redact_text(text: str) -> str:
    """The text without passwords in URLs or after `password=` and its like, emails, and rows that SQL quotes."""
    without_rows = _QUOTED_ROW.sub(r"\1 " + _STRUCK_OUT, text)
    without_passwords = _URL_PASSWORD.sub(r"\1:" + _STRUCK_OUT + "@", without_rows)
    return _EMAIL.sub(_STRUCK_OUT, _ASSIGNED_SECRET.sub(r"\1=" + _STRUCK_OUT, without_passwords))


def _redacted_under(key: object, value: object) -> object:
    name = str(key)
    return _STRUCK_OUT if _SECRET_KEYS.search(name) or _PERSONAL_KEYS.search(name) else _redacted(value)


def _redacted(value: object) -> object:
    """A value as it may be logged, whatever it is made of: what is no plain value is logged as its own text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {key: _redacted_under(key, inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(inner) for inner in value]
    return redact_text(value if isinstance(value, str) else str(value))


class RedactingFilter(logging.Filter):
    """Applies the same to what libraries log, tracebacks included."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Strike out in place, before any handler sees the record; every record is kept."""
        record.msg, record.args = redact_text(record.getMessage()), ()
        if record.exc_info:
            record.exc_text, record.exc_info = redact_text(_TRACEBACKS.formatException(record.exc_info)), None
        return True


def configure_logs(level: str) -> None:
    """Send structured logs to standard error: readable lines on a terminal, JSON elsewhere.

    Args:
        level: The least severe level that is logged.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer: Any = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RedactingFilter())
    handler.setLevel(max(number, logging.WARNING))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
