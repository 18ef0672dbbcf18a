"""The downloads of a model: with a loader and its card, and in ONNX."""

from __future__ import annotations

from django.http import FileResponse

from models_app.models import DeployedModel
from models_app.portable import write_archive
from studio import tables
from studio.engine.errors import DataProblem
from studio.model_runs.pages.model_card import model_card


def archive_response(model: DeployedModel) -> FileResponse:
    """Return the archive; its file has no name any more while it is sent."""
    with tables.scratch() as folder:
        path = folder / "model.zip"
        write_archive(model, model_card(model).markdown(), path)
        return FileResponse(path.open("rb"), as_attachment=True, filename=f"{model.name}.zip")


def onnx_response(model: DeployedModel) -> FileResponse:
    """Return the model in ONNX. Raises DataProblem with the reason where there is none."""
    if not model.onnx_key:
        reason = (
            model.onnx_refusal or "It was deployed before models were exported. Deploy it again."
        )
        raise DataProblem(f"This model is not available in ONNX. {reason}")
    path = tables.local_path(model.onnx_key)
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"{model.name}.onnx")
