"""The download of a model with a loader and its card."""

from __future__ import annotations

from django.http import FileResponse

from models_app.models import DeployedModel
from models_app.portable import write_archive
from studio import tables
from studio.model_runs.pages.model_card import model_card


def archive_response(model: DeployedModel) -> FileResponse:
    """Return the archive; its file has no name any more while it is sent."""
    with tables.scratch() as folder:
        path = folder / "model.zip"
        write_archive(model, model_card(model).markdown(), path)
        return FileResponse(path.open("rb"), as_attachment=True, filename=f"{model.name}.zip")
