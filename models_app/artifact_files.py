"""A model's artefact in the file storage: one uncompressed tar, signed with this studio's key."""

from __future__ import annotations

import hmac
import logging
import tarfile
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from cleansets.models import Cleanset
from cleansets.scorers import Scorer
from models_app.models import DeployedModel
from studio import tables
from studio.engine.errors import DataProblem
from studio.engine.recipes.artifacts import Manifest, load_artifact, save_artifact
from studio.engine.recipes.trained import TrainedModel
from studio.runs import Status

logger = logging.getLogger(__name__)

PURPOSE = b"cleanset-studio/model-artefact/1"
N_OPEN_MODELS = 2  # kept in memory per worker process; a text model holds hundreds of megabytes


def signing_key() -> bytes:
    """Return the key that signs artefacts, derived so that a leaked one does not open sessions."""
    return hmac.digest(settings.SECRET_KEY.encode(), PURPOSE, "sha256")


def save_tar(model: TrainedModel, tar: Path) -> Manifest:
    with tables.scratch() as folder:
        manifest = save_artifact(model, folder / "model", signing_key=signing_key())
        with tarfile.open(tar, "w") as archive:
            for path in sorted((folder / "model").iterdir()):
                archive.add(path, arcname=path.name, recursive=False)
    return manifest


def deployed_artifact(artifact_key: str) -> TrainedModel:
    """Return the model under a storage key. Raises DataProblem if it is missing or was altered."""
    return _artifact(tables.local_path(artifact_key))


def newest_scorer(cleanset: Cleanset) -> Scorer | None:
    """Return the newest deployed model of a cleanset's project that can be opened, if any."""
    deployed = DeployedModel.objects.filter(
        cleanset__project=cleanset.project_id, status=Status.SUCCEEDED
    )
    for model in deployed.order_by("-queued_at"):
        try:
            return Scorer(f"model {model.name}", deployed_artifact(model.artifact_key))
        except DataProblem as problem:
            logger.warning("A model cannot score new rows model=%s: %s", model.pk, problem)
    return None


@lru_cache(maxsize=N_OPEN_MODELS)
def _artifact(tar: Path) -> TrainedModel:
    with tables.scratch() as folder:
        try:
            with tarfile.open(tar) as archive:
                archive.extractall(folder, filter="data")
        except tarfile.TarError as error:
            raise DataProblem(
                "The file of this model is damaged. Deploy the model again."
            ) from error
        return load_artifact(folder, signing_key=signing_key())
