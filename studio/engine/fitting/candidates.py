"""Which models are tried for which data. To add one, add it to `CANDIDATES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sklearn.linear_model import LogisticRegression, Ridge

from studio.engine.features.catalogue import ENCODED
from studio.engine.features.text import LONG_TEXT
from studio.engine.fitting.candidate import Candidate, Size
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.models.base import Classifier, Regressor
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

ONE_CLASS = frozenset({MLTask.MULTI_CLASS})
SETS = frozenset({MLTask.MULTI_LABEL})
NUMBERS = frozenset({MLTask.REGRESSION})
ALWAYS = frozenset(Mode)
REGULAR = frozenset({Mode.REGULAR})
FAST = frozenset({Mode.FAST})
_FEW_CLASSES = 10  # up to here, logistic regression on wide sparse features is affordable
_SEVERAL_CLASSES = 30  # up to here, boosting's tree per class and round is affordable
_MANY_CLASSES = 200  # from here on, weights for all classes at once take too long
# Strengths among which held-out loss chooses
_LOGISTIC_CS = (0.1, 0.3, 1.0, 3.0, 10.0)
_TABLE_LOGISTIC_CS = (0.03, 0.1, 0.3, 1.0, 3.0)
_NAIVE_BAYES_ALPHAS = (1.0, 0.3, 0.1, 0.05, 0.02)
_LOGISTIC = ("C", _LOGISTIC_CS)
_TABLE_LOGISTIC = ("C", _TABLE_LOGISTIC_CS)
_NAIVE_BAYES = ("alpha", _NAIVE_BAYES_ALPHAS)
_FEW_ROWS = 5_000
_SEVERAL_ROWS = 20_000
_MANY_ROWS = 60_000
_VERY_MANY_ROWS = 200_000


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


def _has_layers(size: Size) -> bool:
    """Return whether inner layers of the encoder are used as well.

    They help where a few classes differ in tone; beyond `_MANY_ROWS` they take too much memory.
    """
    return size.n_classes <= _FEW_CLASSES and size.n_rows <= _MANY_ROWS


def _logistic(seed: int) -> Classifier:
    model: Classifier = LogisticRegression(max_iter=300)
    return model


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
        key="words",
        name="Words, support vector machine",
        modality=Modality.TEXT,
        modes=ALWAYS,
        view="words",
        make=lambda seed: LinearSVMClassifier(C=0.3),
        suits=lambda size: size.is_spaced,
        is_additive=True,
    ),
    Candidate(
        key="words-ratio",
        name="Words by class, support vector machine",
        modality=Modality.TEXT,
        modes=REGULAR,
        view="words",
        make=lambda seed: NBSVMClassifier(C=3.0),
        suits=lambda size: size.is_spaced and size.n_classes <= _FEW_CLASSES,
        tasks=ONE_CLASS,
    ),
    Candidate(
        key="characters",
        name="Character sequences, support vector machine",
        modality=Modality.TEXT,
        modes=REGULAR,
        view="characters",
        make=lambda seed: LinearSVMClassifier(C=0.3),
        suits=lambda size: size.is_spaced and size.mean_characters <= LONG_TEXT,
    ),
    Candidate(
        key="characters-logistic",
        name="Character sequences, logistic regression",
        modality=Modality.TEXT,
        modes=REGULAR,
        view="characters",
        make=_logistic,
        suits=lambda size: (
            size.is_spaced and size.mean_characters <= LONG_TEXT and size.n_classes <= _FEW_CLASSES
        ),
        tuning=_LOGISTIC,
    ),
    Candidate(
        key="words-bayes",
        name="Words, naive Bayes",
        modality=Modality.TEXT,
        modes=ALWAYS,
        view="words",
        make=lambda seed: NaiveBayes(),
        suits=lambda size: size.is_spaced,
        tuning=_NAIVE_BAYES,
        tuned_tasks=ONE_CLASS,
    ),
    Candidate(
        key="characters-bayes",
        name="Character sequences, naive Bayes",
        modality=Modality.TEXT,
        modes=REGULAR,
        view="characters",
        make=lambda seed: NaiveBayes(),
        suits=lambda size: size.is_spaced and size.mean_characters <= LONG_TEXT,
        tuning=_NAIVE_BAYES,
        tuned_tasks=ONE_CLASS,
    ),
    Candidate(
        key="symbols-bayes",
        name="Character sequences, naive Bayes",
        modality=Modality.TEXT,
        modes=ALWAYS,
        view="symbols",
        make=lambda seed: NaiveBayes(),
        suits=lambda size: not size.is_spaced,
        tuning=_NAIVE_BAYES,
        tuned_tasks=ONE_CLASS,
    ),
    Candidate(
        key="symbols",
        name="Character sequences, support vector machine",
        modality=Modality.TEXT,
        modes=ALWAYS,
        view="symbols",
        make=lambda seed: LinearSVMClassifier(C=0.2),
        suits=lambda size: not size.is_spaced,
        is_additive=True,
    ),
    Candidate(
        key="sentences",
        name="Sentence embeddings, logistic regression",
        modality=Modality.TEXT,
        modes=REGULAR,
        view="sentences",
        make=_logistic,
        suits=lambda size: not _has_layers(size),
        tasks=ONE_CLASS,
        tuning=_LOGISTIC,
    ),
    Candidate(
        key="layers",
        name="Sentence embeddings of four layers, logistic regression",
        modality=Modality.TEXT,
        modes=REGULAR,
        view="layers",
        make=_logistic,
        suits=_has_layers,
        tasks=ONE_CLASS,
        tuning=_LOGISTIC,
    ),
    Candidate(
        key="set-layers",
        name="Sentence embeddings of four layers, logistic regression",
        modality=Modality.TEXT,
        modes=REGULAR,
        view="layers",
        make=lambda seed: MultiLabelLogistic(C=1.0),
        suits=lambda size: size.n_rows <= _MANY_ROWS,
        tasks=SETS,
    ),
    Candidate(
        key="set-sentences",
        name="Sentence embeddings, logistic regression",
        modality=Modality.TEXT,
        modes=REGULAR,
        view="sentences",
        make=lambda seed: MultiLabelLogistic(C=4.0),
        suits=lambda size: size.n_rows > _MANY_ROWS,
        tasks=SETS,
    ),
    Candidate(
        key="sentences-neighbours",
        name="Sentence embeddings, nearest neighbours",
        modality=Modality.TEXT,
        modes=REGULAR,
        view="sentences",
        make=lambda seed: NeighbourClassifier(),
        suits=lambda size: size.n_rows <= _MANY_ROWS,
        tasks=ONE_CLASS,
        tuning=("n_neighbours", (80, 40, 20, 10)),
    ),
    Candidate(
        key="gentle-boosting",
        name="Gradient boosting",
        modality=Modality.TABULAR,
        modes=ALWAYS,
        view="trees",
        make=lambda seed: BoostingClassifier(
            n_rounds=150,
            n_leaves=8,
            min_rows_per_leaf=10,
            row_fraction=1.0,
            column_fraction=1.0,
            has_random_splits=True,
            seed=seed,
        ),
        suits=lambda size: size.n_rows < _FEW_ROWS and size.n_classes <= _SEVERAL_CLASSES,
        tasks=ONE_CLASS,
    ),
    Candidate(
        key="set-boosting",
        name="Gradient boosting",
        modality=Modality.TABULAR,
        modes=REGULAR,
        view="trees",
        make=lambda seed: BoostingClassifier(n_rounds=300, seed=seed),
        suits=lambda size: size.n_rows * size.n_classes <= _VERY_MANY_ROWS,
        tasks=SETS,
    ),
    Candidate(
        key="boosting",
        name="Gradient boosting",
        modality=Modality.TABULAR,
        modes=FAST,
        view="trees",
        make=lambda seed: BoostingClassifier(n_rounds=75, learning_rate=0.1, seed=seed),
        suits=lambda size: size.n_rows >= _FEW_ROWS and size.n_classes <= _SEVERAL_CLASSES,
        tasks=ONE_CLASS,
    ),
    Candidate(
        key="long-boosting",
        name="Gradient boosting, more trees",
        modality=Modality.TABULAR,
        modes=REGULAR,
        view="trees",
        make=lambda seed: BoostingClassifier(n_rounds=300, seed=seed),
        suits=lambda size: (
            _FEW_ROWS <= size.n_rows <= _MANY_ROWS and size.n_classes <= _SEVERAL_CLASSES
        ),
        tasks=ONE_CLASS,
    ),
    Candidate(
        key="large-boosting",
        name="Gradient boosting",
        modality=Modality.TABULAR,
        modes=REGULAR,
        view="trees",
        make=lambda seed: BoostingClassifier(n_rounds=150, seed=seed),
        suits=lambda size: size.n_rows > _MANY_ROWS and size.n_classes <= _SEVERAL_CLASSES,
        tasks=ONE_CLASS,
    ),
    Candidate(
        key="forest",
        name="Extremely randomised trees",
        modality=Modality.TABULAR,
        modes=ALWAYS,
        view="trees",
        make=lambda seed: ForestClassifier(seed=seed),
        suits=lambda size: size.n_rows < _FEW_ROWS and size.n_classes <= _MANY_CLASSES,
        tasks=ONE_CLASS,
    ),
    Candidate(
        key="set-forest",
        name="Extremely randomised trees",
        modality=Modality.TABULAR,
        modes=ALWAYS,
        view="trees",
        make=lambda seed: MultiLabelForest(seed=seed),
        suits=lambda size: size.n_rows <= _VERY_MANY_ROWS,
        tasks=SETS,
    ),
    Candidate(
        key="network",
        name="Neural network",
        modality=Modality.TABULAR,
        modes=ALWAYS,
        view="distances",
        make=lambda seed: SmallNetwork(seed=seed),
        suits=lambda size: size.n_rows < _FEW_ROWS,
        tasks=ONE_CLASS,
    ),
    Candidate(
        key="linear",
        name="Logistic regression",
        modality=Modality.TABULAR,
        modes=ALWAYS,
        view="linear",
        make=lambda seed: TableLogistic(C=0.3),
        suits=lambda size: size.n_classes <= _MANY_CLASSES,
        tasks=ONE_CLASS,
        is_additive=True,
        tuning=_TABLE_LOGISTIC,
    ),
    Candidate(
        key="set-linear",
        name="Logistic regression",
        modality=Modality.TABULAR,
        modes=REGULAR,
        view="linear",
        make=lambda seed: TableLogistic(C=0.3),
        suits=lambda size: size.n_classes <= _MANY_CLASSES,
        tasks=SETS,
    ),
    Candidate(
        key="both",
        name="Sentence embeddings and columns, logistic regression",
        modality=Modality.TABULAR,
        modes=REGULAR,
        view="both",
        make=_logistic,
        suits=lambda size: _has_layers(size) and size.has_phrases,
        tasks=ONE_CLASS,
        tuning=_LOGISTIC,
    ),
    Candidate(
        key="set-both",
        name="Sentence embeddings and columns, logistic regression",
        modality=Modality.TABULAR,
        modes=REGULAR,
        view="both",
        make=lambda seed: MultiLabelLogistic(C=0.1),
        suits=lambda size: size.n_rows <= _MANY_ROWS and size.has_phrases,
        tasks=SETS,
    ),
    Candidate(
        key="linear-margin",
        name="Support vector machine",
        modality=Modality.TABULAR,
        modes=ALWAYS,
        view="linear",
        make=lambda seed: LinearSVMClassifier(C=0.1),
        suits=lambda size: size.n_classes > _MANY_CLASSES,
        tasks=ONE_CLASS,
        is_additive=True,
    ),
    Candidate(
        key="words-ridge",
        name="Words, ridge regression",
        modality=Modality.TEXT,
        modes=ALWAYS,
        view="words",
        make=lambda seed: TunedRidge(),
        suits=lambda size: size.is_spaced,
        tasks=NUMBERS,
    ),
    Candidate(
        key="symbols-ridge",
        name="Character sequences, ridge regression",
        modality=Modality.TEXT,
        modes=ALWAYS,
        view="symbols",
        make=lambda seed: TunedRidge(),
        suits=lambda size: not size.is_spaced,
        tasks=NUMBERS,
    ),
    Candidate(
        key="sentences-ridge",
        name="Sentence embeddings, ridge regression",
        modality=Modality.TEXT,
        modes=REGULAR,
        view="sentences",
        make=lambda seed: TunedRidge(),
        suits=lambda size: True,
        tasks=NUMBERS,
    ),
    Candidate(
        key="sentences-boosting",
        name="Sentence embeddings, gradient boosting",
        modality=Modality.TEXT,
        modes=REGULAR,
        view="sentences",
        make=_number_boosting(15, n_rounds=150, learning_rate=0.1, column_fraction=0.2),
        suits=lambda size: size.n_rows <= _SEVERAL_ROWS,
        tasks=NUMBERS,
    ),
    Candidate(
        key="number-boosting",
        name="Gradient boosting",
        modality=Modality.TABULAR,
        modes=REGULAR,
        view="trees",
        make=_number_boosting(31),
        suits=lambda size: size.n_rows < _FEW_ROWS,
        tasks=NUMBERS,
    ),
    Candidate(
        key="short-number-boosting",
        name="Gradient boosting",
        modality=Modality.TABULAR,
        modes=FAST,
        view="trees",
        make=_number_boosting(31, n_rounds=150, learning_rate=0.1),
        suits=lambda size: size.is_by_ratio,
        tasks=NUMBERS,
    ),
    Candidate(
        key="large-number-boosting",
        name="Gradient boosting",
        modality=Modality.TABULAR,
        modes=REGULAR,
        view="trees",
        make=_number_boosting(63),
        suits=lambda size: size.n_rows >= _FEW_ROWS,
        tasks=NUMBERS,
    ),
    Candidate(
        key="line-boosting",
        name="Line, then gradient boosting",
        modality=Modality.TABULAR,
        modes=ALWAYS,
        view="trees",
        make=_number_boosting(63, n_rounds=150, learning_rate=0.1, kind=LineBoostingRegressor),
        suits=lambda size: not size.is_by_ratio,
        tasks=NUMBERS,
    ),
    Candidate(
        key="number-forest",
        name="Extremely randomised trees",
        modality=Modality.TABULAR,
        modes=REGULAR,
        view="trees",
        make=lambda seed: ForestRegressor(n_trees=100, seed=seed),
        suits=lambda size: size.n_rows < _FEW_ROWS,
        tasks=NUMBERS,
    ),
    Candidate(
        key="ridge",
        name="Ridge regression",
        modality=Modality.TABULAR,
        modes=ALWAYS,
        view="linear",
        make=lambda seed: Ridge(alpha=10.0, solver="lsqr", tol=1e-3),
        suits=lambda size: True,
        tasks=NUMBERS,
    ),
)


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
