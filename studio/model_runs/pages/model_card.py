"""The card of a deployed model: what it is for, what it learned from, how good it is and where it
fails; as sections that a page shows and Markdown writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.dateformat import format as format_date

from cleansets.task_words import TASK_WORDS
from models_app.models import DeployedModel
from models_app.selectors import expected_columns, made_with
from studio.engine.counted import counted
from studio.engine.ml_task import MLTask
from studio.model_runs.evaluation_file import USED, measured_ways, read_evaluation
from studio.model_runs.models import ModelRun, Origin
from studio.model_runs.pages.evaluation import (
    ROWS,
    error_text,
    metric_lines,
    n_measured,
    rows_that_count,
)
from studio.runs import Status

MAX_CLASSES = 12  # that are listed one by one, the worst first
MAX_SLICES = 5
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#])")
_USUAL_USE = (
    "Predicts “{label}” for rows like those that it learned from: of the same source, with the same"
    " columns, written in the same way."
)


@dataclass(frozen=True, slots=True)
class Section:
    """Sentences, and a table below them if it has lines."""

    title: str
    sentences: Sequence[str]
    columns: Sequence[str] = ()
    lines: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A card; `run` is the model run that the metrics are from, None before it is measured."""

    model: DeployedModel
    run: ModelRun | None
    sections: Sequence[Section]

    def markdown(self) -> str:
        """Return the card as Markdown, in which names are written as they are."""
        parts = [f"# {_escaped(self.model.name)}"]
        for section in self.sections:
            parts.append(f"## {section.title}")
            parts += [_escaped(sentence) for sentence in section.sentences]
            if section.lines:
                parts.append(_table(section.columns, section.lines))
        return "\n\n".join(parts) + "\n"


def model_card(model: DeployedModel) -> ModelCard:
    """Build the card of a trained model."""
    run = (
        ModelRun.objects.filter(origin=Origin.MODEL, deployed_model=model, status=Status.SUCCEEDED)
        .select_related("project", "cleanset")
        .order_by("recorded_at")
        .first()
    )
    sections = [_use(model), _data(model)]
    document: Mapping[str, Any] = {}
    if run is not None:
        rows = rows_that_count(run, [name for _, name in measured_ways(run.evaluation_key)])
        document = read_evaluation(run.evaluation_key, USED, rows)
        sections.append(_metrics(run, document, rows))
        if document.get("per_class"):
            sections.append(_classes(document))
    if model.cleanset.task is not MLTask.REGRESSION:
        sections.append(_thresholds(model))
    sections += [_limits(model, document), _making(model)]
    return ModelCard(model, run, sections)


def _use(model: DeployedModel) -> Section:
    usual = _USUAL_USE.format(label=model.cleanset.project.label_column)
    return Section("Intended use", [model.intended_use or usual])


def _data(model: DeployedModel) -> Section:
    cleanset = model.cleanset
    version = cleanset.version
    trained = (
        f"Trained on {counted(model.n_rows or 0, 'row')} of {version.dataset.name}, version"
        f" {version.number}. Labels corrected: {model.n_corrected or 0:,}; rows excluded:"
        f" {model.n_excluded or 0:,}; left out without a label: {model.n_unlabeled:,}."
    )
    sentences = [trained]
    if model.n_test:
        kept = counted(model.n_test, "row was", "rows were")
        them = "it" if model.n_test == 1 else "them"
        sentences.append(f"{kept} kept for testing; nothing was learned from {them}.")
    kinds = [(column.name, column.kind) for column in expected_columns(model)]
    return Section("Data", sentences, ("Column", "Kind"), kinds)


def _metrics(run: ModelRun, document: Mapping[str, Any], rows: str) -> Section:
    how = "each predicted by models that had not seen it"
    if rows == "test":
        how = "which nothing was learned from"
    sentence = (
        f"Measured on {counted(n_measured(document), 'row')} ({ROWS[rows]}), {how}, against the"
        " corrected labels. Intervals are of 95%."
    )
    lines = [
        (line.metric.name, line.value, line.interval or "–")
        for line in metric_lines(document, run.task)
    ]
    return Section("Metrics", [sentence], ("Metric", "Value", "Interval"), lines)


