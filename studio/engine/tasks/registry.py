"""The recipe of each task that has labels."""

from __future__ import annotations

from collections.abc import Mapping

from studio.engine.ml_task import MLTask
from studio.engine.tasks.base import TaskRecipe
from studio.engine.tasks.multi_class import MultiClass
from studio.engine.tasks.multi_label import MultiLabel
from studio.engine.tasks.regression import Regression

RECIPES: Mapping[MLTask, TaskRecipe] = {
    MLTask.MULTI_CLASS: MultiClass(),
    MLTask.MULTI_LABEL: MultiLabel(),
    MLTask.REGRESSION: Regression(),
}
