"""Which models are tried for which data. To add one, add a line to `CANDIDATES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from sklearn.linear_model import LogisticRegression, Ridge

from studio.engine.features.catalogue import ENCODED
from studio.engine.features.text import LONG_TEXT
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.models.base import Classifier, MultiLabelClassifier, Regressor
from studio.engine.models.linear import (
    LinearSVMClassifier,
    MultiLabelLogistic,
    NBSVMClassifier,
    TableLogistic,
    TunedRidge,
)
from studio.engine.models.naive_bayes import NaiveBayes
from studio.engine.models.neighbours import NeighbourClassifier
from studio.engine.models.network import SmallNetwork
from studio.engine.models.trees import (
    BoostingClassifier,
    BoostingRegressor,
    ForestClassifier,
    ForestRegressor,
    LineBoostingRegressor,
    MultiLabelForest,
)
from studio.engine.schema import CleansetSpec
from studio.engine.table.rows import digest

Model: TypeAlias = Classifier | Regressor | MultiLabelClassifier

CLASSES = frozenset({MLTask.MULTI_CLASS, MLTask.MULTI_LABEL})
ONE_CLASS = frozenset({MLTask.MULTI_CLASS})
SETS = frozenset({MLTask.MULTI_LABEL})
NUMBERS = frozenset({MLTask.REGRESSION})


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


ALWAYS = frozenset(Mode)
REGULAR = frozenset({Mode.REGULAR})
FAST = frozenset({Mode.FAST})
_FEW_CLASSES = 10  # up to here, logistic regression on wide sparse features is affordable
_SEVERAL_CLASSES = 30  # up to here, boosting's tree per class and round is affordable
_MANY_CLASSES = 200  # from here on, weights for all classes at once take too long
_LOGISTIC = ("C", (0.1, 0.3, 1.0, 3.0, 10.0))
_TABLE_LOGISTIC = ("C", (0.03, 0.1, 0.3, 1.0, 3.0))
_FEW_ROWS, _SEVERAL_ROWS, _MANY_ROWS, _VERY_MANY_ROWS = 5_000, 20_000, 60_000, 200_000


def candidates_for(spec: CleansetSpec, size: Size) -> tuple[Candidate, ...]:
    """Return the candidates for the spec's task and this size, in the order of `CANDIDATES`."""
    return tuple(
        candidate
        for candidate in CANDIDATES
        if spec.task in candidate.tasks
        and candidate.modality is spec.modality
        and spec.mode in candidate.modes
        and candidate.suits(size)
        and (spec.may_encode or candidate.view not in ENCODED)
    )


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


def _has_layers(size: Size) -> bool:
    """Return whether inner layers of the encoder are used as well.

    They help where a few classes differ in tone; beyond `_MANY_ROWS` they take too much memory.
    """
    return size.n_classes <= _FEW_CLASSES and size.n_rows <= _MANY_ROWS


def _logistic(seed: int) -> Classifier:
    model: Classifier = LogisticRegression(max_iter=300)
    return model


def _gentle_boosting(seed: int) -> Classifier:
    return BoostingClassifier(
        n_rounds=150,
        n_leaves=8,
        min_rows_per_leaf=10,
        row_fraction=1.0,
        column_fraction=1.0,
        has_random_splits=True,
        seed=seed,
    )


def _short_boosting(seed: int) -> Classifier:
    return BoostingClassifier(n_rounds=75, learning_rate=0.1, seed=seed)


def _boosting(seed: int) -> Classifier:
    return BoostingClassifier(n_rounds=150, seed=seed)


def _long_boosting(seed: int) -> Classifier:
    return BoostingClassifier(n_rounds=300, seed=seed)


def _ridge(seed: int) -> Regressor:
    model: Regressor = Ridge(alpha=10.0, solver="lsqr", tol=1e-3)
    return model


def _tuned_ridge(seed: int) -> Regressor:
    return TunedRidge()


def _number_boosting(
    n_leaves: int,
    n_rounds: int = 300,
    learning_rate: float = 0.05,
    column_fraction: float = 0.8,
    kind: type[BoostingRegressor] = BoostingRegressor,
) -> Callable[[int], Regressor]:
    return lambda seed: kind(
        n_rounds,
        learning_rate,
        n_leaves,
        reg_lambda=1.0,
        row_fraction=0.8,
        column_fraction=column_fraction,
        seed=seed,
    )


