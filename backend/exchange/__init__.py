"""Data in and out: files people import, lists they export, calendar feeds, webhooks to other systems."""
