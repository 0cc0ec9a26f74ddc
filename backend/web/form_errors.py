"""A command's refusal, shown where the person can mend it."""

from django.forms import BaseForm

from backend.common.errors import DomainError


def add_domain_error(form: BaseForm, error: DomainError) -> None:
    """Puts the refusal next to the field it names, or above the form when it belongs to no field."""
    form.add_error(error.field if error.field in form.fields else None, str(error.message))
