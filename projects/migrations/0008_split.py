from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0007_lost_workers'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='split',
            field=models.JSONField(default=dict),
        ),
    ]
