"""Rows of the exchange: imports, webhooks, calendar feeds, and how far a stream has been read."""

from backend.exchange.models.exports import ExportFile, ExportJob
from backend.exchange.models.feeds import CalendarFeed, CalendarRevision, StreamCursor
from backend.exchange.models.imports import ImportedOffer, ImportFile, ImportJob, ImportRow, ImportWork
from backend.exchange.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "CalendarFeed",
    "CalendarRevision",
    "ExportFile",
    "ExportJob",
    "ImportFile",
    "ImportJob",
    "ImportRow",
    "ImportWork",
    "ImportedOffer",
    "StreamCursor",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
