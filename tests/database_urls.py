"""URLs of other databases and users on the server that the tests use."""

from urllib.parse import urlsplit, urlunsplit


def url_of_database(url: str, name: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def url_of_user(url: str, user: str, password: str) -> str:
    """The same server and database, another user."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}"))
