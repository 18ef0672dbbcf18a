"""The public client's addresses for models. None ends in a slash."""

from __future__ import annotations

from django.urls import path

import studio.api.converters  # noqa: F401  (it registers anyuuid)
from models_app.api import client

urlpatterns = [
    path("v1/deployment", client.model_deploy, name="client-model-deploy"),
    path("v1/deployment/<anyuuid:model_id>", client.model, name="client-model"),
]
