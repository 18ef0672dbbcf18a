from django.db import migrations


def record_analyses(apps, schema_editor):
    """Record the analyses that finished before there were model runs; the sweep sends them to be measured."""
    cleanset_model = apps.get_model("cleansets", "Cleanset")
    model_run = apps.get_model("model_runs", "ModelRun")
    finished = cleanset_model.objects.filter(status="succeeded").exclude(project__task="unsupervised")
    for cleanset in finished.select_related("project__version__dataset").iterator():
        project = cleanset.project
        model_run.objects.create(
            project=project,
            origin="analysis",
            cleanset=cleanset,
            created_by_id=cleanset.created_by_id,
            recorded_at=cleanset.finished_at,
            name=f"Analysis {cleanset.number}",
            configuration={
                "task": project.task,
                "modality": project.modality,
                "mode": project.mode,
                "label_column": project.label_column,
                "feature_columns": project.feature_columns,
                "merged_labels": project.merged_labels,
                "seed": project.seed,
                "candidates": [candidate["name"] for candidate in cleanset.candidates],
                "classes": cleanset.classes,
            },
            snapshot={
                "dataset": project.version.dataset.name,
                "dataset_version": project.version.number,
                "dataset_sha256": project.version.sha256,
                "labels_sha256": cleanset.manifest.get("labels_sha256"),
                "cleanset": cleanset.number,
                "python": cleanset.manifest.get("python"),
                "versions": cleanset.manifest.get("versions", {}),
            },
        )


class Migration(migrations.Migration):
    dependencies = [
        ("model_runs", "0001_model_runs"),
    ]

    operations = [
        migrations.RunPython(record_analyses, migrations.RunPython.noop),
    ]
