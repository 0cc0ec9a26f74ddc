"""Whom one asks: a page for everyone, and what the footer says to whoever is logged in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from backend.accounts.models import User
from backend.accounts.policies import municipalities_coordinated_by
from backend.organisations.help import help_in, list_help, network_help
from backend.organisations.models import Organisation
from backend.web.access import public
from backend.web.context import roles_of


def municipality_of(user: User) -> str | None:
    """Where somebody belongs: as a student, a guardian's child, a coordinator, or an organisation's member."""
    roles = roles_of(user)
    if "student" in roles:
        return str(user.student.municipality_id or "") or None
    if "coordinator" in roles:
        return min(municipalities_coordinated_by(user))
    if "employer" in roles:
        own = Organisation.objects.filter(memberships__user=user, municipality__isnull=False)
        return own.order_by("pk").values_list("municipality_id", flat=True).first()
    if "guardian" in roles:
        children = user.guardianships.filter(
            accepted_at__isnull=False, student__municipality__isnull=False, student__is_protected=False
        )
        return children.order_by("pk").values_list("student__municipality_id", flat=True).first()
    return None


@public
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The own municipality first, then every other one, then the network."""
    user = request.user
    own = help_in(municipality_of(user)) if isinstance(user, User) else network_help()
    others = [each for each in list_help() if each.place != own.place]
    context = {"own": own, "others": others, "network": network_help() if own.place else None}
    return render(request, "pages/public/help.html", context)
