"""Options of `clean`, and their translation to the engine's spec."""

from __future__ import annotations

import csv
import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from django.conf import settings

from projects.guess import guess_choice
from projects.readers import ReadOptions
from projects.readers.column_profile import ColumnProfile
from projects.readers.profile import conventions_of
from studio.engine.conventions.label_sets import Separator
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.schema import CleansetSpec
from studio.engine.schema.class_weights import ClassWeights
from studio.engine.schema.split import MAX_TEST_PERCENT, MIN_TEST_PERCENT, TEST_PERCENT
from studio.engine.table.columns import ColumnKind
from studio.engine.table.near_names import nearest_name
from studio.management.convention_options import add_convention_options, chosen_conventions
from studio.management.input_files import add_table_argument
from studio.management.read_options import read_options_of

MAX_SEED = 2**31 - 1  # what the database keeps for a project
_COLUMNS_NAMED = 30  # in an error; more would hide the sentence
_FORMATS = ".csv, .tsv, .json, .jsonl (all also .gz), .parquet or .xlsx"


@dataclass(frozen=True, slots=True)
class LearningRequest:
    """The options that define what to learn; each field is the option of that name, and `reading`
    holds those for reading FILE.
    """

    file: Path
    label: str | None
    text: str | None
    features: str | None
    task: str
    separator: str | None
    merge_spellings: bool
    mode: str
    seed: int
    reading: ReadOptions
    decimal: list[str]
    dates: list[str]
    split: str | None
    test_percent: int | None
    class_weights: ClassWeights | None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Read the request from parsed options. Raises DataProblem if they contradict each
        other.
        """
        values = {**options, "reading": read_options_of(options)}
        request = cls(**{field.name: values[field.name] for field in fields(cls)})
        request._refuse_contradictions()
        return request

    @property
    def chosen_features(self) -> list[str]:
        """The columns to learn from that were named; empty if they are to be guessed."""
        if self.text is not None:
            return [self.text]
        # A, B, …: a name that contains a comma is in double quotes.
        return next(csv.reader([self.features or ""], skipinitialspace=True), [])

    @property
    def left_out(self) -> frozenset[str]:
        """Named columns that models must not learn from."""
        return frozenset({self.split} if self.split else ())

    @property
    def named_columns(self) -> list[str]:
        label = [] if self.label is None else [self.label]
        return [*label, *self.chosen_features, *self.left_out]

    def _refuse_contradictions(self) -> None:
        is_unsupervised = self.task == MLTask.UNSUPERVISED
        if is_unsupervised and self.label is not None:
            raise DataProblem(
                "The task unsupervised looks at rows without labels. Leave out --label, or give"
                " another --task."
            )
        if not is_unsupervised and self.label is None:
            raise DataProblem(
                f"The task {self.task} needs the column with the labels. Add --label COL."
            )
        if self.separator is not None and self.task != MLTask.MULTI_LABEL:
            raise DataProblem(
                "Only sets of classes have a separator. Add --task multi-label, or leave out"
                " --separator."
            )
        if is_unsupervised and (self.split is not None or self.test_percent is not None):
            raise DataProblem(
                "Without labels nothing is learned that could be tested. Leave out --split and"
                " --test-percent."
            )
        if self.class_weights is not None and self.task != MLTask.MULTI_CLASS:
            raise DataProblem(
                f"Class weights are for multi-class labels, and the task is {self.task}. Leave out"
                " --class-weights."
            )
        if self.split is not None and self.split == self.label:
            raise DataProblem(
                f"The column {self.split} has the labels, so it cannot say which rows are for"
                " testing. Give another --split."
            )


@dataclass(frozen=True, slots=True)
class Request(LearningRequest):
    """The options of `clean`."""

    out: Path
    pred_probs: Path | None
    manifest: Path | None
    model: Path | None

    @property
    def outputs(self) -> dict[str, Path | None]:
        """The files to write, by option."""
        return {"--out": self.out, "--pred-probs": self.pred_probs, "--manifest": self.manifest}

    def _refuse_contradictions(self) -> None:
        LearningRequest._refuse_contradictions(self)
        if self.task == MLTask.UNSUPERVISED and (self.pred_probs or self.model):
            option = "--model" if self.model else "--pred-probs"
            raise DataProblem(
                f"Without labels nothing is learned that {option} could write. Leave it out."
            )


def add_learning_options(parser: ArgumentParser) -> None:
    """Add FILE and the options that define what to learn."""
    add_table_argument(parser)
    parser.add_argument(
        "--label", metavar="COL", help="the column with the given labels; not if unsupervised"
    )
    columns = parser.add_mutually_exclusive_group()
    columns.add_argument("--text", metavar="COL", help="the column with the text to learn from")
    columns.add_argument(
        "--features",
        metavar="A,B,…",
        help=(
            "the columns to learn from; guessed if not given. Put a name that contains a comma in"
            " double quotes"
        ),
    )
    parser.add_argument(
        "--task",
        choices=[task.value for task in MLTask],
        default=MLTask.MULTI_CLASS.value,
        help=(
            "what a label is: one of several classes (multi-class, the default), any number of"
            " classes (multi-label), a number (regression); or no labels at all (unsupervised)"
        ),
    )
    parser.add_argument(
        "--separator",
        choices=[separator.value for separator in Separator],
        help=(
            "how the cells of the label column write sets of classes (multi-label): what stands"
            f" between two classes, or lists such as {Separator.JSON.example} (json),"
            f" {Separator.PYTHON.example} (python), {Separator.NUMBERS.example} (numbers); found in"
            " the column if not given"
        ),
    )
    parser.add_argument(
        "--merge-spellings",
        action="store_true",
        help=(
            "count classes that differ in case, spaces or Unicode form as one, spelled as most rows"
            " spell it"
        ),
    )
    parser.add_argument(
        "--mode",
        choices=[mode.value for mode in Mode],
        default=Mode.REGULAR.value,
        help="how many models are tried (regular, if not given)",
    )
    add_convention_options(parser)
    parser.add_argument(
        "--class-weights",
        type=_class_weights,
        metavar="W",
        help=(
            "how much the rows of each class count in fits: none (the default), balanced, or JSON"
            ' such as {"spam": 3}, where other classes weigh 1. Probabilities stay calibrated to'
            " the frequencies in the data. Multi-class only"
        ),
    )
    parser.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="the only source of randomness (0)"
    )


def add_split_options(parser: ArgumentParser) -> None:
    """Add the options that say which rows are for testing."""
    split = parser.add_mutually_exclusive_group()
    split.add_argument(
        "--split",
        metavar="COL",
        help=(
            "the column that says which rows are for training, validation and testing. Labels of"
            " test rows are never learned from"
        ),
    )
    split.add_argument(
        "--test-percent",
        type=_percent,
        metavar="N",
        help=(
            f"make a split: N of a hundred rows are for testing, such as {TEST_PERCENT}, as many of"
            " each class, near duplicates on the same side"
        ),
    )


def add_clean_options(parser: ArgumentParser) -> None:
    """Add the arguments of `clean`."""
    add_learning_options(parser)
    add_split_options(parser)
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="OUT",
        help=f"the rows with what was found: {_FORMATS}; - for CSV on standard output",
    )
    parser.add_argument(
        "--pred-probs",
        type=Path,
        metavar="P.parquet",
        help="also write out-of-sample pred_probs, in any of the formats",
    )
    parser.add_argument(
        "--manifest", type=Path, metavar="M.json", help="also write what `rerun` needs to prove it"
    )
    parser.add_argument(
        "--model", type=Path, metavar="DIR", help="also train the best model and save it there"
    )


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_SEED:
        raise ArgumentTypeError(
            f"{text} is not a valid seed; expected a whole number from 0 to {MAX_SEED:,}."
        )
    return int(text)


def _class_weights(text: str) -> ClassWeights | None:
    if not text.lstrip().startswith("{"):
        values: Any = text
    else:
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ArgumentTypeError(
                f'{text} is not valid JSON; expected weights by class such as {{"spam": 3}}.'
            ) from error
    try:
        return ClassWeights.from_json(values)
    except DataProblem as problem:
        raise ArgumentTypeError(str(problem)) from problem


def _percent(text: str) -> int:
    if not text.isdecimal() or not MIN_TEST_PERCENT <= int(text) <= MAX_TEST_PERCENT:
        raise ArgumentTypeError(
            f"{text} is no percentage of rows for testing; expected a whole number from"
            f" {MIN_TEST_PERCENT} to {MAX_TEST_PERCENT}."
        )
    return int(text)


def unknown_column(name: str, known: Sequence[str]) -> DataProblem:
    """Return the error for a column that is not in the file."""
    nearest = nearest_name(name, known)
    question = "" if nearest is None else f" Did you mean {nearest}?"
    shown = ", ".join(known[:_COLUMNS_NAMED])
    if len(known) > _COLUMNS_NAMED:
        shown += f" and {len(known) - _COLUMNS_NAMED:,} more"
    return DataProblem(
        f"There is no column {name}.{question} The columns of the file are: {shown}."
    )


def with_conventions(
    request: LearningRequest, profiles: Sequence[ColumnProfile]
) -> list[ColumnProfile]:
    """Apply --decimal and --dates to the profiles."""
    kinds = {profile.name: profile.kind for profile in profiles}
    chosen = chosen_conventions({"decimal": request.decimal, "dates": request.dates}, kinds)
    return [replace(profile, chosen_convention=chosen.get(profile.name)) for profile in profiles]


def spec_of(request: LearningRequest, profiles: Sequence[ColumnProfile]) -> CleansetSpec:
    """Translate the options to a spec, as the form of a new project does."""
    chosen = request.chosen_features
    modality = Modality.TEXT if request.text is not None else Modality.TABULAR
    if not chosen:
        possible = [profile for profile in profiles if profile.name not in request.left_out]
        modality, chosen = _guessed_features(request.label, possible)
    kinds = {profile.name: profile.kind for profile in profiles if profile.name in chosen}
    if modality is Modality.TEXT:
        kinds = dict.fromkeys(kinds, ColumnKind.TEXT)
    return CleansetSpec(
        task=MLTask(request.task),
        modality=modality,
        feature_columns=tuple(kinds),
        column_kinds=kinds,
        conventions=conventions_of(profiles, kinds, request.label),
        label_column=request.label,
        mode=Mode(request.mode),
        seed=request.seed,
        class_weights=request.class_weights,
        encoder_folder=settings.ENCODER_FOLDER,
    )


def _guessed_features(
    label: str | None, profiles: Sequence[ColumnProfile]
) -> tuple[Modality, list[str]]:
    """Guess the features; without a label option, a column that looks like the label is one too."""
    task = MLTask.UNSUPERVISED if label is None else None
    guess = guess_choice(profiles, task=task, label_column=label)
    if guess.modality is Modality.TEXT and guess.text_column:
        return Modality.TEXT, [guess.text_column]
    return Modality.TABULAR, list(guess.feature_columns)
