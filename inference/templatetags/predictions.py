"""The parts of the model page that show predictions, which models_app cannot import."""

from __future__ import annotations

from django import template
from django.core.paginator import Page, Paginator
from django.template.context import RequestContext

from inference.forms import (
    ColumnMapForm,
    GuardForm,
    PredictForm,
    ReadingForm,
    RowForm,
    UncertainForm,
)
from inference.models import PredictionBatch
from inference.selectors import batches_of
from models_app.models import DeployedModel

register = template.Library()

N_LATEST = 3
BATCHES_PER_PAGE = 25


@register.inclusion_tag("inference/_prediction_form.html", takes_context=True)
def prediction_form(context: RequestContext, model: DeployedModel) -> dict[str, object]:
    """The upload form."""
    return _shared(context) | {"model": model, "form": PredictForm()}


@register.inclusion_tag("inference/_prediction_row_form.html", takes_context=True)
def prediction_row_form(context: RequestContext, model: DeployedModel) -> dict[str, object]:
    """The form of one row."""
    return _shared(context) | {"model": model, "row_form": RowForm(model)}


@register.inclusion_tag("inference/_prediction_latest.html", takes_context=True)
def prediction_latest(context: RequestContext, model: DeployedModel) -> dict[str, object]:
    """The newest batches with their state."""
    return _shared(context) | {"model": model, "batches": batches_of(model)[:N_LATEST]}


@register.inclusion_tag("inference/_prediction_results.html", takes_context=True)
def prediction_results(context: RequestContext, model: DeployedModel) -> dict[str, object]:
    """All batches of the model, in pages."""
    request = context["request"]
    page: Page[PredictionBatch] = Paginator(batches_of(model), BATCHES_PER_PAGE).get_page(
        request.GET.get("page")
    )
    is_busy = any(batch.is_active for batch in page)
    return _shared(context) | {"model": model, "page": page, "is_busy": is_busy}


@register.simple_tag
def column_map_form(batch: PredictionBatch, sent: ColumnMapForm | None = None) -> ColumnMapForm:
    """Return the form that maps missing columns, with the user's answers if they were refused."""
    return sent or ColumnMapForm(batch)


@register.simple_tag
def guard_form() -> GuardForm:
    return GuardForm(auto_id="guard-%s")


@register.simple_tag
def uncertain_form() -> UncertainForm:
    return UncertainForm(auto_id="uncertain-%s")


@register.simple_tag
def reading_offers(batch: PredictionBatch) -> list[tuple[str, str]]:
    """Return the other readings of the file: value and text of each button."""
    return ReadingForm(batch).offers


def _shared(context: RequestContext) -> dict[str, object]:
    return {name: context.get(name) for name in ("request", "user", "csrf_token")}
