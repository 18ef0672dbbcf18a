"""What a candidate is: a model on a view of the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.models.base import Classifier, MultiLabelClassifier, Regressor
from studio.engine.table.rows import digest

Model: TypeAlias = Classifier | Regressor | MultiLabelClassifier

CLASSES = frozenset({MLTask.MULTI_CLASS, MLTask.MULTI_LABEL})


@dataclass(frozen=True, slots=True)
class Size:
    """What decides whether a candidate is worth its time.

    Attributes
    ----------
    n_rows
        Labeled rows.
    n_classes
        Classes; 0 for regression.
    mean_characters
        Mean length of the cells of text columns.
    is_spaced
        Whether words are separated by spaces.
    has_phrases
        Whether texts are on average long enough to be worth encoding.
    is_by_ratio
        Whether the logarithms of numbers are learned. A line in them grows exponentially beyond the
        training data.
    """

    n_rows: int
    n_classes: int
    mean_characters: float
    is_spaced: bool
    has_phrases: bool
    is_by_ratio: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model on a view of the data.

    Attributes
    ----------
    view
        Key of the features that it reads; see `features/catalogue.py`.
    make
        Returns the unfitted model for a seed: a classifier, or a regressor where `tasks` is
        regression.
    suits
        Whether it is tried on data of this size.
    tasks
        What it predicts.
    tuning
        A parameter of the model and its candidate values, most regularized first; held-out loss
        chooses among them. None if nothing is tuned.
    tuned_tasks
        The tasks for which it is tuned.
    is_additive
        Whether it adds up effects of single columns or words, so that it cannot learn a rule for
        only some of the rows.
    """

    key: str
    name: str
    modality: Modality
    modes: frozenset[Mode]
    view: str
    make: Callable[[int], Model]
    suits: Callable[[Size], bool]
    tasks: frozenset[MLTask] = CLASSES
    is_additive: bool = False
    tuning: tuple[str, tuple[float, ...]] | None = None
    tuned_tasks: frozenset[MLTask] = frozenset(MLTask)

    @property
    def variants(self) -> tuple[Candidate, ...]:
        """The candidate with each value of its tuned parameter; only itself if it has none."""
        if self.tuning is None:
            return (self,)
        parameter, values = self.tuning
        return tuple(
            replace(self, make=_with(self.make, parameter, value), tuning=None) for value in values
        )

    def signature(self, seed: int) -> str:
        """Return a digest of everything that determines its fits, apart from the data."""
        model = self.make(seed)
        return digest(self.key, type(model).__qualname__, repr(sorted(model.get_params().items())))

    def classifier(self, seed: int) -> Classifier:
        return cast(Classifier, self.make(seed))

    def regressor(self, seed: int) -> Regressor:
        return cast(Regressor, self.make(seed))


def _with(
    make: Callable[[int], Model],
    parameter: str,
    value: float,
) -> Callable[[int], Model]:
    def make_with(seed: int) -> Model:
        model = make(seed)
        model.set_params(**{parameter: value})
        return model

    return make_with
