"""Every template can be read: a tag that is not loaded shows only on the page that has it."""

from __future__ import annotations

import pytest
from django.template.loader import get_template

from tests.programs import ROOT

TEMPLATES = sorted(
    str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.*")
)


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_can_be_read(name: str) -> None:
    get_template(name)
