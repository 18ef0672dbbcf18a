"""Signed files of a trained model. The signature and every digest are checked before anything is
unpickled.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import platform
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import joblib

from studio.engine.errors import DataProblem
from studio.engine.features.catalogue import ENCODED
from studio.engine.ml_task import MLTask
from studio.engine.recipes.trained import TrainedModel
from studio.engine.text.encoder import encoder_sha256

FORMAT_VERSION = 13
MANIFEST = "manifest.json"
SIGNATURE = "manifest.hmac-sha256"
PAYLOAD = "model.joblib"
LIBRARIES = (
    "scikit-learn",
    "lightgbm",
    "numpy",
    "scipy",
    "pandas",
    "joblib",
    "sentence-transformers",
    "torch",
)
# Its fitted models are only guaranteed to load in the same minor version
_UNPICKLED_BY = "scikit-learn"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an artefact contains and what it was made with; stored as `manifest.json`.

    Attributes
    ----------
    column_kinds
        Kind of each feature column, in order.
    separator, merged_labels
        How the cells of the label column were read. Suggested sets of labels are written with the
        same separator.
    conventions
        How numbers and dates were read, by column.
    candidates
        The table of models, best first.
    encoder_sha256
        Digest of the sentence encoder that the model needs; None if it needs none.
    arithmetic
        The arithmetic in which that encoder computed when the model was trained.
    files
        SHA-256 of each file.
    has_guard
        Whether it can say which predictions not to trust; models of older versions cannot.
    """

    format_version: int
    python: str
    library_versions: Mapping[str, str]
    task: str
    modality: str
    mode: str
    seed: int
    n_folds: int
    label_column: str | None
    column_kinds: Mapping[str, str]
    conventions: Mapping[str, str]
    classes: tuple[str, ...]
    separator: str | None
    merged_labels: Mapping[str, str]
    members: Mapping[str, float]
    candidates: tuple[Mapping[str, str | float], ...]
    encoder_sha256: str | None
    arithmetic: str | None
    files: Mapping[str, str]
    has_guard: bool = False


def save_artifact(model: TrainedModel, directory: Path, *, signing_key: bytes) -> Manifest:
    """Write a model to a folder, which appears only when it is complete.

    Parameters
    ----------
    model
        The model.
    directory
        The folder to create; an existing artefact is replaced.
    signing_key
        Secret key of the HMAC-SHA256 of the manifest, which contains the digests of all other
        files.

    Returns
    -------
    Manifest
        The manifest that was written.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        joblib.dump(model, unfinished / PAYLOAD, compress=("zlib", 3))
        manifest = _describe(model, {PAYLOAD: _sha256(unfinished / PAYLOAD)})
        written = json.dumps(asdict(manifest), ensure_ascii=False, indent=2).encode()
        (unfinished / MANIFEST).write_bytes(written)
        (unfinished / SIGNATURE).write_text(_signature(written, signing_key))
        if directory.exists():
            shutil.rmtree(directory)
        unfinished.rename(directory)  # at once, so that nobody sees half a model
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return manifest


def load_artifact(directory: Path, *, signing_key: bytes) -> TrainedModel:
    """Load a model that this studio saved.

    Parameters
    ----------
    directory
        A folder that `save_artifact` wrote.
    signing_key
        The key with which it was signed.

    Raises
    ------
    DataProblem
        If files are missing, were changed or are signed with another key, or if they were written
        with another minor version of scikit-learn.
    """
    return _opened(directory, read_manifest(directory, signing_key=signing_key))


def load_unsigned(directory: Path) -> TrainedModel:
    """Load a model outside of the studio that saved it, whose key is not known there.

    Digests show damage, not who made the files: unpickling runs code, so load only what comes from
    a studio that you trust. Raises DataProblem as `load_artifact` does, but for signatures.
    """
    try:
        written = (directory / MANIFEST).read_bytes()
    except OSError as error:
        raise DataProblem(
            f"The folder {directory.name} contains no model. Download it again."
        ) from error
    return _opened(directory, _manifest(written))


def _opened(directory: Path, manifest: Manifest) -> TrainedModel:
    _check_versions(manifest)
    for name, expected in manifest.files.items():
        path = directory / Path(name).name
        if not path.is_file() or not hmac.compare_digest(_sha256(path), expected):
            raise DataProblem(
                f"The model's file {name} is missing or was changed after it was saved. Deploy it"
                " again."
            )
    # Unpickling runs code: only now is it known to be what was saved.
    model = joblib.load(directory / PAYLOAD)
    if not isinstance(model, TrainedModel):
        raise DataProblem("The file contains no model of this studio. Deploy the model again.")
    if not hasattr(model, "guard"):  # saved before models had one
        object.__setattr__(model, "guard", None)
    needed_encoder = manifest.encoder_sha256
    if needed_encoder and needed_encoder != encoder_sha256(model.spec.encoder_folder):
        raise DataProblem(
            "The model was trained with a different sentence encoder. Deploy it again."
        )
    return model


def read_manifest(directory: Path, *, signing_key: bytes) -> Manifest:
    """Check the signature of the manifest and return it. Raises DataProblem."""
    try:
        written = (directory / MANIFEST).read_bytes()
        signature = (directory / SIGNATURE).read_text().strip()
    except OSError as error:
        raise DataProblem(
            f"The folder {directory.name} contains no signed model. Deploy the model again."
        ) from error
    if not hmac.compare_digest(signature.encode(), _signature(written, signing_key).encode()):
        raise DataProblem(
            "The model's signature is not right: it was changed, or another studio saved it. "
            "Only models deployed here are loaded; deploy it again."
        )
    return _manifest(written)


def _manifest(written: bytes) -> Manifest:
    fields = json.loads(written)
    if fields["format_version"] != FORMAT_VERSION:
        raise DataProblem("The model was saved by another version of the studio. Deploy it again.")
    return Manifest(**fields)


def _describe(model: TrainedModel, files: Mapping[str, str]) -> Manifest:
    spec = model.spec
    separator = None
    if spec.task is MLTask.MULTI_LABEL:
        separator = spec.separator.value
    needed_encoder = None
    if ENCODED & model.featurisers.keys():
        needed_encoder = encoder_sha256(spec.encoder_folder)
    return Manifest(
        format_version=FORMAT_VERSION,
        python=platform.python_version(),
        library_versions={name: version(name) for name in LIBRARIES},
        task=spec.task.value,
        modality=spec.modality.value,
        mode=spec.mode.value,
        seed=spec.seed,
        n_folds=spec.n_folds,
        label_column=spec.label_column,
        column_kinds={name: spec.column_kinds[name].value for name in spec.feature_columns},
        conventions={name: convention.value for name, convention in spec.conventions.items()},
        classes=model.classes,
        separator=separator,
        merged_labels=dict(spec.merged_labels),
        members={member.key: member.weight for member in model.members},
        candidates=tuple(asdict(candidate) for candidate in model.candidates),
        encoder_sha256=needed_encoder,
        arithmetic=model.arithmetic.value if model.arithmetic else None,
        files=files,
        has_guard=model.guard is not None,
    )


def _check_versions(manifest: Manifest) -> None:
    written_by = manifest.library_versions[_UNPICKLED_BY]
    installed = version(_UNPICKLED_BY)
    if written_by.split(".")[:2] != installed.split(".")[:2]:
        raise DataProblem(
            f"The model was trained with {_UNPICKLED_BY} {written_by}, but {installed} is"
            " installed. Deploy the model again."
        )


def _signature(data: bytes, key: bytes) -> str:
    return hmac.new(key, data, hashlib.sha256).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
