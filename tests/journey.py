"""The main job from sign-up to downloaded predictions, through the pages; in this process or over
the network.
"""

from __future__ import annotations

import io
import re
import time

import pandas as pd

from tests.cast import PASSWORD
from tests.visitor import Visitor

NEW_ROWS = [
    "I was charged twice for the same invoice.",
    "My parcel has not arrived and the tracking does not move.",
    "",
    "I cannot log in, the password reset mail never comes.",
]
UUID = r"[0-9a-f-]{36}"


def sign_up(visitor: Visitor, email: str) -> None:
    """Make an account."""
    visitor.open("/signup")
    visitor.submit("/signup", email=email, password=PASSWORD)
    assert visitor.page.path == "/"


def wait_for_run(visitor: Visitor, timeout_s: float) -> None:
    """Reload the page until no run on it is under way."""
    deadline = time.monotonic() + timeout_s
    while "run-active" in visitor.open(visitor.page.path).text:
        assert time.monotonic() < deadline, f"still running: {visitor.page.path}"
        time.sleep(0.3)
    assert "run-failed" not in visitor.page.text, visitor.page.text


def walk(
    visitor: Visitor, email: str = "dora@example.org", *, timeout_s: float = 120
) -> pd.DataFrame:
    """Do the main job on the sample and return the exported cleanset."""
    sign_up(visitor, email)
    dataset = make_dataset(visitor, timeout_s)
    cleanset = make_cleanset(visitor, dataset, timeout_s)
    decide(visitor, cleanset)
    exported = export_cleanset(visitor, cleanset)
    model = deploy(visitor, cleanset, timeout_s)
    predict(visitor, model, timeout_s)
    return exported


def make_dataset(visitor: Visitor, timeout_s: float) -> str:
    """Take the sample in; return the address of its page."""
    visitor.open("/datasets/upload")
    visitor.submit("/datasets/sample")
    dataset = visitor.page.path
    wait_for_run(visitor, timeout_s)
    assert "request_id" in visitor.page.text
    return dataset


def make_cleanset(visitor: Visitor, dataset: str, timeout_s: float) -> str:
    """Create a project as the page proposes it, in fast mode; return the address of the review
    page.
    """
    visitor.open(f"/projects/create?dataset={dataset.rsplit('/', 1)[1]}")
    visitor.submit("/projects/create", name="Requests", mode="fast")
    cleanset = visitor.page.path
    assert re.fullmatch(f"/cleansets/{UUID}", cleanset), visitor.page.text
    wait_for_run(visitor, timeout_s)
    return cleanset


def decide(visitor: Visitor, cleanset: str) -> None:
    """Keep the first row, and let Clean Top K fix the next ones."""
    visitor.open(cleanset)
    visitor.submit("/decide", choice="keep")
    visitor.open(f"{cleanset}/top-k?k=20&choice=auto-fix")
    visitor.submit("/top-k/apply")


def export_cleanset(visitor: Visitor, cleanset: str) -> pd.DataFrame:
    """Download everything and check what was decided."""
    content = visitor.open(f"{cleanset}/export?mode=everything&file_format=csv").content
    exported = pd.read_csv(io.BytesIO(content), keep_default_na=False, dtype=str)
    actions = exported["action"].value_counts()
    assert actions["keep"] == 1
    assert actions["auto-fix"] > 0
    return exported


def deploy(visitor: Visitor, cleanset: str, timeout_s: float) -> str:
    """Train the model; return the address of its page."""
    visitor.open(f"{cleanset}/deploy")
    visitor.submit("/deploy", name="Router")
    model = visitor.page.path
    wait_for_run(visitor, timeout_s)
    return model


def predict(visitor: Visitor, model: str, timeout_s: float) -> None:
    """Upload new rows and check the predictions of the downloaded file."""
    uploaded = pd.DataFrame({"message": NEW_ROWS, "channel": "e-mail", "note": "kept"})
    visitor.open(model)
    visitor.submit("/predict", file=("new.csv", uploaded.to_csv(index=False).encode()))
    (batch,) = set(re.findall(f"/predictions/{UUID}", visitor.page.text))
    visitor.open(batch)
    wait_for_run(visitor, timeout_s)
    content = visitor.open(f"{batch}/export").content
    predicted = pd.read_csv(io.BytesIO(content), keep_default_na=False)
    assert predicted["message"].tolist() == NEW_ROWS
    assert predicted["note"].tolist() == ["kept"] * len(NEW_ROWS)
    assert all(predicted["Suggested Label"] != "")
