from django.db import migrations
from django.db.models import OuterRef, Subquery


def copy_corrections(apps, schema_editor):
    """Give improved cleansets that are not analysed yet the corrections themselves, which they read from now on."""
    row_review = apps.get_model("cleansets", "RowReview")
    base = row_review.objects.filter(
        cleanset=OuterRef("cleanset__base"), row_id=OuterRef("row_id"), corrected_label__isnull=False
    )
    waiting = row_review.objects.filter(
        cleanset__base__isnull=False,
        cleanset__status__in=["queued", "running"],
        action="keep",
        corrected_label__isnull=True,
    ).annotate(corrected_action=Subquery(base.values("action")[:1]), label=Subquery(base.values("corrected_label")[:1]))
    for review in waiting.filter(label__isnull=False).iterator():
        row_review.objects.filter(pk=review.pk).update(action=review.corrected_action, corrected_label=review.label)


class Migration(migrations.Migration):
    dependencies = [
        ("cleansets", "0005_improved_cleansets"),
    ]

    operations = [
        migrations.RunPython(copy_corrections, migrations.RunPython.noop),
    ]
