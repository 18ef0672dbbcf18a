"""What the pages of a model show, read from its row and from the cleanset that it was
trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from cleansets.models import Cleanset
from cleansets.overlay import corrected_rows, n_changed_for_training
from cleansets.task_words import TASK_WORDS, TaskWords
from models_app.models import DeployedModel
from studio.accounts.models import User
from studio.runs import ACTIVE, Status


def models_of(user: User) -> QuerySet[DeployedModel]:
    """Return the user's models, newest first."""
    mine = DeployedModel.objects.filter(cleanset__project__owner=user)
    return mine.select_related("cleanset__project").order_by("-queued_at")


def newest_model(cleanset: Cleanset) -> DeployedModel | None:
    """Return the model that was deployed last, unless its training was cancelled."""
    return cleanset.deployed_models.exclude(status=Status.CANCELLED).order_by("-queued_at").first()


def model_in_training(cleanset: Cleanset) -> DeployedModel | None:
    """Return the model whose training has not ended."""
    return cleanset.deployed_models.filter(status__in=ACTIVE).first()


@dataclass(frozen=True, slots=True)
class TrainingPreview:
    """What training would see if it began now: the rows with a label, and what is left out."""

    n_rows: int
    n_corrected: int
    n_excluded: int
    n_unlabeled: int


def training_preview(cleanset: Cleanset) -> TrainingPreview:
    """Count what training reads."""
    rows = corrected_rows(cleanset)
    n_labeled = rows.n_labeled(cleanset.task)
    return TrainingPreview(
        n_labeled, rows.n_corrected, rows.n_excluded, len(rows.labels) - n_labeled
    )


def n_decisions_since(model: DeployedModel) -> int:
    """Return how many rows training would see otherwise, now, than when it began."""
    return n_changed_for_training(model.cleanset, since=model.started_at or model.queued_at)


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One line of the table of models. What the score is, `words` tell; it is measured on rows that
    were held out.

    The original score is that of the project's analysis of the uploaded labels; None where that did
    not try the candidate. `ece` is None where there are no probabilities.
    """

    name: str
    words: TaskWords
    held_out_score: float
    original_score: float | None
    ece: float | None
    inference_time_s: float
    training_time_s: float
    is_deployed: bool

    @property
    def held_out_text(self) -> str:
        """The score against the corrected labels."""
        return self.words.score_text(self.held_out_score)

    @property
    def original_text(self) -> str:
        """The score against the uploaded labels."""
        return self.words.score_text(self.original_score)

    @property
    def difference(self) -> str:
        """Held-out minus original score."""
        if self.original_score is None:
            return "–"
        return self.words.difference_text(self.held_out_score, self.original_score)


def held_out_text(model: DeployedModel) -> str:
    """Return the score of the candidate that is deployed, with its name; a dash before it is
    trained.
    """
    if not model.is_succeeded or not model.candidates:
        return "–"
    words = TASK_WORDS[model.cleanset.task]
    return f"{words.score_text(model.candidates[0]['accuracy'])} {words.score}"


def candidate_rows(model: DeployedModel) -> list[CandidateRow]:
    """Return every candidate, best first, beside its accuracy on the data as it was uploaded; the
    best is deployed.
    """
    original = {
        candidate["key"]: candidate["accuracy"] for candidate in model.cleanset.root.candidates
    }
    return [
        CandidateRow(
            name=candidate["name"],
            words=TASK_WORDS[model.cleanset.task],
            held_out_score=candidate["accuracy"],
            original_score=original.get(candidate["key"]),
            ece=candidate.get("ece"),
            inference_time_s=candidate["inference_time_s"],
            training_time_s=candidate["training_time_s"],
            is_deployed=place == 0,
        )
        for place, candidate in enumerate(model.candidates)
    ]


@dataclass(frozen=True, slots=True)
class ExpectedColumn:
    """A column that a file must have to be predicted."""

    name: str
    kind: str


def expected_columns(model: DeployedModel) -> list[ExpectedColumn]:
    """Return the columns that the model reads, in order."""
    project = model.cleanset.project
    return [ExpectedColumn(name, project.column_kinds[name]) for name in project.feature_columns]


def made_with(model: DeployedModel) -> Mapping[str, str]:
    """Return the versions of what made the model."""
    return {"Python": model.manifest["python"], **model.manifest["library_versions"]}


def file_digests(model: DeployedModel) -> Mapping[str, str]:
    """Return the SHA-256 of each file in the artefact."""
    digests: Mapping[str, str] = model.manifest["files"]
    return digests
