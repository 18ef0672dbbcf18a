from __future__ import annotations

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def take_versions_of_projects(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    cleansets = apps.get_model("cleansets", "Cleanset").objects
    projects = apps.get_model("projects", "Project").objects
    version = projects.filter(pk=OuterRef("project")).values("version")
    cleansets.update(version=Subquery(version))


class Migration(migrations.Migration):
    dependencies = [
        ("cleansets", "0019_tags"),
        ("projects", "0009_growing_data"),
    ]

    operations = [
        migrations.AddField(
            model_name="cleanset",
            name="version",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="cleansets",
                to="projects.datasetversion",
            ),
        ),
        migrations.RunPython(take_versions_of_projects, migrations.RunPython.noop),
        migrations.AddField(
            model_name="cleanset",
            name="origin",
            field=models.CharField(
                blank=True,
                choices=[("rows", "new rows scored"), ("restored", "older version restored")],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="cleanset",
            name="restored",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="cleansets.cleanset",
            ),
        ),
        migrations.AddField(
            model_name="cleanset", name="growth", field=models.JSONField(default=dict)
        ),
        migrations.AddField(
            model_name="cleanset", name="name", field=models.CharField(blank=True, max_length=100)
        ),
        migrations.AddField(
            model_name="cleanset", name="note", field=models.TextField(blank=True)
        ),
    ]
