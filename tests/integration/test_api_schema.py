"""The API against its own schema: made-up requests, good and bad, get no fault and nothing that the
schema lacks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.config import SchemathesisConfig

from studio.accounts.services import api_key_create
from studio.api_urls import api
from studio.wsgi import application
from tests.cast import make_user
from tests.things import make_things

pytestmark = pytest.mark.django_db

SCHEMA = json.loads(json.dumps(api.get_openapi_schema()))
CONFIG = SchemathesisConfig.from_dict({"seed": 1, "generation": {"mode": "all"}})
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def application_that_closes(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer as a server does, which closes the files of a request at its end.

    Left to the garbage collector, they may be closed while Python parses a file, which Python 3.11
    does not survive.
    """
    response = application(environ, start_response)
    try:
        return [b"".join(response)]
    finally:
        response.close()


schema = schemathesis.openapi.from_dict(SCHEMA, config=CONFIG).exclude(
    operation_id="dataset_create_sample"
)
schema.app = application_that_closes


@dataclass(frozen=True, slots=True)
class World:
    """Alice's things, and a key of hers that may write."""

    ids: dict[str, str]
    secret: str


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Return what all calls see; each takes back what it did, and the module's transaction the
    rest.
    """
    with (
        django_db_blocker.unblock(),
        override_settings(API_CALLS_PER_MINUTE=0),
        transaction.atomic(),
    ):
        alice = make_user("alice", is_owner=True)
        things = make_things(alice)
        ids = {f"{name}_id": str(value) for name, value in things.ids.items()}
        _, secret = api_key_create(owner=alice, name="test", scope="write")
        yield World(ids | {"run_id": ids["cleanset_id"]}, secret)
        transaction.set_rollback(True)


@schema.parametrize()
@settings(
    max_examples=4,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_call_keeps_to_the_schema(case: Any, world: World) -> None:
    """Ids that are well formed become those of alice's things, so that calls get beyond 404."""
    for name, value in case.path_parameters.items():
        if name in world.ids and re.fullmatch(r"[0-9a-f-]{36}", str(value)):
            case.path_parameters[name] = world.ids[name]
    with transaction.atomic():
        response = case.call(headers={"Authorization": f"Bearer {world.secret}"})
        case.validate_response(response, checks=CHECKS)
        transaction.set_rollback(True)
