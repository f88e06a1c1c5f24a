"""What sources are given of the world: time, chance, and a place for secrets that nobody else can read."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.deployment import Deployment
from orchestration.runtime import FileSecretStore, source_runtime
from orchestration.settings import Settings

NOW = datetime(2026, 1, 14, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> FileSecretStore:
    return FileSecretStore(tmp_path / "home" / "secrets" / "ink" / "web")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_there_again_and_its_owners_only(store: FileSecretStore, tmp_path: Path) -> None:
    assert store.get("refresh_token") is None
    store.set("refresh_token", "first")
    store.set("refresh_token", "sécond\n")
    assert store.get("refresh_token") == "sécond\n"
    folder = tmp_path / "home" / "secrets" / "ink" / "web"
    assert FileSecretStore(folder).get("refresh_token") == "sécond\n"
    assert mode(folder / "refresh_token") == 0o600
    assert {mode(each) for each in (folder, folder.parent, folder.parent.parent)} == {0o700}
    assert [path.name for path in folder.iterdir()] == ["refresh_token"]


def test_a_secret_that_could_not_be_written_leaves_the_last_one(
    store: FileSecretStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.set("refresh_token", "first")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            store.set("refresh_token", "second")
    assert store.get("refresh_token") == "first"
    assert len(list((tmp_path / "home" / "secrets" / "ink" / "web").iterdir())) == 1


def test_a_secret_is_on_disk_before_it_takes_the_place_of_the_last_one(
    store: FileSecretStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    replace, fsync = Path.replace, os.fsync

    def noted_replace(path: Path, target: Path) -> Path:
        done.append("replace")
        return replace(path, target)

    def noted_fsync(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    monkeypatch.setattr(Path, "replace", noted_replace)
    monkeypatch.setattr(os, "fsync", noted_fsync)
    store.set("token", "x")
    assert done[:2] == ["file", "replace"]
    assert done[2:] == ["folder"] * 3


@pytest.mark.parametrize("name", ["", "../token", "a/b", ".hidden", "Token"])
def test_a_name_that_leads_elsewhere_is_refused(store: FileSecretStore, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a secret"):
        store.set(name, "x")
    with pytest.raises(ValueError, match="no name of a secret"):
        store.get(name)


def test_each_store_has_its_own_secrets_and_the_deployments_clock(settings: Settings) -> None:
    deployment = Deployment(settings, "", clock=lambda: NOW)
    web, outlet = (source_runtime(deployment, "ink", name) for name in ("web", "outlet"))
    web.secrets.set("token", "x")
    assert outlet.secrets.get("token") is None
    assert source_runtime(deployment, "ink", "web").secrets.get("token") == "x"
    assert web.clock() == NOW
    assert web.random.random() != outlet.random.random()
