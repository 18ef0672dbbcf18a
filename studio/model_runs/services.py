"""Writes of the app: recording trainings as runs, importing predictions, editing, deleting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from cleansets.models import Cleanset
from cleansets.reanalysis import analyse_provided, checked_configuration
from models_app.models import DeployedModel
from projects.models import Project
from projects.services import delete_with_files
from studio import quotas, runs, storage, tables
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.evaluation.metrics import METRICS
from studio.engine.ml_task import MLTask
from studio.engine.schema.class_weights import class_weights_as_json
from studio.model_runs.models import ModelRun, Origin, Projection, SavedConfiguration
from studio.runs import Run

MAX_FILENAME_CHARS = 255
MAX_TAGS = 20
MAX_TAG_LENGTH = 50
MAX_CUSTOM_METRICS = 100
MAX_SAVED_CONFIGURATIONS = 100


def training_record(run: Run) -> None:
    """Record a successful training as a model run, and queue its evaluation."""
    if not run.is_succeeded:
        return
    if isinstance(run, Cleanset) and not run.is_analysis:
        return
    if isinstance(run, Cleanset) and run.task is not MLTask.UNSUPERVISED:
        analysis_record(run)
    elif isinstance(run, DeployedModel) and run.predictions_key:
        model_record(run)


@transaction.atomic
def analysis_record(cleanset: Cleanset) -> ModelRun:
    """Record the analysis of a cleanset, using the predictions stored with the cleanset."""
    run = ModelRun.objects.create(
        project=cleanset.project,
        origin=Origin.ANALYSIS,
        cleanset=cleanset,
        created_by=cleanset.created_by,
        name=f"Analysis {cleanset.number}",
        configuration=_configuration(cleanset),
        snapshot=_snapshot(cleanset, cleanset.manifest),
    )
    runs.enqueue(run)
    return run


@transaction.atomic
def model_record(model: DeployedModel) -> ModelRun:
    """Record the training of a deployed model."""
    run = ModelRun.objects.create(
        project=model.cleanset.project,
        origin=Origin.MODEL,
        cleanset=model.cleanset,
        deployed_model=model,
        created_by=model.created_by,
        name=model.name,
        configuration={
            **_configuration(model.cleanset),
            "candidates": _names(model.candidates),
            "classes": sorted(model.manifest.get("classes", [])),
        },
        snapshot={
            **_snapshot(model.cleanset, {}),
            "python": model.manifest.get("python"),
            "versions": model.manifest.get("library_versions", {}),
        },
    )
    runs.enqueue(run)
    return run


def predictions_import(
    *, cleanset: Cleanset, user: User, name: str, file: UploadedFile[bytes]
) -> ModelRun:
    """Store a file with predictions of a model trained elsewhere, and queue its evaluation. Raises
    DataProblem.
    """
    if cleanset.task is MLTask.UNSUPERVISED:
        raise DataProblem("This project has no labels to measure predictions by.")
    filename = PurePath(file.name or "file").name[-MAX_FILENAME_CHARS:]
    run = ModelRun(
        project=cleanset.project,
        origin=Origin.IMPORT,
        cleanset=cleanset,
        created_by=user,
        name=name,
        filename=filename,
        configuration={"task": cleanset.project.task, "file": filename},
        snapshot=_snapshot(cleanset, {}),
    )
    quotas.check_upload(user, file.size or 0)
    run.source_key = storage.model_run_source(run.pk)
    tables.publish_upload(file, run.source_key)
    with transaction.atomic():
        run.save(force_insert=True)
        runs.enqueue(run)
    return run


def label_issues_find(*, run: ModelRun, user: User) -> Cleanset:
    """Queue an analysis that finds label issues with imported predictions, training nothing.

    Raises
    ------
    DataProblem
        If the run is no import with probabilities or numbers, or another analysis runs.
    """
    if run.origin != Origin.IMPORT:
        raise DataProblem(
            "Only imported predictions are used to find label issues. The studio's own analyses"
            " have found theirs already."
        )
    if not run.is_succeeded:
        raise DataProblem("These predictions are not measured yet. Wait until they are.")
    if not run.configuration["has_probabilities"]:
        raise DataProblem(
            "These predictions are labels without probabilities, which do not say how sure the"
            " model is. Import a column of probabilities for each class."
        )
    return analyse_provided(
        project=run.project,
        user=user,
        predictions=tables.local_path(run.predictions_key),
        name=run.name,
        classes=run.configuration["classes"],
    )


@transaction.atomic
def run_describe(
    *,
    run: ModelRun,
    name: str | None = None,
    notes: str | None = None,
    tags: list[str] | None = None,
) -> None:
    """Rename or annotate a run; None keeps a field. Raises DataProblem."""
    fields = []
    if name is not None:
        run.name = name
        fields.append("name")
    if notes is not None:
        run.notes = notes
        fields.append("notes")
    if tags is not None:
        run.tags = _checked_tags(tags)
        fields.append("tags")
    if fields:
        run.save(update_fields=fields)


@transaction.atomic
def custom_metrics_set(*, run: ModelRun, metrics: dict[str, float]) -> None:
    """Attach metrics computed elsewhere; each replaces the one of the same name."""
    stored = ModelRun.objects.select_for_update().get(pk=run.pk)  # others may add some now
    together = {**stored.custom_metrics, **metrics}
    if len(together) > MAX_CUSTOM_METRICS:
        raise DataProblem(
            f"A run can have {MAX_CUSTOM_METRICS} custom metrics, and these would be"
            f" {len(together):,}. Leave some out."
        )
    own = {metric.key for metric in METRICS[run.task]}
    clash = next((name for name in metrics if name in own), None)
    if clash is not None:
        raise DataProblem(f"{clash} is a metric of the studio. Give yours another name.")
    run.custom_metrics = together
    run.save(update_fields=["custom_metrics"])


@transaction.atomic
def run_measure_again(*, run: ModelRun, user: User) -> ModelRun:
    """Evaluate a run's predictions against the current labels, as a new run."""
    if run.is_active:
        raise DataProblem("This run is still being measured. Wait until it is done.")
    if run.origin == Origin.IMPORT:
        raise DataProblem("Import the predictions again to measure them by the labels of now.")
    again = ModelRun.objects.create(
        project=run.project,
        origin=run.origin,
        cleanset=run.cleanset,
        deployed_model=run.deployed_model,
        created_by=user,
        name=f"{run.name}, measured again"[:200],
        configuration=run.configuration,
        snapshot=run.snapshot,
    )
    runs.enqueue(again)
    return again


