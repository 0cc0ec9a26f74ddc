import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exchange", "0006_states_in_words")]

    operations = [
        migrations.AddField(
            model_name="importfile",
            name="kept_until",
            field=models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.RunSQL(
            "UPDATE exchange_importfile f SET kept_until = j.created_at + interval '7 days'"
            " FROM exchange_importjob j WHERE j.id = f.job_id",
            migrations.RunSQL.noop,
        ),
    ]
