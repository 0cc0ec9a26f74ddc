"""Who has to have a second factor: whoever may see or change more than their own. It stands here because owners do."""

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.db.models import F, Q

from backend.accounts.models import User
from backend.accounts.policies import works_for_the_network
from backend.accounts.second_factor import FACTORS
from backend.common import clock
from backend.organisations.enums import MembershipRole
from backend.organisations.models import Membership

# Whoever has just registered an organisation finishes the first place before anything is asked of them.
FIRST_PLACE = timedelta(hours=24)


def must_enrol(user: User) -> bool:
    """Whether the person may do nothing here before they have a second factor.

    Coordinators and the network office at once; owners from the first login after the one they became owners in, or a day
    later when that one lasts. Asked at each request, two queries at most: a role may begin at any moment.
    """
    if works_for_the_network(user):
        return not Authenticator.objects.filter(user=user, type__in=FACTORS).exists()
    bare = Membership.objects.filter(user=user, role=MembershipRole.OWNER).exclude(
        user__authenticator__type__in=FACTORS
    )
    later = Q(created_at__lt=F("user__last_login")) | Q(created_at__lt=clock.now() - FIRST_PLACE)
    return bare.filter(later).exists()
