"""The recipe of each task that has labels."""

from __future__ import annotations

from collections.abc import Mapping

from studio.engine.ml_task import MLTask
from studio.engine.schema import CleansetSpec
from studio.engine.tasks.base import TaskRecipe
from studio.engine.tasks.multi_class import MultiClass
from studio.engine.tasks.multi_label import MultiLabel
from studio.engine.tasks.regression import Regression

RECIPES: Mapping[MLTask, TaskRecipe] = {
    MLTask.MULTI_CLASS: MultiClass(),
    MLTask.MULTI_LABEL: MultiLabel(),
    MLTask.REGRESSION: Regression(),
}


def recipe_of(spec: CleansetSpec) -> TaskRecipe:
    """Return the recipe by which models of the spec are fitted and calibrated."""
    if spec.class_weights is not None:
        return MultiClass(spec.class_weights)
    return RECIPES[spec.task]
