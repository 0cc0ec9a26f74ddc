import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Who named a guardian stands in the log. Whom the school named is known by that; a yes is also "I am the guardian".
WHO_NAMED_THEM = """
UPDATE students_guardianship guardianship
SET named_by = 'school', confirmation = 'school', confirmed_at = guardianship.created_at
FROM students_student student
WHERE student.id = guardianship.student_id AND guardianship.confirmation = '' AND EXISTS (
    SELECT FROM common_logentry entry
    WHERE entry.action = 'guardian.added' AND entry.subject_type = 'student' AND entry.subject_id = student.id
    AND entry.data ->> 'guardian' = guardianship.guardian_id::text AND entry.actor_id <> student.user_id
)
"""
WHAT_THEY_ARE_CALLED = """
UPDATE students_guardianship guardianship SET named_as = person.name
FROM accounts_user person WHERE person.id = guardianship.guardian_id AND guardianship.named_as = ''
"""
WHO_HAS_ACCEPTED = """
UPDATE students_guardianship guardianship SET accepted_at = answered.first
FROM (SELECT guardianship_id, min(given_at) AS first FROM students_guardianconsent GROUP BY guardianship_id) answered
WHERE answered.guardianship_id = guardianship.id AND guardianship.accepted_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("students", "0005_home_town"),
        ("common", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("guardianship", "named_as", models.CharField(blank=True, default="", max_length=120)),
        migrations.AlterField("guardianship", "named_as", models.CharField(blank=True, max_length=120)),
        migrations.AddField(
            "guardianship",
            "named_by",
            models.CharField(
                choices=[("school", "The school"), ("student", "The student")], default="student", max_length=12
            ),
        ),
        migrations.AddField("guardianship", "accepted_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "guardianship",
            "confirmation",
            models.CharField(
                blank=True,
                choices=[("school", "Named by the school"), ("coordinator", "Confirmed by a coordinator")],
                default="",
                max_length=12,
            ),
        ),
        migrations.AddField("guardianship", "confirmed_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "guardianship",
            "confirmed_by",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RunSQL(WHO_NAMED_THEM, migrations.RunSQL.noop),
        migrations.RunSQL(WHAT_THEY_ARE_CALLED, migrations.RunSQL.noop),
        migrations.RunSQL(WHO_HAS_ACCEPTED, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "guardianship",
            models.CheckConstraint(
                condition=models.Q(named_by__in=["school", "student"]), name="guardianship_named_by_known"
            ),
        ),
        migrations.AddConstraint(
            "guardianship",
            models.CheckConstraint(
                condition=models.Q(confirmation="", confirmed_at__isnull=True)
                | models.Q(confirmation__in=["school", "coordinator"], confirmed_at__isnull=False),
                name="confirmed_guardianship_says_how_and_when",
            ),
        ),
    ]
