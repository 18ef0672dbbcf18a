"""Reads of the app: what is known of a model, from its row and the cleanset it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F, QuerySet

from cleansets.models import Cleanset
from cleansets.overlay import corrected_rows, n_changed_for_training, original_analysis
from cleansets.task_words import TASK_WORDS, TaskWords
from models_app.models import DeployedModel
from projects.models import Project
from studio.accounts.models import User
from studio.engine.ml_task import MLTask
from studio.runs import ACTIVE, Status

PROVIDED_KEY = "provided"  # of predictions that were imported, which is no model


def models_of(user: User) -> QuerySet[DeployedModel]:
    """Return the user's models, newest first."""
    mine = DeployedModel.objects.filter(cleanset__project__owner=user)
    return mine.select_related("cleanset__project").order_by("-queued_at")


def newest_model(cleanset: Cleanset) -> DeployedModel | None:
    """Return the most recently deployed model, cancelled ones aside."""
    return cleanset.deployed_models.exclude(status=Status.CANCELLED).order_by("-queued_at").first()


def model_in_training(cleanset: Cleanset) -> DeployedModel | None:
    """Return the model whose training is queued or running."""
    return cleanset.deployed_models.filter(status__in=ACTIVE).first()


def current_model(project: Project) -> DeployedModel | None:
    """Return the trained model that was made current last and is not retired."""
    usable = DeployedModel.objects.filter(
        cleanset__project=project, status=Status.SUCCEEDED, retired_at=None
    )
    return usable.order_by(F("made_current_at").desc(nulls_last=True), "-queued_at").first()


def candidate_choices(cleanset: Cleanset) -> list[tuple[str, str]]:
    """Return key and name, with the held-out score, of each model that an analysis tried."""
    words = TASK_WORDS[cleanset.task]
    return [
        (one["key"], f"{one['name']}: {words.score_text(one['accuracy'])} {words.score}")
        for one in cleanset.candidates
        if one["key"] != PROVIDED_KEY
    ]


@dataclass(frozen=True, slots=True)
class AnalysisToDeploy:
    """An analysis of a project whose models can be deployed."""

    cleanset: Cleanset
    score: float
    score_text: str
    is_best: bool


def analyses_to_deploy(project: Project) -> list[AnalysisToDeploy]:
    """Return the trained analyses of a project, newest first; the one whose best model has the
    highest score is the best.
    """
    trained = [
        cleanset
        for cleanset in project.cleansets.filter(status=Status.SUCCEEDED).order_by("-number")
        if cleanset.candidates and not cleanset.provided_key
    ]
    words = TASK_WORDS[MLTask(project.task)]
    best = max((one.candidates[0]["accuracy"] for one in trained), default=0.0)
    return [
        AnalysisToDeploy(
            cleanset=one,
            score=one.candidates[0]["accuracy"],
            score_text=f"{words.score_text(one.candidates[0]['accuracy'])} {words.score}",
            is_best=one.candidates[0]["accuracy"] == best,
        )
        for one in trained
    ]


@dataclass(frozen=True, slots=True)
class TrainingPreview:
    """The rows that training would use if it began now, and those that it would leave out."""

    n_rows: int
    n_corrected: int
    n_excluded: int
    n_unlabeled: int
    n_test: int


def training_preview(cleanset: Cleanset) -> TrainingPreview:
    rows = corrected_rows(cleanset)
    n_labeled = rows.n_labeled(cleanset.task)
    return TrainingPreview(
        n_rows=n_labeled,
        n_corrected=rows.n_corrected,
        n_excluded=rows.n_excluded,
        n_unlabeled=len(rows.labels) - n_labeled - rows.n_test,
        n_test=rows.n_test,
    )


def n_decisions_since(model: DeployedModel) -> int:
    """Return the number of rows whose training label has changed since the training began."""
    return n_changed_for_training(model.cleanset, since=model.started_at or model.queued_at)


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One line of the table of candidates.

    `words` names the score, which is measured on held-out rows. The original score is from the
    analysis of the uploaded labels with the same configuration; None if that did not try the
    candidate, or if there is none. `ece` is None
    for tasks without probabilities.
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
        return self.words.score_text(self.held_out_score)

    @property
    def original_text(self) -> str:
        return self.words.score_text(self.original_score)

    @property
    def difference(self) -> str:
        if self.original_score is None:
            return "–"
        return self.words.difference_text(self.held_out_score, self.original_score)


def held_out_text(model: DeployedModel) -> str:
    """Return the deployed candidate's score and the score's name, or a dash before training."""
    if not model.is_succeeded or not model.candidates:
        return "–"
    words = TASK_WORDS[model.cleanset.task]
    return f"{words.score_text(model.candidates[0]['accuracy'])} {words.score}"


def candidate_rows(model: DeployedModel) -> list[CandidateRow]:
    """Return every candidate, best first; the best is deployed."""
    words = TASK_WORDS[model.cleanset.task]
    original = original_analysis(model.cleanset)
    original_scores = {}
    if original is not None:
        original_scores = {
            candidate["key"]: candidate["accuracy"] for candidate in original.candidates
        }
    return [
        CandidateRow(
            name=candidate["name"],
            words=words,
            held_out_score=candidate["accuracy"],
            original_score=original_scores.get(candidate["key"]),
            ece=candidate.get("ece"),
            inference_time_s=candidate["inference_time_s"],
            training_time_s=candidate["training_time_s"],
            is_deployed=rank == 0,
        )
        for rank, candidate in enumerate(model.candidates)
    ]


@dataclass(frozen=True, slots=True)
class ExpectedColumn:
    """A column that a file to predict must have."""

    name: str
    kind: str


def expected_columns(model: DeployedModel) -> list[ExpectedColumn]:
    """Return the columns that the model reads, in order."""
    cleanset = model.cleanset
    return [ExpectedColumn(name, cleanset.column_kinds[name]) for name in cleanset.feature_columns]


def made_with(model: DeployedModel) -> Mapping[str, str]:
    """Return the versions of Python and the libraries that the model was trained with."""
    return {"Python": model.manifest["python"], **model.manifest["library_versions"]}


def file_digests(model: DeployedModel) -> Mapping[str, str]:
    """Return the SHA-256 digest of each file in the artefact."""
    digests: Mapping[str, str] = model.manifest["files"]
    return digests
