from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_app', '0004_thresholds'),
    ]

    operations = [
        migrations.AddField(
            model_name='deployedmodel',
            name='n_test',
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
