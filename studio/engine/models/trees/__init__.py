"""Forests and boosted trees."""

from studio.engine.models.trees.boosting import BoostingClassifier, BoostingRegressor
from studio.engine.models.trees.forest import ForestClassifier, ForestRegressor, MultiLabelForest
from studio.engine.models.trees.line_boosting import LineBoostingRegressor

__all__ = [
    "BoostingClassifier",
    "BoostingRegressor",
    "ForestClassifier",
    "ForestRegressor",
    "LineBoostingRegressor",
    "MultiLabelForest",
]
