"""Addresses of the app."""

from __future__ import annotations

from django.urls import URLPattern, path

from models_app import views

urlpatterns: list[URLPattern] = [
    path("cleansets/<uuid:cleanset_id>/deploy", views.model_deploy, name="model-deploy"),
    path("models/<uuid:model_id>", views.model, name="model"),
    path("models/<uuid:model_id>/run", views.model_run, name="model-run"),
    path("models/<uuid:model_id>/cancel", views.model_cancel, name="model-cancel"),
    path("models/<uuid:model_id>/retry", views.model_retry, name="model-retry"),
    path("models/<uuid:model_id>/rename", views.model_rename, name="model-rename"),
    path("models/<uuid:model_id>/current", views.model_current, name="model-current"),
    path("models/<uuid:model_id>/retire", views.model_retire, name="model-retire"),
    path("models/<uuid:model_id>/delete", views.model_delete, name="model-delete"),
    path("models/<uuid:model_id>/template.csv", views.model_template, name="model-template"),
]