def _classes(document: Mapping[str, Any]) -> Section:
    by_f1 = sorted(document["per_class"], key=lambda one: (one["f1"]["value"] or 0, one["class"]))
    sentences = []
    if len(by_f1) > MAX_CLASSES:
        sentences.append(f"The {MAX_CLASSES} of {len(by_f1):,} classes with the lowest F1.")
    lines = [
        (
            one["class"],
            f"{one['labeled']:,}",
            _percent(one["precision"]),
            _percent(one["recall"]),
            _percent(one["f1"]),
        )
        for one in by_f1[:MAX_CLASSES]
    ]
    return Section("Classes", sentences, ("Class", "Rows", "Precision", "Recall", "F1"), lines)


def _thresholds(model: DeployedModel) -> Section:
    if not model.thresholds:
        rule = "Of several classes, the likeliest is suggested."
        if model.cleanset.task is MLTask.MULTI_LABEL:
            rule = "Every class that is more likely than not is suggested."
        return Section("Thresholds", [rule])
    lines = [(name, f"{value:.3g}") for name, value in sorted(model.thresholds.items())]
    return Section(
        "Thresholds",
        ["A class is suggested from this probability; others as usual."],
        ("Class", "Threshold"),
        lines,
    )


def _limits(model: DeployedModel, document: Mapping[str, Any]) -> Section:
    sentences = []
    noise = (model.cleanset.manifest.get("label_noise") or {}).get("wrong_fraction")
    if noise:
        sentences.append(
            f"About {noise:.1%} of the labels that were given are estimated to be wrong; what was"
            " not corrected is learned from, and counted, as it is."
        )
    sentences.append(
        "Rows unlike those of the training data get a label, too, which says nothing then: other"
        " languages, other sources, values that did not occur."
    )
    if model.manifest.get("arithmetic"):
        sentences.append("Only the beginning of a long text is encoded: its first 128 tokens.")
    is_share = model.cleanset.task is not MLTask.REGRESSION
    worst = document.get("slices") or []
    lines = [
        (
            one["description"],
            f"{one['n_rows']:,}",
            error_text(one["error"], is_share=is_share),
            error_text(one["error_elsewhere"], is_share=is_share),
        )
        for one in worst[:MAX_SLICES]
    ]
    if lines:
        sentences.append(
            "The model is worse on these rows than elsewhere, by more than chance explains."
        )
    return Section("Limits", sentences, ("Rows", "Number", "Error", "Error elsewhere"), lines)


def _making(model: DeployedModel) -> Section:
    words = TASK_WORDS[model.cleanset.task]
    made = [f"{library} {version}" for library, version in made_with(model).items()]
    trained_at = "–"
    if model.finished_at is not None:
        trained_at = format_date(model.finished_at, "Y-m-d H:i e")
    lines = [
        ("Task", model.cleanset.task.value),
        ("Trained", trained_at),
        ("Configuration", f"mode {model.cleanset.mode}, seed {model.manifest.get('seed', '–')}"),
        ("Candidates", ", ".join(_candidate(one, words.score_text) for one in model.candidates)),
        ("Made with", ", ".join(made)),
        ("Model id", str(model.pk)),
    ]
    lines += [(f"SHA-256 of {name}", sha) for name, sha in model.manifest["files"].items()]
    return Section("How it was made", [], ("What", "Value"), lines)


def _candidate(candidate: Mapping[str, Any], score_text: Any) -> str:
    return f"{candidate['name']} {score_text(candidate['accuracy'])}"


def _percent(estimate: Mapping[str, float | None]) -> str:
    """Return a value with its interval."""
    value, low, high = estimate["value"], estimate["low"], estimate["high"]
    if value is None:
        return "–"
    if low is None or high is None:
        return f"{value:.1%}"
    return f"{value:.1%} ({low:.1%} to {high:.1%})"


def _escaped(text: str) -> str:
    """Return a text on one line that Markdown shows as it is."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [columns, ["---"] * len(columns)]
    rows += [[_escaped(cell) for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
