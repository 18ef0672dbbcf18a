"""Keeps measures between runs of the benchmark and lays them out, for a terminal and for the
documentation.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks import programs
from tests.benchmarks.process import PEERS_PYTHON, ROOT

DOCUMENT = ROOT / "docs" / "benchmarks.md"
_LIBRARIES = ("scikit-learn", "numpy", "pandas", "cleanlab", "torch", "sentence-transformers")
_PEER_LIBRARIES = (
    "scikit-learn",
    "pandas",
    "cleanlab",
    "autogluon.tabular",
    "lightgbm",
    "catboost",
    "xgboost-cpu",
)
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_ORDER = tuple(program.name for program in programs.PROGRAMS)


@dataclass(frozen=True, slots=True)
class Measure:
    """One program on one task. `embed_s` is the time of the embeddings that it was handed; None
    where it has none.

    `noisy` and `fixed` are accuracy (F1, R²), log loss (root mean squared error) and macro F1 on
    the test rows, learned from the given labels and after the worst rows, as many as there are
    errors, got their true label.

    The last six are those of `Claims`; None for programs other than the studio.
    """

    task: str
    program: str
    n_rows: int
    n_errors: int
    measured_at: str
    wall_s: float
    cpu_s: float
    embed_s: float | None
    peak_mb: float
    average_precision: float
    auroc: float
    n_flagged: int
    precision_of_flags: float
    recall_of_flags: float
    noisy: tuple[float, float, float | None] | None
    fixed: tuple[float, float, float | None] | None
    calibration_error: float | None = None
    expected_precision: float | None = None
    n_suggested: int | None = None
    right_suggestions: float | None = None
    right_before: float | None = None
    right_after: float | None = None


_COLUMNS = (
    "task", "program", "seconds", "+ embedding", "CPU s", "peak MB", "AP", "AUROC", "flagged",
    "precision", "recall",
    "accuracy", "cleaned", "log loss", "cleaned", "macro F1", "cleaned",
)  # fmt: skip
_CLAIM_COLUMNS = (
    "task", "program", "rows", "calibration error", "flags wrong, said", "true",
    "suggestions", "right", "labels right before", "after",
)  # fmt: skip


def now() -> str:
    """Return the moment for `measured_at`."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


def merged(path: Path, fresh: Sequence[Measure]) -> list[Measure]:
    """Return what the file holds with the fresh measures in place of those of the same task and
    program; keep it.
    """
    kept = (
        {(row["task"], row["program"]): row for row in json.loads(path.read_text())}
        if path.exists()
        else {}
    )
    kept |= {(measure.task, measure.program): asdict(measure) for measure in fresh}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(kept.values()), indent=1))
    return [Measure(**row) for row in kept.values()]


def table(measures: Sequence[Measure]) -> str:
    """Return the measures as a Markdown table, aligned so that it also reads well in a terminal."""
    return _aligned([_COLUMNS, *(_cells(measure) for measure in sorted(measures, key=_rank))])


def claims_table(measures: Sequence[Measure]) -> str:
    """Return what the studio says beside what is true, as such a table."""
    told = [one for one in sorted(measures, key=_rank) if one.expected_precision is not None]
    return _aligned([_CLAIM_COLUMNS, *(_claim_cells(measure) for measure in told)])


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(_padded(row, widths)) + " |" for row in rows]
    rules = ["-" * width for width in widths[:2]] + [
        "-" * (width - 1) + ":" for width in widths[2:]
    ]
    return "\n".join([lines[0], "| " + " | ".join(rules) + " |", *lines[1:]])


def write_document(measures: Sequence[Measure], skipped: Mapping[str, str]) -> None:
    """Replace what is between the marks of the documentation page; what people wrote around them
    stays.
    """
    facts = "\n".join(
        [
            _machine(),
            "",
            table(measures),
            "",
            claims_table(measures),
            "",
            *(f"- {name}: {why}" for name, why in skipped.items()),
        ]
    )
    page = DOCUMENT.read_text()
    before, rest = page.split(_BEGIN)
    DOCUMENT.write_text(f"{before}{_BEGIN}\n{facts.rstrip()}\n{_END}{rest.split(_END)[1]}")


def _rank(measure: Measure) -> tuple[str, int]:
    return measure.task, _ORDER.index(measure.program)


def _cells(measure: Measure) -> tuple[str, ...]:
    skills = [f"{part[place]:.3f}" if part and part[place] is not None else ""
              for place in range(3) for part in (measure.noisy, measure.fixed)]  # fmt: skip
    return (
        measure.task,
        measure.program,
        f"{measure.wall_s:.1f}",
        "" if measure.embed_s is None else f"{measure.embed_s:.1f}",
        f"{measure.cpu_s:.1f}",
        f"{measure.peak_mb:.0f}",
        f"{measure.average_precision:.3f}",
        f"{measure.auroc:.3f}",
        f"{measure.n_flagged}",
        f"{measure.precision_of_flags:.2f}",
        f"{measure.recall_of_flags:.2f}",
        *skills,
    )


def _claim_cells(measure: Measure) -> tuple[str, ...]:
    return (
        measure.task,
        measure.program,
        f"{measure.n_rows}",
        _figure(measure.calibration_error, 3),
        _figure(measure.expected_precision, 2),
        _figure(measure.precision_of_flags, 2),
        f"{measure.n_suggested}",
        _figure(measure.right_suggestions, 2),
        _figure(measure.right_before, 3),
        _figure(measure.right_after, 3),
    )


def _figure(value: float | None, n_decimals: int) -> str:
    return "" if value is None else f"{value:.{n_decimals}f}"


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    left = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
    return left + [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]


def _machine() -> str:
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.+)", text)
    ours = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{now()} UTC, {os.cpu_count()} cores of"
        f" {model.group(1) if model else platform.processor()}, Python"
        f" {platform.python_version()}.\n\nThe studio: {ours}. The peers: {_peer_versions()}."
    )


def _peer_versions() -> str:
    if not PEERS_PYTHON.exists():
        return "the studio's own environment"
    script = (
        "from importlib.metadata import version; print(', '.join(f'{n} {version(n)}' for n in %r))"
    )
    call = [str(PEERS_PYTHON), "-c", script % (_PEER_LIBRARIES,)]
    return subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip()
