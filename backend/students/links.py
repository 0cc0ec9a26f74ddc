"""Links for guardians, who answer without an account. Signed, good for 30 days, for one child and one guardian."""

from django.core import signing

SALT = "students.guardian"
MAX_AGE_SECONDS = 30 * 24 * 3600


def guardian_path(guardianship_id: int) -> str:
    """The path that stands in the mail. It only shows; answers need a POST on the page."""
    return f"/vardnadshavare/lank/{signing.dumps(guardianship_id, salt=SALT)}/"


def read_guardian_token(token: str) -> int | None:
    """The guardianship, None for a token that is too old or not ours."""
    try:
        return int(signing.loads(token, salt=SALT, max_age=MAX_AGE_SECONDS))
    except (signing.BadSignature, ValueError, TypeError):
        return None
