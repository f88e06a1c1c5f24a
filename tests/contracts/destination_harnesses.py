"""Every destination with its other end: how to build it, what the receiving side really took, and how to break it.

A new destination joins by a function that yields its harness, and its name at the end.
"""

import csv
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from klaviyo_harness import LIST_ID, Remembering, Time, klaviyo_settings, running_account
from shopify_customers_harness import Accounts, Noting

from connectors.destination import Delivery, Destination, Operation
from connectors.destinations import build_destination
from connectors.destinations.file import FileSettings
from connectors.destinations.s3 import S3Settings
from connectors.destinations.sendgrid import SendGridSettings
from connectors.destinations.ses import SesSettings
from connectors.destinations.shopify import ShopifyActivationSettings
from connectors.destinations.webhook import WebhookSettings
from connectors.outgoing import DiscountCode, Email, Event
from connectors.sandbox import faults, receiver
from connectors.sandbox.s3 import KEY_ID as BUCKET_KEY
from connectors.sandbox.s3 import REGION as BUCKET_REGION
from connectors.sandbox.s3 import SECRET as BUCKET_SECRET
from connectors.sandbox.s3 import running_bucket
from connectors.sandbox.sendgrid import running_sendgrid
from connectors.sandbox.ses import KEY_ID, REGION, running_ses
from connectors.sandbox.ses import SECRET as SES_SECRET
from connectors.sandbox.shopify import Shop, running_shopify

SENT_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
SECRET = "a secret of the contract"
SHORT_BATCH = 5
API_KEY = "SG.a-key-of-the-contract"


@dataclass
class Harness:
    """A destination and its other end.

    Attributes:
        destination: The destination, with a batch size of `SHORT_BATCH`.
        effects: What the receiving side took, in order: action key, customer, operation and payload.
        unreachable: The same destination with nothing at its other end.
        message: The nth thing that it can be asked to send; None where its operations are states only.
        mistreat: Has the next request answered badly: "loses" takes it and cuts the connection, "slow" asks to come
            back in 20 seconds, "refuses" says that it is wrong; False where it knows no such answer. None where nothing
            answers, such as a folder.
    """

    destination: Destination
    effects: Callable[[], list[dict[str, Any]]]
    unreachable: Destination
    message: Callable[[int], Delivery] | None = None
    mistreat: Callable[[str], object] | None = None


def delivery(number: int, *, operation: Operation = Operation.UPSERT, **values: Any) -> Delivery:
    """The nth customer's values, or their leaving."""
    payload = {"email": f"c{number}@shop.example", "clv_amount": "12.50", **values}
    if operation is Operation.REMOVE:
        payload = {"customer_id": f"c{number}"}
    return Delivery(f"{operation}-{number:060d}", "cdnow", "at_risk", f"c{number}", operation, payload)