@transaction.atomic
def projection_start(*, run: ModelRun, user: User, method: str) -> Projection:
    """Queue a projection of the run's rows; one that exists or is on its way is returned."""
    Project.objects.select_for_update().get(pk=run.project_id)  # two may ask at once
    known = run.projections.filter(method=method).order_by("-queued_at").first()
    if known is not None and (known.is_active or known.is_succeeded):
        return known
    projection = Projection.objects.create(model_run=run, created_by=user, method=method)
    runs.enqueue(projection)
    return projection


@transaction.atomic
def threshold_set(*, run: ModelRun, name: str, threshold: float | None) -> None:
    """Save the probability threshold of a class with the run's model; None removes it."""
    if run.deployed_model_id is None:
        raise DataProblem("Only a deployed model has thresholds. Deploy one of this cleanset.")
    if name not in run.classes:
        raise DataProblem(f"The model has no class {name}.")
    model = DeployedModel.objects.select_for_update().get(pk=run.deployed_model_id)
    thresholds = {one: value for one, value in model.thresholds.items() if one != name}
    if threshold is not None:
        thresholds[name] = threshold
    model.thresholds = thresholds
    model.save(update_fields=["thresholds"])


@transaction.atomic
def configuration_save(
    *,
    project: Project,
    name: str,
    values: Mapping[str, Any],
    saved: SavedConfiguration | None = None,
) -> SavedConfiguration:
    """Save a configuration under a name, or change a saved one. Raises DataProblem."""
    configuration = checked_configuration(project, values)
    others = project.saved_configurations.all()
    if saved is None:
        if len(others) >= MAX_SAVED_CONFIGURATIONS:
            raise DataProblem(
                f"A project can have {MAX_SAVED_CONFIGURATIONS} saved configurations. Delete one"
                " first."
            )
        saved = SavedConfiguration(project=project)
    elif not others.filter(pk=saved.pk).exists():
        raise DataProblem("This configuration was deleted meanwhile. Save it as a new one.")
    if others.filter(name=name).exclude(pk=saved.pk).exists():
        raise DataProblem(f"There is a configuration “{name}” already. Choose another name.")
    saved.name = name
    saved.values = configuration.to_dict()
    saved.updated_at = timezone.now()
    saved.save()
    return saved


def configuration_delete(*, saved: SavedConfiguration) -> None:
    """Delete a saved configuration; the runs that were made with it stay."""
    saved.delete()


def run_delete(*, run: ModelRun) -> None:
    """Delete a run with its evaluation; its cleanset or model stays."""
    delete_with_files(run)


def _checked_tags(tags: list[str]) -> list[str]:
    cleaned = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(cleaned) > MAX_TAGS:
        raise DataProblem(f"A run can have {MAX_TAGS} tags, and these are {len(cleaned):,}.")
    long = next((tag for tag in cleaned if len(tag) > MAX_TAG_LENGTH), None)
    if long is not None:
        raise DataProblem(f"The tag “{long}” is longer than {MAX_TAG_LENGTH} characters.")
    return cleaned


def _configuration(cleanset: Cleanset) -> dict[str, Any]:
    """Return the settings of the training."""
    project = cleanset.project
    spec = cleanset.spec()
    return {
        "task": project.task,
        "modality": project.modality,
        "mode": spec.mode.value,
        "label_column": project.label_column,
        "feature_columns": list(spec.feature_columns),
        "merged_labels": project.merged_labels,
        "split": {} if spec.split is None else spec.split.to_dict(),
        "class_weights": class_weights_as_json(spec.class_weights),
        "n_folds": spec.n_folds,
        "seed": spec.seed,
        "only_candidates": list(spec.only_candidates),
        "candidates": _names(cleanset.candidates),
        "classes": cleanset.classes,
        "predictions_of": cleanset.provided.get("name", ""),
    }


def _snapshot(cleanset: Cleanset, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the identity of the training data, and the versions used."""
    version = cleanset.version
    return {
        "dataset": version.dataset.name,
        "dataset_version": version.number,
        "dataset_sha256": version.sha256,
        "labels_sha256": manifest.get("labels_sha256"),
        "cleanset": cleanset.number,
        "python": manifest.get("python"),
        "versions": manifest.get("versions", {}),
    }


def _names(candidates: list[dict[str, Any]]) -> list[str]:
    return [candidate["name"] for candidate in candidates]
