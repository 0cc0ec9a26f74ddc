"""What a program was answered, so that asking again does nothing again."""

from django.db import models


class IdempotentRequest(models.Model):
    """One answered POST with an `Idempotency-Key`, written in the transaction of its work.

    principal: whose key it is, `user:7` or `token:3`. fingerprint: SHA-256 of method, address and body.
    """

    principal = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["principal", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return f"answer {self.pk}"
