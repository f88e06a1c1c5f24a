"""`perennial serve unsubscribe`: the other end of the links in messages (RFC 8058).

A mail program's one click is a POST and needs nothing more; a person who opens the link is asked once, for programs
open links by themselves to look at them. What is asked for stands on the suppression list before the answer is given.
Must not tell anybody whether a customer exists.
"""

from collections.abc import Callable
from html import escape

import structlog
from aiohttp import web

from activation.gates.suppressions import Entry, suppress
from activation.mail.unsubscribing import BadTokenError, Recipient, token_of, verified_recipient
from orchestration.deployment import Deployment, open_deployment
from orchestration.references import link_keys
from orchestration.settings import Settings

log = structlog.get_logger(__name__)
_LARGEST_REQUEST_BYTES = 16 << 10
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
body {{ font: 18px/1.5 system-ui, sans-serif; margin: 15vh auto 0; max-width: 26em; padding: 0 1.5em; color: #222; }}
button {{ font: inherit; padding: .6em 1.4em; border: 0; border-radius: 8px; color: #fff; background: #222; }}
@media (prefers-color-scheme: dark) {{
  body {{ color: #ddd; background: #161616; }}
  button {{ color: #222; background: #ddd; }}
}}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def unsubscribe_application(
    keys: tuple[bytes, ...], let_go: Callable[[Recipient], None], names: dict[str, str]
) -> web.Application:
    """The endpoint as a web application.

    Args:
        keys: The key that links are signed with, and earlier ones.
        let_go: Writes down that a recipient wants no more; called before the answer is given.
        names: The merchants' names by id.
    """

    def recipient_of(request: web.Request) -> Recipient:
        try:
            found = verified_recipient(token_of(request.query), keys)
        except BadTokenError:
            raise web.HTTPNotFound(
                text=_page("This link does not work", "<p>It may have been cut short on its way.</p>"),
                content_type="text/html",
            ) from None
        if found.merchant_id not in names:
            raise web.HTTPNotFound(text=_page("This link does not work", ""), content_type="text/html")
        return found

    async def ask(request: web.Request) -> web.Response:
        shop = escape(names[recipient_of(request).merchant_id])
        body = f'<p>You will get no more emails from {shop}.</p><form method="post"><button>Unsubscribe</button></form>'
        return web.Response(text=_page("Unsubscribe?", body), content_type="text/html")

    async def act(request: web.Request) -> web.Response:
        recipient = recipient_of(request)
        let_go(recipient)
        log.info("unsubscribed", merchant_id=recipient.merchant_id, campaign=recipient.campaign)
        body = f"<p>You will get no more emails from {escape(names[recipient.merchant_id])}.</p>"
        return web.Response(text=_page("You are unsubscribed", body), content_type="text/html")

    application = web.Application(client_max_size=_LARGEST_REQUEST_BYTES)
    application.router.add_get("/unsubscribe", ask)
    application.router.add_post("/unsubscribe", act)
    return application


def _page(title: str, body: str) -> str:
    return _PAGE.format(title=escape(title), body=body)


def let_go_in(deployment: Deployment) -> Callable[[Recipient], None]:
    """What writes an unsubscribe to a deployment's suppression list."""

    def let_go(recipient: Recipient) -> None:
        entry = Entry(
            "unsubscribe",
            deployment.clock(),
            customer_id=recipient.customer_id,
            evidence=f"the link in a message of campaign {recipient.campaign}",
            channel=recipient.channel,
        )
        with deployment.transformer.begin() as connection:
            suppress(connection, recipient.merchant_id, [entry])

    return let_go


def serve_unsubscribe(settings: Settings, host: str) -> None:
    """Serve the endpoint until Ctrl-C; put a web server with TLS in front of it."""
    with open_deployment(settings) as deployment:
        names = {merchant.merchant_id: merchant.merchant_name for merchant in deployment.configuration.merchants}
        application = unsubscribe_application(link_keys(settings), let_go_in(deployment), names)
        # Its access log would hold the links' tokens.
        web.run_app(application, host=host, port=settings.unsubscribe_port, access_log=None)
