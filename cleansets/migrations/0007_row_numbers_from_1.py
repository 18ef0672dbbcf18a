import re

from django.db import migrations

ROW = re.compile(r"(?<= row )\d+$")


def count_from_1(apps, schema_editor):
    """Name rows in the descriptions of actions as pages do from now on."""
    review_action = apps.get_model("cleansets", "ReviewAction")
    for action in review_action.objects.filter(kind__in=["single", "undo"]).only("description").iterator():
        description = ROW.sub(lambda row_id: f"{int(row_id.group()) + 1:,}", action.description)
        if description != action.description:
            review_action.objects.filter(pk=action.pk).update(description=description[:300])


class Migration(migrations.Migration):
    dependencies = [
        ("cleansets", "0006_decisions_of_waiting_cleansets"),
    ]

    operations = [
        migrations.RunPython(count_from_1, migrations.RunPython.noop),
    ]
