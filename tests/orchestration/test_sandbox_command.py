"""`perennial sandbox`: shops to try things on, the lines that connect to them, and their life while they are up."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from connectors.destination import Delivery, Operation, Outcome
from connectors.destinations import build_destination
from connectors.sandbox.receiver import running_receiver
from models.errors import MisconfiguredError
from orchestration.configuration import load_configuration
from orchestration.references import references, sandbox_access
from orchestration.sandbox import declarations, made_up_histories
from orchestration.sandbox_process import READY, reads_from_sandbox, sandbox_process
from orchestration.settings import PROJECT_FOLDER, Settings
from orchestration.trial_reading import check_configuration

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
PERENNIAL = Path(sys.executable).parent / "perennial"


def on_free_ports(folder: Path, config: str) -> Settings:
    """A deployment whose sandbox listens on ports that nobody has."""
    ports = []
    for _ in range(4):  # a receiver's port was free a moment ago, and is again
        with running_receiver(folder / "log.jsonl", secret="unused") as receiver:
            ports.append(int(receiver.url.rpartition(":")[2].partition("/")[0]))
    path = folder / "perennial.yml"
    path.write_text(config, encoding="utf-8")
    return Settings(
        PROJECT_FOLDER,
        folder / "home",
        path,
        sandbox_shopify_port=ports[0],
        sandbox_bigcommerce_port=ports[1],
        sandbox_woocommerce_port=ports[2],
        sandbox_klaviyo_port=ports[3],
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return on_free_ports(tmp_path, yaml.safe_dump(declarations(is_demonstration=False)))


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """The command under way, and what it printed before it was ready."""
    command = [str(PERENNIAL), "sandbox", "--customers", "60", "--activity", "0.05", "--until-input-ends"]
    with sandbox_environment(settings, command) as process:
        printed = []
        for line in process.stdout or ():
            printed.append(line)
            if line.startswith(READY):
                break
        yield process, printed
        process.kill()


def sandbox_environment(settings: Settings, command: list[str]) -> "subprocess.Popen[str]":
    environment = {
        "PATH": "/usr/bin:/bin",
        "PERENNIAL_HOME": str(settings.home),
        "PERENNIAL_SANDBOX_SHOPIFY_PORT": str(settings.sandbox_shopify_port),
        "PERENNIAL_SANDBOX_BIGCOMMERCE_PORT": str(settings.sandbox_bigcommerce_port),
        "PERENNIAL_SANDBOX_WOOCOMMERCE_PORT": str(settings.sandbox_woocommerce_port),
        "PERENNIAL_SANDBOX_KLAVIYO_PORT": str(settings.sandbox_klaviyo_port),
    }
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_what_it_prints_connects_to_living_shops(
    settings: Settings, sandbox: tuple["subprocess.Popen[str]", list[str]]
) -> None:
    process, printed = sandbox
    printed_declarations = "".join(line for line in printed if not line.startswith(READY))
    settings.config_path.write_text(printed_declarations, encoding="utf-8")
    lines = list(check_configuration(settings))
    stores = [line for line in lines if line.startswith("sandbox/")]
    assert [re.match(r"sandbox/(\w+): 'Sandbox \(\1\)', ", line) is not None for line in stores] == [True] * 3
    assert sum(line.startswith("  for example customer") for line in lines) == 3
    assert not any("note:" in line for line in lines)
    [declared] = load_configuration(settings.config_path, references(settings)).destinations
    nobody = Delivery("key", "sandbox", "everybody", "c1", Operation.REMOVE, {"customer_id": "c1"})
    [sent] = build_destination(declared, settings.home).send([nobody], sent_at=NOW)
    assert sent.outcome is Outcome.ACCEPTED, sent.reason
    [*_, asked] = (settings.home / "sandbox-klaviyo.jsonl").read_text(encoding="utf-8").splitlines()
    assert '"path":"/api/profiles","status":200' in asked
    assert process.stdout is not None
    happened = [process.stdout.readline() for _ in range(6)]
    assert all(re.match(r"(shopify|bigcommerce|woocommerce): \w+", line) for line in happened)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0, "it ends with who started it"


def test_a_key_that_opens_nothing_is_an_error_that_names_it(
    settings: Settings, sandbox: tuple["subprocess.Popen[str]", list[str]]
) -> None:
    del sandbox
    text = settings.config_path.read_text(encoding="utf-8")
    settings.config_path.write_text(text.replace("${PERENNIAL_SANDBOX_SHOPIFY_TOKEN}", "shpat_wrong"), encoding="utf-8")
    lines: list[str] = []
    with pytest.raises(MisconfiguredError, match=r"^merchants\[0\]\.stores\[0\]\.source\.access_token: "):
        lines.extend(check_configuration(settings))
    settings.config_path.write_text(text.replace("${PERENNIAL_SANDBOX_WOOCOMMERCE_SECRET}", "cs_wrong"))
    said: list[str] = []
    with pytest.raises(MisconfiguredError, match=r"^merchants\[0\]\.stores\[2\]\.source\.consumer"):
        said.extend(check_configuration(settings))
    assert sum(line.startswith("sandbox/") for line in said) == 2, "the other stores are told of all the same"


def test_the_printed_lines_are_valid_and_hold_no_secret(settings: Settings) -> None:
    for is_demonstration in (True, False):
        written = yaml.safe_dump(declarations(is_demonstration=is_demonstration))
        settings.config_path.write_text(written, encoding="utf-8")
        configuration = load_configuration(settings.config_path, references(settings))
        assert [store.source.type for store in configuration.merchants[0].stores] == [
            "shopify",
            "bigcommerce",
            "woocommerce",
        ]
        access = sandbox_access(settings)
        for secret in (access.shopify_token, access.bigcommerce_token, access.woocommerce_secret, access.klaviyo_key):
            assert secret not in written


def test_secrets_are_a_deployments_own_and_stay(settings: Settings, tmp_path: Path) -> None:
    assert sandbox_access(settings) == sandbox_access(settings)
    other = Settings(PROJECT_FOLDER, tmp_path / "other", settings.config_path)
    assert sandbox_access(other).shopify_token != sandbox_access(settings).shopify_token


def test_the_made_up_past_ends_on_the_day_before() -> None:
    histories = made_up_histories(80, 1, NOW)
    purchases = [purchase for history in histories.values() for purchase in history.purchases]
    last = max(purchase.ordered_at for purchase in purchases)
    assert last.astimezone(ZoneInfo("UTC")).date() == datetime(2026, 1, 13, tzinfo=UTC).date()
    assert sum(len(history.buyers) for history in histories.values()) == 80
    assert made_up_histories(80, 1, NOW) == histories
    assert made_up_histories(80, 2, NOW) != histories


def test_shops_are_opened_only_for_who_reads_from_them(settings: Settings, tmp_path: Path) -> None:
    assert reads_from_sandbox(settings)
    text = settings.config_path.read_text(encoding="utf-8")
    for platform in ("SHOPIFY", "BIGCOMMERCE", "WOOCOMMERCE"):
        text = text.replace(f"${{PERENNIAL_SANDBOX_{platform}_URL}}", "https://shop.example.com")
    settings.config_path.write_text(text, encoding="utf-8")
    assert not reads_from_sandbox(settings)
    with sandbox_process(settings) as wait:
        wait()
