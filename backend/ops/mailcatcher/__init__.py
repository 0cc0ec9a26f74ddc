"""A local mail server for development: takes every message, delivers none, keeps each as an .eml file.

``python -m backend.ops.mailcatcher --port PORT --directory DIR`` serves; ``backend.common.caught_mail`` reads what was caught.
"""
