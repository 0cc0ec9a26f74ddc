import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0005_push_key"),
    ]

    operations = [
        migrations.AddField(
            model_name="task",
            name="is_protected",
            field=models.BooleanField(default=False),
        ),
        # A primary key cannot be changed in place; the table has never been written to.
        migrations.DeleteModel(name="DigestSlot"),
        migrations.CreateModel(
            name="DigestSlot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slot", models.DateTimeField(unique=True)),
                ("people", models.PositiveIntegerField(default=0)),
                ("written_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
    ]
