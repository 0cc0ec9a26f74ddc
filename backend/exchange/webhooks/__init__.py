"""Outgoing webhooks: which events, signed how, sent where and where never."""
