"""The models of an analysis, its inputs and its settings."""

from __future__ import annotations

from cleansets.issue_columns import IssueColumn, issues_in
from cleansets.label_text import number_text
from cleansets.models import Cleanset
from cleansets.task_words import TASK_WORDS
from studio.engine.ml_task import MLTask


def candidates(cleanset: Cleanset) -> dict[str, object]:
    """Build the table of models, best first; empty if none was trained."""
    found = cleanset.candidates
    words = TASK_WORDS.get(cleanset.task)
    if not found or words is None:
        return {}
    lines = []
    for candidate in found:
        loss = candidate["log_loss"]
        if cleanset.task is MLTask.REGRESSION:  # an error in the unit of the label
            loss_text = number_text(loss)
        else:
            loss_text = f"{loss:.3f}"
        lines.append((candidate, words.score_text(candidate["accuracy"]), loss_text))
    return {
        "words": words,
        "best_score": words.score_text(found[0]["accuracy"]),
        "n_not_analysed": (cleanset.n_rows or 0) - cleanset.manifest.get("n_rows", 0),
        "has_ece": any(candidate.get("ece") is not None for candidate in found),
        "candidates": lines,
    }


def issue_counts(cleanset: Cleanset) -> list[tuple[IssueColumn, int]]:
    """Return how many rows each kind of issue has."""
    return [(issue, cleanset.counts[issue.flag]) for issue in issues_in(cleanset.counts)]


def made_with(cleanset: Cleanset) -> list[tuple[str, str]]:
    """Return the inputs and settings of the analysis as lines of name and value."""
    manifest = cleanset.manifest
    versions = ", ".join(f"{name} {number}" for name, number in manifest["versions"].items())
    stages = ", ".join(
        f"{stage} {seconds:.1f} s" for stage, seconds in cleanset.stage_seconds.items()
    )
    return [
        ("Dataset", f"{cleanset.version.filename}, SHA-256 {manifest['dataset_sha256']}"),
        ("Task", f"{manifest['task']}, {manifest['modality']}, {manifest['mode']} mode"),
        ("Label column", manifest["label_column"] or "–"),
        ("Learned from", ", ".join(manifest["feature_columns"])),
        _predicted_by(cleanset),
        ("Stages", stages),
        ("Made with", f"Python {manifest['python']}, {versions}"),
    ]


def _predicted_by(cleanset: Cleanset) -> tuple[str, str]:
    if cleanset.provided_key:
        return "Predictions", f"imported: {cleanset.provided['name']}"
    manifest = cleanset.manifest
    return "Cross-validation", f"{manifest['n_folds']} folds, seed {manifest['seed']}"
