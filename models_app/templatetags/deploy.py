"""The button that leads from a cleanset to its model."""

from __future__ import annotations

from django import template

from cleansets.models import Cleanset
from models_app.models import DeployedModel
from models_app.selectors import newest_model

register = template.Library()


@register.inclusion_tag("models_app/_deploy_button.html")
def deploy_button(cleanset: Cleanset) -> dict[str, Cleanset | DeployedModel | None]:
    """Show “Deploy Model”, the training, or “View model”; nothing before the analysis ends."""
    return {
        "cleanset": cleanset,
        "model": newest_model(cleanset) if cleanset.is_succeeded else None,
    }
