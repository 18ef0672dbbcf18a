"""What a project can be made with, as the form names it."""

from __future__ import annotations

from dataclasses import dataclass

from projects.forms.split import BY_COLUMN, MADE, NO_SPLIT
from studio.engine.conventions.label_sets import Separator
from studio.engine.ml_task import MLTask, Modality, Mode


@dataclass(frozen=True, slots=True)
class Option:
    """One choice as a card: what it is called and what it does."""

    value: str
    title: str
    text: str


MODALITIES = (
    Option(Modality.TEXT, "Text", "Models read one column of text."),
    Option(Modality.TABULAR, "Tabular", "Models read many columns of any kind."),
)
TASKS = (
    Option(MLTask.MULTI_CLASS, "Multi-class", "Each row has one of several classes."),
    Option(
        MLTask.MULTI_LABEL,
        "Multi-label",
        "Each row has any number of classes: a cell such as red,large.",
    ),
    Option(MLTask.REGRESSION, "Regression", "Each row has a number as its label."),
    Option(
        MLTask.UNSUPERVISED, "Unlabeled", "No labels: the analysis finds duplicates and outliers."
    ),
)
MODES = (
    Option(Mode.FAST, "Fast", "A few quick models, for a first look."),
    Option(
        Mode.REGULAR,
        "Regular",
        "More models, and sentence embeddings of text: slower, with better suggestions.",
    ),
)
SPLITS = (
    Option(NO_SPLIT, "None", "All rows are learned from, each judged by models without it."),
    Option(BY_COLUMN, "By a column", "Its values name the rows for training and for testing."),
    Option(MADE, "Made here", "Some rows of each class, near duplicates on the same side."),
)
SPLIT_COLUMN_WANTED = "Choose the column that says which rows are for testing."
LABEL_WANTED = {
    MLTask.MULTI_CLASS: "Choose the column with the class of each row.",
    MLTask.MULTI_LABEL: (
        "Choose the column whose cells hold sets of classes; no column looks like one."
    ),
    MLTask.REGRESSION: ("Choose the column with the number of each row; no column looks like one."),
}
AS_FOUND = ""
SEPARATOR_NAMES = {
    Separator.COMMA: "comma",
    Separator.SEMICOLON: "semicolon",
    Separator.BAR: "vertical bar",
    Separator.SLASH: "slash",
    Separator.SPACE: "space",
    Separator.JSON: "JSON list",
    Separator.PYTHON: "Python list",
    Separator.NUMBERS: "list of numbers",
}
SEPARATORS = [
    (AS_FOUND, "As found in the column"),
    *(
        (separator.value, f"{name}: {separator.example}")
        for separator, name in SEPARATOR_NAMES.items()
    ),
]
