"""The findings as plain values that survive JSON. It loads nothing heavy: pages read it."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class LabelQuality:
    """How many of the given labels are right.

    `score` is the fraction of the `n_labeled` labels that are not flagged, `n_wrong` the number of
    flagged ones.
    """

    score: float
    n_wrong: int
    n_labeled: int


@dataclass(frozen=True, slots=True)
class Trust:
    """How far the list of label issues can be trusted: of `n_flagged` rows, `n_expected` are
    expected to be wrong.

    `held_out` is the accuracy of the ensemble, `baseline` that of the most frequent class; None
    where rows have several classes or numbers.
    """

    n_flagged: int
    n_expected: int
    held_out: float | None = None
    baseline: float | None = None

    @property
    def precision(self) -> float:
        """Expected fraction of flagged rows whose label is wrong; 0 where nothing is flagged."""
        return self.n_expected / self.n_flagged if self.n_flagged else 0.0


@dataclass(frozen=True, slots=True)
class ClassNoise:
    """How many of the rows that are given a class should not be, and how many lack it."""

    name: str
    n_given: int
    n_given_wrongly: int
    n_missing: int


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """An estimate of how many given labels are wrong, if they are wrong at random.

    Attributes
    ----------
    wrong_fraction, low, high
        The fraction of wrong labels with its 95% interval. A set of classes is wrong where any of
        them is, a number where it is grossly so.
    held_out, held_out_true
        One class per row: accuracy of the ensemble against given labels, and the one expected
        against true labels.
    classes
        Several classes per row: each class, those with the most wrong answers first.
    distance
        Numbers: how far wrong ones lie from the prediction, half of them farther.
    """

    wrong_fraction: float
    low: float
    high: float
    held_out: float | None = None
    held_out_true: float | None = None
    classes: tuple[ClassNoise, ...] = ()
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class ClassHealth:
    """The labels of one class.

    `noise` is the fraction of rows given this class that are probably another; `inverse_noise` the
    fraction of rows probably of this class that are given another; `quality` is 1 − noise.
    """

    name: str
    n_rows: int
    n_label_issues: int
    noise: float
    inverse_noise: float
    quality: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows that are given one class and probably are another; `fraction` is of those given it."""

    given: str
    true: str
    n_rows: int
    fraction: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two classes that are mistaken for each other; `fraction` is of the rows of both."""

    first: str
    second: str
    n_rows: int
    fraction: float


@dataclass(frozen=True, slots=True)
class Imbalance:
    """The rarest class against the most frequent one; `even_share` is the mean number of rows per
    class.
    """

    rarest: str
    n_rarest: int
    largest: str
    n_largest: int
    even_share: float
    is_imbalanced: bool


@dataclass(frozen=True, slots=True)
class RowOrder:
    """Whether rows that lie close in the file are alike.

    `p_value` that neighbours in content lie as far apart in the file as chance would have them;
    `closeness` is how much nearer they lie, 0 by chance, 1 side by side. `same_label` is the
    fraction of adjacent rows with one label, `same_label_by_chance` what it would be in random
    order; None without classes.
    """

    p_value: float
    closeness: float
    same_label: float | None
    same_label_by_chance: float | None
    is_ordered: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Rows with something in common whose labels are worse than the rest; `score` is their mean
    label issue score.

    `issue_rows` are the ids of its label issues with the highest scores, where no column says which
    rows are in the group.
    """

    description: str
    n_rows: int
    n_label_issues: int
    score: float
    score_of_rest: float
    issue_rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class InvertedSlice:
    """Rows whose labels look exchanged: of `n_rows`, `n_contradicted` probably have another label.

    Most often, in `n_pair` rows, `suggested` stands in place of `given`.
    """

    description: str
    n_rows: int
    n_contradicted: int
    given: str
    suggested: str
    n_pair: int


@dataclass(frozen=True, slots=True)
class SplitSide:
    """One value of the split column: its rows, and how many have an exact or a near copy under
    another value.
    """

    value: str
    n_rows: int
    n_exact: int
    n_near: int


@dataclass(frozen=True, slots=True)
class Leak:
    """Rows that stand on several sides of a split."""

    column: str
    sides: tuple[SplitSide, ...]

    @property
    def n_rows(self) -> int:
        """Rows that have a copy on another side."""
        return sum(side.n_exact + side.n_near for side in self.sides)


@dataclass(frozen=True, slots=True)
class NumberErrors:
    """How far given numbers lie from the predicted ones, in the unit of the label.

    `edges` and `counts` are a histogram of given − predicted; the outermost bins hold all that is
    beyond. With a `ratio_floor` label issues were found by the ratio of the two, see `LabelScale`.
    """

    median: float
    ninety: float
    worst: float
    bias: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    ratio_floor: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Everything found of a dataset as a whole; None and empty where it does not apply.

    `reading` are sentences on cells that could not be read.
    """

    label_quality: LabelQuality | None = None
    trust: Trust | None = None
    noise: LabelNoise | None = None
    classes: tuple[ClassHealth, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    imbalance: Imbalance | None = None
    number_errors: NumberErrors | None = None
    order: RowOrder | None = None
    groups: tuple[Group, ...] = ()
    inverted: tuple[InvertedSlice, ...] = ()
    leak: Leak | None = None
    reading: tuple[str, ...] = ()

    @property
    def has_systematic_noise(self) -> bool:
        """Whether more flagged labels are expected to be wrong than noise at random explains, where
        rows have one class.

        Then models have learned some of the wrong labels, the noise is underestimated, and both
        accuracies are too high.
        """
        if self.noise is None or self.trust is None or self.label_quality is None:
            return False
        if self.noise.held_out is None:
            return False
        return self.trust.n_expected > self.noise.high * self.label_quality.n_labeled

    def to_dict(self) -> dict[str, Any]:
        """Return it in the types of JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Health:
        """Read what `to_dict` wrote; unknown and missing keys are passed over."""
        health: Health = _read(cls, values)
        return health


def _read(kind: Any, value: Any) -> Any:
    """Read a JSON value as the annotated type: a dataclass, a tuple of one type, or a scalar, or
    None.
    """
    if value is None:
        return None
    if get_origin(kind) is types.UnionType:
        kind = next(part for part in get_args(kind) if part is not types.NoneType)
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], part) for part in value)
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return value
    hints = get_type_hints(kind)
    return kind(
        **{
            field.name: _read(hints[field.name], value[field.name])
            for field in fields(kind)
            if field.name in value
        }
    )
