"""Structured logs with ids and never payloads: personal data and secrets are struck out."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_KEYS = re.compile(r"password|secret|token|authorization|api_?key|credential|signature", re.IGNORECASE)
_PERSONAL_KEYS = re.compile(r"email|phone|first_name|last_name|address|payload|raw_text|corrected_text", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]+):[^/\s@]+@")
_STRUCK_OUT = "[struck out]"


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's
    """Strike out secrets and personal data, by the key's name and by the value's shape."""
    for key, value in event.items():
        if key != "event" and (_SECRET_KEYS.search(key) or _PERSONAL_KEYS.search(key)):
            event[key] = _STRUCK_OUT
        elif isinstance(value, str):
            event[key] = redact_text(value)
    return event


def redact_text(text: str) -> str:
    """The text without passwords in URLs and without email addresses."""
    return _EMAIL.sub(_STRUCK_OUT, _URL_PASSWORD.sub(r"\1:" + _STRUCK_OUT + "@", text))


class RedactingFilter(logging.Filter):
    """Applies the same to what libraries log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Strike out in place; every record is kept."""
        record.msg = redact_text(record.getMessage())
        record.args = ()
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
