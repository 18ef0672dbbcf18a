"""Lets the owner require the second factor of everybody, and encrypts the keys of authenticators."""

from django.db import migrations, models

from studio.sealing import seal, unseal

PLAIN_DIGITS = 40  # of a key that is not encrypted


def encrypt(apps, schema_editor):
    for device in apps.get_model("otp_totp", "TOTPDevice").objects.all():
        if len(device.key) == PLAIN_DIGITS:
            device.key = seal(bytes.fromhex(device.key), owner=str(device.user_id))
            device.save(update_fields=["key"])


def decrypt(apps, schema_editor):
    for device in apps.get_model("otp_totp", "TOTPDevice").objects.all():
        if len(device.key) != PLAIN_DIGITS:
            device.key = unseal(device.key, owner=str(device.user_id)).hex()
            device.save(update_fields=["key"])


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0007_review_keys"),
        ("otp_totp", "0003_add_timestamps"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="requires_second_factor",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="lacks_second_factor",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="Authenticator",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("otp_totp.totpdevice",),
        ),
        migrations.RunPython(encrypt, decrypt),
    ]
