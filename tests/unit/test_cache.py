"""The cache keeps within its limit, and loses what was not used for longest."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from pytest_django import Settings

from studio import cache
from studio.celery import clean_up
from studio.engine.runtime.cache import Cache

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
