"""The cache keeps within its limit, and loses what was not used for longest."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings

from studio import cache
from studio.celery import clean_up
from studio.engine.runtime.cache import Cache
from studio.engine.text.embedding_store import EmbeddingStore

BLOCK = 64 * 1024


def entry(folder: Path, name: str, used_at: float) -> Path:
    path = folder / name[0] / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(os.urandom(BLOCK))
    os.utime(path, (used_at, used_at))
    return path


def test_least_recently_used_files_go_first(tmp_path: Path) -> None:
    paths = [entry(tmp_path, f"e{number}", 1_000_000 + number) for number in range(10)]
    assert cache.prune(tmp_path, 5 * BLOCK) == 6 * BLOCK
    assert [path.exists() for path in paths] == [False] * 6 + [True] * 4


def test_cache_within_its_limit_stays_as_it_is(tmp_path: Path) -> None:
    path = entry(tmp_path, "e", 1_000_000)
    assert cache.prune(tmp_path, 5 * BLOCK) == 0
    assert path.exists()
    assert cache.prune(tmp_path / "nothing", 0) == 0


def test_what_an_analysis_reads_counts_as_used(tmp_path: Path) -> None:
    store = Cache(tmp_path)
    for number, key in enumerate(("aa", "bb")):
        store.put(key, {"values": np.random.default_rng(0).random(BLOCK // 8)})
        path = next(tmp_path.glob(f"*/{key}.npz"))
        os.utime(path, (1_000_000 + number, 1_000_000 + number))
    assert store.get("aa") is not None
    cache.prune(tmp_path, BLOCK + BLOCK // 2)
    assert store.get("aa") is not None
    assert store.get("bb") is None


@pytest.mark.django_db
def test_clean_up_keeps_the_studios_cache_within_its_setting(
    settings: Settings, tmp_path: Path
) -> None:
    settings.CACHE_DIR, settings.SCRATCH_DIR = tmp_path / "cache", tmp_path / "scratch"
    settings.CACHE_DIR.mkdir()
    path = entry(settings.CACHE_DIR, "e", 1_000_000)
    settings.MAX_CACHE_BYTES = 0
    clean_up()
    assert path.exists()
    settings.MAX_CACHE_BYTES = 10
    clean_up()
    assert not path.exists()
    assert settings.SCRATCH_DIR.is_dir()


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", refuse)


def test_no_flipped_bit_of_an_entry_goes_unnoticed(tmp_path: Path) -> None:
    store = Cache(tmp_path)
    store.put("key", {"values": np.arange(20.0)})
    path = next(tmp_path.glob("*/key.npz"))
    content = path.read_bytes()
    for place in range(len(content)):
        flipped = bytes([content[place] ^ 1 << place % 8])
        path.write_bytes(content[:place] + flipped + content[place + 1 :])
        assert store.get("key") is None
        assert not path.exists()


@pytest.mark.usefixtures("full_disk")
def test_full_disk_costs_the_entry_and_not_the_work(tmp_path: Path) -> None:
    store = Cache(tmp_path)
    assert store.recall("key", lambda: np.arange(3)).tolist() == [0, 1, 2]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.fixture
def embeddings(tmp_path: Path) -> EmbeddingStore:
    store = EmbeddingStore(tmp_path / "vectors.sqlite3")
    vectors = np.arange(12, dtype=np.float16).reshape(2, 6)
    store.put(["good", "bad"], vectors, n_own=4)
    return store


@pytest.mark.parametrize("is_deep", [False, True])
def test_damaged_embedding_is_forgotten_and_the_others_are_used(
    embeddings: EmbeddingStore, tmp_path: Path, is_deep: bool
) -> None:
    with sqlite3.connect(tmp_path / "vectors.sqlite3") as file:
        damage = "UPDATE embeddings SET vector = zeroblob(12) WHERE vector > x'0046'"
        assert file.execute(damage).rowcount == 1
    file.close()
    known = embeddings.get(["good", "bad"], is_deep=is_deep)
    assert list(known) == ["good"]
    assert known["good"].tolist() == list(range(6 if is_deep else 4))
    embeddings.put(["bad"], np.ones((1, 6), dtype=np.float16), n_own=4)
    assert set(embeddings.get(["good", "bad"], is_deep=is_deep)) == {"good", "bad"}


def test_file_of_embeddings_that_cannot_be_read_is_begun_anew(
    embeddings: EmbeddingStore, tmp_path: Path
) -> None:
    (tmp_path / "vectors.sqlite3").write_bytes(b"no database at all" * 500)
    assert embeddings.get(["good"], is_deep=False) == {}
    embeddings.put(["good"], np.ones((1, 6), dtype=np.float16), n_own=4)
    assert set(embeddings.get(["good"], is_deep=False)) == {"good"}


def test_embeddings_that_cannot_be_written_fail_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    store = EmbeddingStore(tmp_path / "file" / "vectors.sqlite3")
    store.put(["text"], np.ones((1, 6), dtype=np.float16), n_own=4)
    assert "not kept" in caplog.text
