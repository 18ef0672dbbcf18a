from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Alone, since PostgreSQL alters no table in the transaction that filled it."""

    dependencies = [
        ("cleansets", "0020_versions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="cleanset",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="cleansets",
                to="projects.datasetversion",
            ),
        ),
    ]
