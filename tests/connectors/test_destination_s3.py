from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.destination import Delivery, Operation
from connectors.destinations.s3 import S3Destination, S3Settings
from connectors.sandbox.faults import Fault
from connectors.sandbox.s3 import KEY_ID, REGION, SECRET, BucketSandbox, running_bucket

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
ACCESS = {"region": REGION, "access_key_id": KEY_ID, "secret_access_key": SECRET}


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[BucketSandbox]:
    with running_bucket(tmp_path / "s3.jsonl", lambda: NOW) as running:
        yield running


def build(url: str, **settings: Any) -> S3Destination:
    values = {"type": "s3", "name": "lake", "bucket": "exports", "url": url, **ACCESS, **settings}
    return S3Destination(S3Settings.model_validate(values))


def record(number: int, *, audience: str = "at_risk", **payload: Any) -> Delivery:
    values = {"email": f"c{number}@shop.example", "note": "two\nlines, and a comma", **payload}
    return Delivery(f"key-{number}", "cdnow", audience, f"c{number}", Operation.UPSERT, values)


def test_a_batch_is_one_object_under_a_name_of_its_own(bucket: BucketSandbox) -> None:
    destination = build(bucket.url, prefix="a/b")
    results = destination.send([record(1), record(2), record(3, audience="../é")], sent_at=NOW)
    folders = sorted(name.rpartition("/")[0] for name in bucket.objects)
    assert folders == ["a/b/cdnow/at_risk", "a/b/cdnow/~2e~2e~2f~c3~a9"]
    assert {result.provider_reference for result in results} == set(bucket.objects)
    again = destination.send([record(2), record(1)], sent_at=NOW)
    assert [result.provider_reference for result in again] == [results[1].provider_reference] * 2
    assert len(bucket.journal.entries("object")) == 2


@pytest.mark.parametrize("format_", ["jsonl", "csv"])
def test_what_was_not_answered_is_looked_up_on_every_page(bucket: BucketSandbox, format_: str) -> None:
    destination = build(bucket.url, format=format_)
    bucket.page_size = 2
    for number in range(5):
        destination.send([record(number)], sent_at=NOW)
    bucket.faults.add(Fault(resets=True, takes=True))
    [lost] = destination.send([record(7)], sent_at=NOW)
    assert lost.outcome == "maybe_sent"
    results = destination.read_back([record(7), record(8), record(0), record(4, audience="other")], asked_at=NOW)
    assert [result.outcome for result in results] == ["accepted", "retry", "accepted", "retry"]
    bucket.faults.add(Fault(status=503), when=lambda request: "list-type" in request.query, skips=1)
    [absent] = destination.read_back([record(9)], asked_at=NOW)
    assert absent.outcome == "retry", "a read that failed once was not made again"
    bucket.faults.add(Fault(status=503), when=lambda request: "list-type" in request.query, skips=1, times=3)
    [unknown] = destination.read_back([record(9)], asked_at=NOW)
    assert unknown.outcome == "maybe_sent"
    bucket.objects["perennial/cdnow/at_risk/zz"] = "none\nof ours\n"
    [unknown] = destination.read_back([record(9)], asked_at=NOW)
    assert (unknown.outcome, "move it away" in str(unknown.reason)) == ("maybe_sent", True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"secret_access_key": "another secret"}, "SignatureDoesNotMatch"),
        ({"access_key_id": "somebody"}, "InvalidAccessKeyId"),
        ({"bucket": "elsewhere"}, "NoSuchBucket"),
    ],
)
def test_no_refusal_is_about_the_records(bucket: BucketSandbox, settings: dict[str, str], words: str) -> None:
    [result] = build(bucket.url, **settings).send([record(1)], sent_at=NOW)
    assert result.outcome == "retry"
    assert words in str(result.reason)
    assert bucket.objects == {}
    bucket.faults.add(Fault(status=400), Fault(status=500))
    outcomes = [build(bucket.url).send([record(1)], sent_at=NOW)[0].outcome for _ in range(3)]
    assert outcomes == ["retry", "maybe_sent", "accepted"]


def test_settings_find_the_bucket_and_refuse_what_cannot_be_one() -> None:
    values = {"type": "s3", "name": "lake", "bucket": "exports", **ACCESS}
    assert S3Settings.model_validate(values).url == f"https://exports.s3.{REGION}.amazonaws.com"
    elsewhere = S3Settings.model_validate({**values, "url": "https://minio.example.com/"})
    assert elsewhere.url == "https://minio.example.com/exports"
    for wrong in ({"bucket": "No_Bucket"}, {"prefix": "/a"}, {"prefix": "../a"}, {"url": "http://minio.example.com"}):
        with pytest.raises(ValidationError):
            S3Settings.model_validate({**values, **wrong})
