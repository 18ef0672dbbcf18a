"""Reading settings: an invalid value is refused with the name of its variable."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.env import (
    BadSetting,
    env_bool,
    env_choice,
    env_folder,
    env_int,
    env_list,
    env_memory,
    env_server,
    env_str,
    env_url,
    secret_key,
    unknown_settings,
)


def test_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "")
    assert env_str("NAME", "default") == "default"
    assert env_int("NAME", 7) == 7
    assert env_bool("NAME", default=True)


def test_value_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n")
    monkeypatch.setenv("NAME_FILE", str(tmp_path / "secret"))
    assert env_str("NAME") == "hidden"


def test_list_is_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "a, b,,c ")
    assert env_list("NAME") == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env_bool("NAME", default=False), "maybe"),
        (lambda: env_int("NAME", 1), "-1"),
        (lambda: env_int("NAME", 1, at_least=60), "59"),
        (lambda: env_choice("NAME", ("open", "closed")), "ajar"),
        (lambda: env_url("NAME", ""), "studio.example.org"),
        (lambda: env_folder("NAME"), "/no/such/folder"),
        (lambda: env_memory("NAME", "1GB"), "lots"),
        (lambda: env_memory("NAME", "1GB"), "512"),
        (lambda: env_memory("NAME", "1GB"), "0MB"),
        (lambda: env_server("NAME"), "redis"),
    ],
)
def test_odd_value_is_named(
    read: Callable[[], object], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAME", value)
    with pytest.raises(BadSetting, match=f"NAME is '{value}'; expected "):
        read()


def test_address_has_no_slash_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "https://studio.example.org/")
    assert env_url("NAME", "") == "https://studio.example.org"


def test_embedded_studio_makes_its_secret_once_and_for_itself(tmp_path: Path) -> None:
    first = secret_key(tmp_path, embedded=True)
    assert len(first) > 50
    assert secret_key(tmp_path, embedded=True) == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


def test_studio_on_a_database_server_needs_a_shared_secret(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="STUDIO_SECRET_KEY is not set"):
        secret_key(tmp_path, embedded=False)


@pytest.mark.parametrize("value", ["512MB", "2 GB", "0.5GiB", "10gb"])
def test_memory_is_handed_on_as_it_is_written(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", value)
    assert env_memory("NAME", "1GB") == value


def test_a_comment_is_not_taken_for_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "# how people reach it")
    with pytest.raises(BadSetting, match="NAME is a comment"):
        env_str("NAME")


@pytest.mark.parametrize("value", ["secret", "#signs-sessions-and-models-made-at-the-first-start"])
def test_a_secret_key_that_can_be_guessed_is_refused(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_SECRET_KEY", value)
    with pytest.raises(
        BadSetting, match="STUDIO_SECRET_KEY is too short or begins with #"
    ) as refused:
        secret_key(tmp_path, embedded=True)
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("misspelled", "meant"),
    [
        ("STUDIO_SINGUP", "STUDIO_SIGNUP"),
        ("STUDIO_PORT", "PORT"),
        ("STUDIO_DATABASE_URL", "DATABASE_URL"),
        ("STUDIO_SIGNUP_FIEL", "STUDIO_SIGNUP_FILE"),
    ],
)
def test_a_misspelled_setting_is_reported_with_the_likely_name(
    misspelled: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(misspelled, "1")
    found = [sentence for sentence in unknown_settings() if sentence.startswith(f"{misspelled} ")]
    assert found == [
        f"{misspelled} is not a setting of the studio and has no effect. Did you mean {meant}?"
    ]


@pytest.mark.parametrize(
    "name", ["STUDIO_SIGNUP", "STUDIO_SECRET_KEY_FILE", "STUDIO_S3_REGION", "STUDIO_REDIS_PASSWORD"]
)
def test_a_known_setting_is_not_reported(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    assert not [sentence for sentence in unknown_settings() if sentence.startswith(f"{name} ")]
