from django.db import migrations, models
from django.db.models import F


def make_current(apps, schema_editor):
    trained = apps.get_model("models_app", "DeployedModel").objects.filter(status="succeeded")
    trained.update(made_current_at=F("finished_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("models_app", "0007_onnx"),
    ]

    operations = [
        migrations.AddField(
            model_name="deployedmodel",
            name="candidate",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="deployedmodel",
            name="made_current_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="deployedmodel",
            name="retired_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(make_current, migrations.RunPython.noop),
    ]
