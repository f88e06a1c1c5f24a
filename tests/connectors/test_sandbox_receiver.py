"""The receiver is the tests' witness: it must not lose, double or make up what it took."""

import hashlib
import hmac
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from connectors.sandbox.receiver import Receiver, running_receiver

SECRET = "a secret of the test"


def record(key: str, customer_id: str = "c1", operation: str = "upsert", **payload: Any) -> dict[str, Any]:
    return {
        "action_key": key,
        "merchant_id": "cdnow",
        "audience": "at_risk",
        "customer_id": customer_id,
        "operation": operation,
        "payload": payload,
    }


def post(url: str, *records: dict[str, Any], secret: str = SECRET) -> list[str]:
    body = json.dumps({"deliveries": records}).encode()
    mac = hmac.new(secret.encode(), b"1." + body, hashlib.sha256).hexdigest()
    request = Request(url, data=body, headers={"Perennial-Signature": f"t=1,v1={mac}"})
    with urlopen(request, timeout=10) as response:
        return [result["status"] for result in json.load(response)["results"]]


def test_a_key_has_one_effect_even_across_a_restart(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "receiver.jsonl"
    with running_receiver(log, SECRET) as receiver:
        assert post(receiver.url, record("a", n=1), record("a", n=1)) == ["accepted", "accepted"]
        assert post(receiver.url, record("a", n=1)) == ["accepted"]
    with running_receiver(log, SECRET) as receiver:
        assert post(receiver.url, record("a", n=1), record("b", n=2)) == ["accepted", "accepted"]
        assert [effect["action_key"] for effect in receiver.effects()] == ["a", "b"]
        assert len(receiver.requests()) == 3


def test_a_key_that_comes_with_other_content_is_a_mistake_worth_seeing(tmp_path: Path) -> None:
    with running_receiver(tmp_path / "log", SECRET) as receiver:
        assert post(receiver.url, record("a", n=1)) == ["accepted"]
        assert post(receiver.url, record("a", n=2)) == ["rejected"]


def test_an_endpoint_without_idempotency_doubles(tmp_path: Path) -> None:
    with running_receiver(tmp_path / "log", SECRET) as receiver:
        receiver.forgets = True
        post(receiver.url, record("a"))
        post(receiver.url, record("a"))
        assert len(receiver.effects()) == 2


def test_what_is_held_follows_upserts_and_removals(tmp_path: Path) -> None:
    with running_receiver(tmp_path / "log", SECRET) as receiver:
        post(receiver.url, record("a", "c1", n=1), record("b", "c2", n=1))
        post(receiver.url, record("c", "c1", n=2), record("d", "c2", "remove"))
        assert receiver.held("cdnow", "at_risk") == {"c1": {"n": 2}}
        assert receiver.held("other", "at_risk") == {}


def test_an_unsigned_request_has_no_effect(tmp_path: Path) -> None:
    with running_receiver(tmp_path / "log", SECRET) as receiver:
        with pytest.raises(HTTPError) as caught:
            post(receiver.url, record("a"), secret="another secret")
        assert caught.value.code == 401
        caught.value.close()
        assert receiver.effects() == []


def test_a_torn_line_is_cut_and_the_log_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running_receiver(log, SECRET) as receiver:
        post(receiver.url, record("a"))
    with log.open("ab") as file:
        file.write(b'{"kind": "effect", "action_key": "b", "dig')
    with running_receiver(log, SECRET) as receiver:
        assert post(receiver.url, record("b")) == ["accepted"]
        assert [effect["action_key"] for effect in receiver.effects()] == ["a", "b"]


def test_a_taken_port_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with running_receiver(tmp_path / "log", SECRET) as receiver:
        port = int(receiver.url.split(":")[2].split("/")[0])
        with (
            pytest.raises(OSError, match="address already in use"),
            running_receiver(tmp_path / "b", SECRET, port=port),
        ):
            pytest.fail("two receivers on one port")


def test_it_serves_in_a_process_of_its_own_until_terminated(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from connectors.sandbox.receiver import serve\n"
        "serve(pathlib.Path(sys.argv[1]), sys.argv[2], on_ready=lambda url: print(url, flush=True))\n"
    )
    log = tmp_path / "log"
    command = [sys.executable, "-c", code, str(log), SECRET]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert post(url, record("a")) == ["accepted"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert [effect["action_key"] for effect in Receiver(log, SECRET).effects()] == ["a"]
