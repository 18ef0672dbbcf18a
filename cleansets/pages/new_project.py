"""The outcome of starting a project, as shown on its create page."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cleansets.label_text import number_text
from cleansets.pages.forecast import Forecast, forecast
from projects.forms.options import SEPARATOR_NAMES
from projects.forms.projects import ProjectForm, SpellingChoice
from projects.forms.split import SplitValue
from projects.label_summaries import LabelSummary, NumberSummary
from projects.views.profile_cards import Bar, histogram_bars
from studio.accounts.models import User
from studio.engine.choices.class_sizes import fewest_rows
from studio.engine.labels.reading import ClassCounts
from studio.engine.labels.spellings import shown_spelling
from studio.engine.ml_task import Modality
from studio.engine.schema import CleansetSpec, Part
from studio.engine.table.columns import ColumnKind

CLASSES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class ClassShare:
    """A class with its number of rows; `fraction` is relative to the most frequent one."""

    name: str
    n_rows: int
    fraction: float


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """What an analysis would do, or why it is not possible (`problems`)."""

    problems: tuple[str, ...]
    spec: CleansetSpec | None = None
    n_rows: int = 0
    labels: LabelSummary | None = None
    forecast: Forecast | None = None
    spellings: tuple[SpellingChoice, ...] = ()
    notes: tuple[str, ...] = ()
    split_column: str = ""
    split_values: tuple[SplitValue, ...] = ()

    @property
    def parts(self) -> list[Part]:
        """What a value of the split's column may mean."""
        return list(Part)

    @property
    def split_rows(self) -> list[tuple[str, int]]:
        """The parts of the split, each with its number of rows; estimated for one that is made."""
        if self.spec is None or self.spec.split is None:
            return []
        if self.spec.split.column is None:
            n_test = round(self.n_rows * self.spec.split.test_percent / 100)
            return [(Part.TRAINING.value, self.n_rows - n_test), (Part.TEST.value, n_test)]
        counts = dict.fromkeys(Part, 0)
        for one in self.split_values:
            if one.part is not None:
                counts[one.part] += one.n_rows
        return [(part.value, n_rows) for part, n_rows in counts.items() if n_rows]

    @property
    def is_split_made(self) -> bool:
        """Whether the rows for testing are picked by the analysis."""
        return self.spec is not None and self.spec.split is not None and not self.split_column

    @property
    def n_fits(self) -> int:
        """Models times folds, where an earlier analysis tells how many models are tried; else 0."""
        return self.forecast.n_models * self.spec.n_folds if self.forecast and self.spec else 0

    @property
    def task(self) -> str:
        """The chosen task, empty where the choice does not hold."""
        return self.spec.task.value if self.spec else ""

    @property
    def _classes(self) -> tuple[tuple[str, int], ...]:
        return self.labels.classes if isinstance(self.labels, ClassCounts) else ()

    @property
    def rarest(self) -> tuple[str, int] | None:
        """The class with the fewest rows; None without classes."""
        if not self._classes:
            return None
        name, n_rows = self._classes[-1]
        return shown_spelling(name), n_rows

    @property
    def scarce(self) -> list[str]:
        """The classes that the analysis calls rare, the scarcest first."""
        fewest = fewest_rows([n_rows for _, n_rows in self._classes])
        return [
            shown_spelling(label) for label, n_rows in reversed(self._classes) if n_rows < fewest
        ]

    @property
    def fewest_rows(self) -> int:
        """The number of rows from which a class is not rare."""
        return math.ceil(fewest_rows([n_rows for _, n_rows in self._classes]))

    @property
    def frequent(self) -> list[ClassShare]:
        """The most frequent classes, their bars relative to the first."""
        shown = self._classes[:CLASSES_SHOWN]
        return [ClassShare(shown_spelling(name), n, n / self._classes[0][1]) for name, n in shown]

    @property
    def n_more_classes(self) -> int:
        """How many classes are not among the most frequent."""
        return max(len(self._classes) - CLASSES_SHOWN, 0)

    @property
    def separator(self) -> str:
        """How the cells write sets of classes, in words."""
        return SEPARATOR_NAMES[self.spec.separator] if self.spec else ""

    @property
    def example(self) -> str:
        """A cell with two classes, as the label column writes it."""
        return self.spec.separator.example if self.spec else ""

    @property
    def n_apart(self) -> int:
        """How many classes that are spelled in several ways are not merged."""
        return sum(not choice.kept for choice in self.spellings)

    def _number(self, name: str) -> str:
        value = getattr(self.labels, name, None)
        return "–" if value is None else number_text(value)

    @property
    def lowest(self) -> str:
        """The smallest number of a regression."""
        return self._number("lowest")

    @property
    def highest(self) -> str:
        """The largest number of a regression."""
        return self._number("highest")

    @property
    def mean(self) -> str:
        """The mean of a regression's numbers."""
        return self._number("mean")

    @property
    def median(self) -> str:
        """The median of a regression's numbers."""
        return self._number("median")

    @property
    def bars(self) -> tuple[Bar, ...]:
        """How the numbers of a regression lie."""
        histogram = self.labels.histogram if isinstance(self.labels, NumberSummary) else None
        return histogram_bars(histogram, ColumnKind.NUMBER) if histogram else ()

    @property
    def drawing_text(self) -> str:
        """The histogram in one sentence."""
        return f"Given numbers from {self.lowest} to {self.highest} in {len(self.bars)} bars"

    @property
    def is_text(self) -> bool:
        """Whether one text column is read."""
        return self.spec is not None and self.spec.modality is Modality.TEXT


def project_plan(user: User, form: ProjectForm) -> ProjectPlan:
    """Work out the outcome of the posted settings."""
    if not form.is_valid():
        return ProjectPlan(
            tuple(str(error) for errors in form.errors.values() for error in errors),
            split_column=str(form["split_column"].value() or ""),
            split_values=tuple(form.split_values),
        )
    spec = form.spec()
    version = form.version
    n_rows = version.n_rows or 0
    return ProjectPlan(
        problems=(),
        spec=spec,
        n_rows=n_rows,
        labels=form.labels,
        forecast=forecast(user, spec, n_rows),
        spellings=tuple(form.spellings),
        notes=tuple(form.questions()),
        split_column="" if spec.split is None else spec.split.column or "",
        split_values=tuple(form.split_values),
    )
