from __future__ import annotations

from itertools import groupby

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def number_actions(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Number the actions of each cleanset by their time."""
    actions = apps.get_model("cleansets", "ReviewAction").objects
    in_order = actions.order_by("cleanset_id", "created_at", "pk").only("cleanset_id")
    for _, of_cleanset in groupby(in_order.iterator(), key=lambda action: action.cleanset_id):
        numbered = []
        for number, action in enumerate(of_cleanset, start=1):
            action.number = number
            numbered.append(action)
        actions.bulk_update(numbered, ["number"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("cleansets", "0009_lost_workers"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="reviewaction", name="review_action_newest"),
        migrations.AddField(
            model_name="reviewaction",
            name="number",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.RunPython(number_actions, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="reviewaction",
            constraint=models.UniqueConstraint(
                fields=("cleanset", "number"), name="review_action_number_unique"
            ),
        ),
    ]