def email(number: int) -> Delivery:
    """The nth customer's email."""
    message = Email(
        to_address=f"c{number}@shop.example",
        to_name="Zoë O'Neil",
        from_address="hello@shop.example",
        from_name="The Shop",
        reply_to="answers@shop.example",
        subject=f"We miss you, {number} 🎂",
        html='<p>Ten percent "off" for {{you}} &amp; yours</p>',
        text="Ten percent off",
        headers={
            "List-Unsubscribe": f"<https://shop.example/u/{number}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        tags={"campaign": "win-back"},
    )
    return Delivery(f"send-{number:059d}", "cdnow", "win-back", f"c{number}", Operation.SEND, message.payload())


def event(number: int) -> Delivery:
    """What happened to the nth customer."""
    happened = Event(
        name="Perennial win-back",
        email=f"c{number}@shop.example",
        occurred_at="2026-01-05T00:59:00+00:00",
        properties={"title": "Ten percent", "arm": "a", "owner": "O'Neil"},
        value="12.50",
        currency_code="USD",
    )
    return Delivery(f"send-{number:059d}", "cdnow", "win-back", f"c{number}", Operation.SEND, happened.payload())


@contextmanager
def nowhere() -> Iterator[str]:
    """An address at which nothing listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def webhook(folder: Path) -> Iterator[Harness]:
    with nowhere() as dead, receiver.running_receiver(folder / "receiver.jsonl", SECRET) as running:

        def build(url: str) -> Destination:
            settings = {"type": "webhook", "name": "crm", "url": url, "secret": SECRET}
            more = {"batch_size": SHORT_BATCH, "idempotency": "action_key"}
            return build_destination(WebhookSettings.model_validate(settings | more), folder)

        bad = {
            "loses": receiver.Fault(takes=True, drops=True),
            "slow": receiver.Fault(status=429, retry_after="20"),
            "refuses": receiver.Fault(status=422),
        }
        yield Harness(
            build(running.url),
            running.effects,
            build(f"{dead}/deliveries"),
            email,
            lambda how: running.faults.append(bad[how]),
        )


def file(folder: Path, *, format_: str) -> Iterator[Harness]:
    blocked = folder / "blocked"
    blocked.write_text("a file where the folder should be")

    def build(path: Path) -> Destination:
        settings = {"type": "file", "name": "export", "folder": path, "format": format_, "batch_size": SHORT_BATCH}
        return build_destination(FileSettings.model_validate(settings), folder)

    def effects() -> list[dict[str, Any]]:
        paths = [path for path in (folder / "exports").rglob("*") if path.is_file()]
        texts = [path.read_text(encoding="utf-8") for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns)]
        return [record for text in texts for record in records_of(text, format_)]

    yield Harness(build(Path("exports")), effects, build(blocked / "exports"), email if format_ == "jsonl" else None)


def records_of(text: str, format_: str) -> Iterator[dict[str, Any]]:
    """The records of one exported file."""
    if format_ == "jsonl":
        yield from map(json.loads, text.split("\n")[:-1])
        return
    identity = ("action_key", "merchant_id", "audience", "customer_id", "operation", "sent_at")
    for row in csv.DictReader(text.splitlines(keepends=True)):
        payload = {name: value for name, value in row.items() if name not in identity and value != ""}
        yield {**{name: row[name] for name in identity}, "payload": payload}


def sendgrid(folder: Path) -> Iterator[Harness]:
    with nowhere() as dead, running_sendgrid(folder / "sendgrid.jsonl", API_KEY, lambda: SENT_AT) as running:

        def build(url: str) -> Destination:
            settings = {"type": "sendgrid", "name": "mail", "url": url, "api_key": API_KEY, "batch_size": SHORT_BATCH}
            return build_destination(SendGridSettings.model_validate(settings), folder)

        def effects() -> list[dict[str, Any]]:
            return [
                {
                    "action_key": effect["arguments"]["action_key"],
                    "customer_id": effect["to"].partition("@")[0],
                    "operation": "send",
                    "payload": {name: effect[name] for name in ("subject", "html", "text", "headers")},
                }
                for effect in running.effects()
            ]

        yield Harness(
            build(running.url),
            effects,
            build(dead),
            email,
            lambda how: running.faults.add(BAD[how]),
        )


def klaviyo(folder: Path, *, object_: str) -> Iterator[Harness]:
    time = Time(SENT_AT)
    with nowhere() as dead, running_account(folder / "klaviyo.jsonl", time) as running:

        def build(url: str) -> Remembering:
            # So little patience that a wait of 20 seconds is left to the next run.
            more = {"batch_size": SHORT_BATCH, "patience_seconds": 19}
            more |= {"list_id": LIST_ID} if object_ == "profiles" else {}
            return Remembering(klaviyo_settings(url, object=object_, **more), time.pacing)

        built = build(running.url)
        yield Harness(
            built,
            lambda: built.effects(running),
            build(dead),
            event if object_ == "events" else None,
            # It tries three times by itself before it calls an answer lost.
            lambda how: running.faults.add(BAD[how], times=3 if how == "loses" else 1),
        )


def code(number: int) -> Delivery:
    """The nth customer's discount code."""
    discount = DiscountCode(
        code=f"WELCOME{number}",
        title="Win-back 10%",
        kind="percentage",
        amount=Decimal("0.1"),
        starts_at=SENT_AT,
        ends_at=SENT_AT + timedelta(days=30),
    )
    return Delivery(f"code-{number:059d}", "cdnow", "win-back", f"c{number}", Operation.SEND, discount.payload())


def shopify_codes(folder: Path) -> Iterator[Harness]:
    shop = Shop(clock=lambda: SENT_AT)
    with nowhere() as dead, running_shopify(shop) as running:
        token = running.access.issue_static_token()

        def build(url: str) -> Destination:
            settings = {"type": "shopify", "name": "shop", "object": "discount_codes", "url": url}
            more = {"access_token": token, "batch_size": SHORT_BATCH}
            return build_destination(ShopifyActivationSettings.model_validate(settings | more), folder)

        def effects() -> list[dict[str, Any]]:
            numbers = [effect["code"].removeprefix("WELCOME") for effect in shop.effects]
            return [
                {
                    "action_key": code(int(number)).action_key,
                    "customer_id": f"c{number}",
                    "operation": "send",
                    "payload": {
                        "code": effect["code"],
                        "title": effect["title"],
                        "amount": str(shop.discounts.records[effect["discount_id"]].percentage),
                    },
                }
                for number, effect in zip(numbers, shop.effects, strict=True)
            ]

        def mistreat(how: str) -> None:
            if how != "refuses":
                running.faults.add(BAD[how], path="graphql")
                return
            refusal = {"code": "INVALID", "field": ["basicCodeDiscount"], "message": "not so"}
            answer = {"data": {"discountCodeBasicCreate": {"codeDiscountNode": None, "userErrors": [refusal]}}}
            running.faults.add(faults.Fault(status=200, body=json.dumps(answer).encode()), path="graphql")

        yield Harness(build(running.url), effects, build(dead), code, mistreat)


def shopify_metafields(_folder: Path) -> Iterator[Harness]:
    shop = Shop(clock=lambda: SENT_AT)
    with nowhere() as dead, running_shopify(shop) as running:
        token, accounts = running.access.issue_static_token(), Accounts(shop)

        def build(url: str) -> Noting:
            settings = {"type": "shopify", "name": "shop", "object": "metafields", "store": "web", "url": url}
            more = {"access_token": token, "batch_size": SHORT_BATCH, "concurrency": 1}
            return Noting(ShopifyActivationSettings.model_validate(settings | more), shop, accounts)

        built = build(running.url)
        yield Harness(built, lambda: built.effects, build(dead))


def ses(folder: Path, *, is_bulk: bool) -> Iterator[Harness]:
    with nowhere() as dead, running_ses(folder / "ses.jsonl", lambda: SENT_AT) as running:

        def build(url: str) -> Destination:
            settings = {"type": "ses", "name": "mail", "url": url, "region": REGION, "access_key_id": KEY_ID}
            more = {"secret_access_key": SES_SECRET, "batch_size": SHORT_BATCH, "bulk": is_bulk}
            return build_destination(SesSettings.model_validate(settings | more), folder)

        def effects() -> list[dict[str, Any]]:
            return [
                {
                    "action_key": effect["tags"]["action_key"],
                    "customer_id": effect["to"].partition("@")[0],
                    "operation": "send",
                    "payload": {
                        **{name: effect[name] for name in ("subject", "html", "text", "headers")},
                        "to_address": effect["to"],
                        "to_name": effect["to_name"],
                        "from_name": effect["from_name"],
                    },
                }
                for effect in running.effects()
            ]

        yield Harness(build(running.url), effects, build(dead), email, lambda how: running.faults.add(BAD[how]))


def s3(folder: Path, *, format_: str) -> Iterator[Harness]:
    with nowhere() as dead, running_bucket(folder / "s3.jsonl", lambda: SENT_AT) as running:

        def build(url: str) -> Destination:
            settings = {"type": "s3", "name": "lake", "url": url, "bucket": running.bucket, "region": BUCKET_REGION}
            keys = {"access_key_id": BUCKET_KEY, "secret_access_key": BUCKET_SECRET}
            more = {"format": format_, "batch_size": SHORT_BATCH}
            return build_destination(S3Settings.model_validate(settings | keys | more), folder)

        def effects() -> list[dict[str, Any]]:
            return [record for text in running.objects.values() for record in records_of(text, format_)]

        # No refusal of a store is about a record.
        bad = {**BAD, "refuses": None}

        def mistreat(how: str) -> bool:
            fault = bad[how]
            if fault is not None:
                running.faults.add(fault)
            return fault is not None

        yield Harness(build(running.url), effects, build(dead), email if format_ == "jsonl" else None, mistreat)


BAD = {
    "loses": faults.Fault(takes=True, resets=True),
    "slow": faults.Fault(status=429, retry_after="20"),
    "refuses": faults.Fault(status=400, body=b'{"errors": [{"message": "not so", "field": "subject"}]}'),
}

HARNESSES: dict[str, Callable[[Path], Iterator[Harness]]] = {
    "webhook": webhook,
    "file_jsonl": lambda folder: file(folder, format_="jsonl"),
    "file_csv": lambda folder: file(folder, format_="csv"),
    "sendgrid": sendgrid,
    "klaviyo_profiles": lambda folder: klaviyo(folder, object_="profiles"),
    "klaviyo_events": lambda folder: klaviyo(folder, object_="events"),
    "shopify_codes": shopify_codes,
    "s3_jsonl": lambda folder: s3(folder, format_="jsonl"),
    "s3_csv": lambda folder: s3(folder, format_="csv"),
    "shopify_metafields": shopify_metafields,
    "ses": lambda folder: ses(folder, is_bulk=False),
    "ses_bulk": lambda folder: ses(folder, is_bulk=True),
}

# Who keeps what an audience's members are worth, and who can be asked to send something once.
KEEPING = ("webhook", "file_jsonl", "file_csv", "klaviyo_profiles", "s3_jsonl", "s3_csv", "shopify_metafields")
SENDING = ("webhook", "file_jsonl", "sendgrid", "klaviyo_events", "shopify_codes", "ses", "ses_bulk", "s3_jsonl")
