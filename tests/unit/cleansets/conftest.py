"""A cleanset that can be reviewed."""

from __future__ import annotations

import pytest

from cleansets.models import Cleanset
from studio.accounts.models import User
from tests.reviewable import make_reviewable


@pytest.fixture
def cleanset(alice: User) -> Cleanset:
    return make_reviewable(alice)
