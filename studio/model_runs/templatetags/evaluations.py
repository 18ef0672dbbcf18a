"""The results of model runs on the page of a model."""

from __future__ import annotations

from typing import Any

from django import template

from cleansets.models import Cleanset
from models_app.models import DeployedModel
from studio.engine.counted import counted
from studio.model_runs.honest_gain import Gain, HonestGain, honest_gain
from studio.model_runs.models import ModelRun, Origin
from studio.model_runs.pages.class_gain import class_gain_chart
from studio.model_runs.pages.comparison import comparison_context, signed
from studio.model_runs.pages.configuration import settings_in_words
from studio.model_runs.pages.evaluation import figure
from studio.runs import Status

register = template.Library()


@register.inclusion_tag("model_runs/_honest_gain.html")
def cleaning_gain(model: DeployedModel) -> dict[str, Any]:
    """Report the gain by cleaning, for each kind of labels."""
    gain = honest_gain(model)
    sentences = [] if gain is None else [_sentence(one) for one in gain.gains]
    run = ModelRun.objects.filter(origin=Origin.MODEL, deployed_model=model).first()
    chart = None
    if gain is not None and gain.gains:
        first = gain.gains[0]
        chart = class_gain_chart(first.classes, first.by, model.cleanset.get_absolute_url())
    return {
        "gain": gain,
        "class_chart": chart,
        "sentences": sentences,
        "run": run,
        "warning": _warning(gain),
        "is_first": gain is not None and gain.before.cleanset_id == model.cleanset.root.pk,
        "other_settings": [] if gain is None else settings_in_words(gain.other_settings),
        "is_unmeasured": model.is_succeeded and not model.predictions_key,
    }


@register.inclusion_tag("model_runs/_version_metrics.html")
def version_metrics(first: Cleanset, second: Cleanset) -> dict[str, Any]:
    """Compare the models of two versions, if both have measured ones of their own."""
    context: dict[str, Any] = {"first": first, "second": second}
    runs = [_measured_run(first), _measured_run(second)]
    if runs[0] is None or runs[1] is None:
        unmeasured = first if runs[0] is None else second
        context["problem"] = (
            f"The models of version {unmeasured.number} are not measured, so that there is nothing"
            " to compare."
        )
        return context
    if runs[0] == runs[1]:
        context["problem"] = "Both versions have the same models: no full analysis lies between."
        return context
    comparison = comparison_context(runs[0], runs[1])
    return context | {
        "run": runs[0],
        "other": runs[1],
        "verdict": comparison["verdict"],
        "metrics": comparison["metrics"],
    }


def _measured_run(cleanset: Cleanset) -> ModelRun | None:
    """Return the run of the analysis whose models a version has."""
    analysis: Cleanset | None = cleanset
    while analysis is not None and not analysis.is_analysis:
        analysis = analysis.restored or analysis.base
    runs = ModelRun.objects.filter(origin=Origin.ANALYSIS, status=Status.SUCCEEDED)
    return runs.filter(cleanset=analysis).select_related("project", "cleanset").first()


def _warning(gain: HonestGain | None) -> str:
    if gain is None or not gain.n_fixed_test_rows:
        return ""
    rows = counted(gain.n_fixed_test_rows, "test row")
    return (
        f"Labels of {rows} were changed without a look at each, so"
        " the test is easier than it should be. Decide about test rows by hand."
    )


def _sentence(gain: Gain) -> tuple[str, str, str]:
    """Return the badge's kind, its word and the sentence."""
    pair = gain.pair
    low = pair.difference.low
    high = pair.difference.high
    values = (
        f"{figure(pair.metric, pair.first)} before and {figure(pair.metric, pair.second)} after"
    )
    span = ""
    if low is not None and high is not None:
        span = (
            f": {signed(pair.metric, pair.difference.value or 0.0)}, with 95% confidence"
            f" {signed(pair.metric, low)} to {signed(pair.metric, high)}"
        )
    badge, word = {
        "better": ("good", "Better"),
        "worse": ("bad", "Worse"),
        "unclear": ("neutral", "Unclear"),
    }[pair.verdict]
    return (
        badge,
        word,
        f"By {gain.by} ({counted(gain.n_rows, 'row')}), {pair.metric.name} is {values}{span}.",
    )