CANDIDATES = (
    Candidate(
        "words", "Words, support vector machine", Modality.TEXT, ALWAYS, "words",
        lambda seed: LinearSVMClassifier(C=0.3),
        lambda size: size.is_spaced, is_additive=True,
    ),
    Candidate(
        "words-ratio", "Words by class, support vector machine", Modality.TEXT, REGULAR, "words",
        lambda seed: NBSVMClassifier(C=3.0),
        lambda size: size.is_spaced and size.n_classes <= _FEW_CLASSES, ONE_CLASS,
    ),
    Candidate(
        "characters", "Character sequences, support vector machine", Modality.TEXT, REGULAR,
        "characters",
        lambda seed: LinearSVMClassifier(C=0.3),
        lambda size: size.is_spaced and size.mean_characters <= LONG_TEXT,
    ),
    Candidate(
        "characters-logistic", "Character sequences, logistic regression", Modality.TEXT, REGULAR,
        "characters",
        _logistic,
        lambda size: size.is_spaced and size.mean_characters <= LONG_TEXT and size.n_classes <= _FEW_CLASSES,  # noqa: E501
        tuning=_LOGISTIC,
    ),
    Candidate(
        "words-bayes", "Words, naive Bayes", Modality.TEXT, ALWAYS, "words",
        lambda seed: NaiveBayes(),
        lambda size: size.is_spaced,
    ),
    Candidate(
        "characters-bayes", "Character sequences, naive Bayes", Modality.TEXT, REGULAR,
        "characters",
        lambda seed: NaiveBayes(),
        lambda size: size.is_spaced and size.mean_characters <= LONG_TEXT,
    ),
    Candidate(
        "symbols-bayes", "Character sequences, naive Bayes", Modality.TEXT, ALWAYS, "symbols",
        lambda seed: NaiveBayes(),
        lambda size: not size.is_spaced,
    ),
    Candidate(
        "symbols", "Character sequences, support vector machine", Modality.TEXT, ALWAYS, "symbols",
        lambda seed: LinearSVMClassifier(C=0.2),
        lambda size: not size.is_spaced, is_additive=True,
    ),
    Candidate(
        "sentences", "Sentence embeddings, logistic regression", Modality.TEXT, REGULAR,
        "sentences", _logistic,
        lambda size: not _has_layers(size), ONE_CLASS, tuning=_LOGISTIC,
    ),
    Candidate(
        "layers", "Sentence embeddings of four layers, logistic regression", Modality.TEXT,
        REGULAR, "layers",
        _logistic, _has_layers, ONE_CLASS, tuning=_LOGISTIC,
    ),
    Candidate(
        "set-layers", "Sentence embeddings of four layers, logistic regression", Modality.TEXT,
        REGULAR, "layers",
        lambda seed: MultiLabelLogistic(C=1.0), lambda size: size.n_rows <= _MANY_ROWS, SETS,
    ),
    Candidate(
        "set-sentences", "Sentence embeddings, logistic regression", Modality.TEXT, REGULAR,
        "sentences",
        lambda seed: MultiLabelLogistic(C=4.0), lambda size: size.n_rows > _MANY_ROWS, SETS,
    ),
    Candidate(
        "sentences-neighbours", "Sentence embeddings, nearest neighbours", Modality.TEXT, REGULAR,
        "sentences",
        lambda seed: NeighbourClassifier(),
        lambda size: size.n_rows <= _MANY_ROWS, ONE_CLASS, tuning=("n_neighbours", (80, 40, 20,
        10)),
    ),
    Candidate(
        "gentle-boosting", "Gradient boosting", Modality.TABULAR, ALWAYS, "trees", _gentle_boosting,
        lambda size: size.n_rows < _FEW_ROWS and size.n_classes <= _SEVERAL_CLASSES, ONE_CLASS,
    ),
    Candidate(
        "set-boosting", "Gradient boosting", Modality.TABULAR, REGULAR, "trees", _long_boosting,
        lambda size: size.n_rows * size.n_classes <= _VERY_MANY_ROWS, SETS,
    ),
    Candidate(
        "boosting", "Gradient boosting", Modality.TABULAR, FAST, "trees", _short_boosting,
        lambda size: size.n_rows >= _FEW_ROWS and size.n_classes <= _SEVERAL_CLASSES, ONE_CLASS,
    ),
    Candidate(
        "long-boosting", "Gradient boosting, more trees", Modality.TABULAR, REGULAR, "trees",
        _long_boosting,
        lambda size: _FEW_ROWS <= size.n_rows <= _MANY_ROWS and size.n_classes <= _SEVERAL_CLASSES,
        ONE_CLASS,
    ),
    Candidate(
        "large-boosting", "Gradient boosting", Modality.TABULAR, REGULAR, "trees", _boosting,
        lambda size: size.n_rows > _MANY_ROWS and size.n_classes <= _SEVERAL_CLASSES, ONE_CLASS,
    ),
    Candidate(
        "forest", "Extremely randomised trees", Modality.TABULAR, ALWAYS, "trees",
        lambda seed: ForestClassifier(seed=seed),
        lambda size: size.n_rows < _FEW_ROWS and size.n_classes <= _MANY_CLASSES, ONE_CLASS,
    ),
    Candidate(
        "set-forest", "Extremely randomised trees", Modality.TABULAR, ALWAYS, "trees",
        lambda seed: MultiLabelForest(seed=seed),
        lambda size: size.n_rows <= _VERY_MANY_ROWS, SETS,
    ),
    Candidate(
        "network", "Neural network", Modality.TABULAR, ALWAYS, "distances",
        lambda seed: SmallNetwork(seed=seed),
        lambda size: size.n_rows < _FEW_ROWS, ONE_CLASS,
    ),
    Candidate(
        "linear", "Logistic regression", Modality.TABULAR, ALWAYS, "linear",
        lambda seed: TableLogistic(C=0.3),
        lambda size: size.n_classes <= _MANY_CLASSES, ONE_CLASS, is_additive=True,
        tuning=_TABLE_LOGISTIC,
    ),
    Candidate(
        "set-linear", "Logistic regression", Modality.TABULAR, REGULAR, "linear",
        lambda seed: TableLogistic(C=0.3),
        lambda size: size.n_classes <= _MANY_CLASSES, SETS,
    ),
    Candidate(
        "both", "Sentence embeddings and columns, logistic regression", Modality.TABULAR, REGULAR,
        "both",
        _logistic,
        lambda size: _has_layers(size) and size.has_phrases, ONE_CLASS, tuning=_LOGISTIC,
    ),
    Candidate(
        "set-both", "Sentence embeddings and columns, logistic regression", Modality.TABULAR,
        REGULAR, "both",
        lambda seed: MultiLabelLogistic(C=0.1),
        lambda size: size.n_rows <= _MANY_ROWS and size.has_phrases, SETS,
    ),
    Candidate(
        "linear-margin", "Support vector machine", Modality.TABULAR, ALWAYS, "linear",
        lambda seed: LinearSVMClassifier(C=0.1),
        lambda size: size.n_classes > _MANY_CLASSES, ONE_CLASS, is_additive=True,
    ),
    Candidate(
        "words-ridge", "Words, ridge regression", Modality.TEXT, ALWAYS, "words", _tuned_ridge,
        lambda size: size.is_spaced, NUMBERS,
    ),
    Candidate(
        "symbols-ridge", "Character sequences, ridge regression", Modality.TEXT, ALWAYS, "symbols",
        _tuned_ridge,
        lambda size: not size.is_spaced, NUMBERS,
    ),
    Candidate(
        "sentences-ridge", "Sentence embeddings, ridge regression", Modality.TEXT, REGULAR,
        "sentences", _tuned_ridge,
        lambda size: True, NUMBERS,
    ),
    Candidate(
        "sentences-boosting", "Sentence embeddings, gradient boosting", Modality.TEXT, REGULAR,
        "sentences",
        _number_boosting(15, n_rounds=150, learning_rate=0.1, column_fraction=0.2),
        lambda size: size.n_rows <= _SEVERAL_ROWS, NUMBERS,
    ),
    Candidate(
        "number-boosting", "Gradient boosting", Modality.TABULAR, REGULAR, "trees",
        _number_boosting(31),
        lambda size: size.n_rows < _FEW_ROWS, NUMBERS,
    ),
    Candidate(
        "short-number-boosting", "Gradient boosting", Modality.TABULAR, FAST, "trees",
        _number_boosting(31, n_rounds=150, learning_rate=0.1),
        lambda size: size.is_by_ratio, NUMBERS,
    ),
    Candidate(
        "large-number-boosting", "Gradient boosting", Modality.TABULAR, REGULAR, "trees",
        _number_boosting(63),
        lambda size: size.n_rows >= _FEW_ROWS, NUMBERS,
    ),
    Candidate(
        "line-boosting", "Line, then gradient boosting", Modality.TABULAR, ALWAYS, "trees",
        _number_boosting(63, n_rounds=150, learning_rate=0.1, kind=LineBoostingRegressor),
        lambda size: not size.is_by_ratio, NUMBERS,
    ),
    Candidate(
        "number-forest", "Extremely randomised trees", Modality.TABULAR, REGULAR, "trees",
        lambda seed: ForestRegressor(n_trees=100, seed=seed),
        lambda size: size.n_rows < _FEW_ROWS, NUMBERS,
    ),
    Candidate(
        "ridge", "Ridge regression", Modality.TABULAR, ALWAYS, "linear", _ridge,
        lambda size: True, NUMBERS,
    ),
)  # fmt: skip


def error_candidate(candidate: Candidate) -> Candidate:
    """Return the candidate that predicts a regressor's absolute errors from the same view.

    It has fewer and smaller trees: errors are less predictable than the numbers themselves.
    """
    if candidate.view != "trees":
        return candidate
    if candidate.modes == FAST:
        make = _number_boosting(31, n_rounds=75, learning_rate=0.1)
    else:
        make = _number_boosting(31, n_rounds=150)
    return replace(candidate, key="error-boosting", name="Gradient boosting of errors", make=make)
