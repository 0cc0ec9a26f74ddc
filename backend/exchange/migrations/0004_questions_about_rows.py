"""What a person has to say about a row before it can be imported."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exchange", "0003_webhook_secrets_overlap")]

    operations = [
        migrations.AddField(model_name="importrow", name="question", field=models.JSONField(default=dict)),
    ]
