"""Names of what lies in the cache."""

from django.utils.crypto import salted_hmac


def unreadable(key: str, key_prefix: str, version: int) -> str:
    """The key as a keyed hash: some are made of addresses, and whoever reads the cache must not learn them."""
    hidden = salted_hmac("backend.common.cache_keys", key, algorithm="sha256").hexdigest()[:32]
    return f"{key_prefix}:{version}:{hidden}"
