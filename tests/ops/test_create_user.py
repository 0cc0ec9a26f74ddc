"""The operator's command that lets the first people in."""

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from backend.accounts.models import Role, User
from backend.accounts.policies import is_coordinator_of, is_network_office

pytestmark = pytest.mark.django_db


def test_someone_new_can_log_in_and_has_the_roles() -> None:
    call_command("create_user", "Anna@Kommun.example", name="Anna", coordinator=["0562"], network=True)
    user = User.objects.get(email="anna@kommun.example")
    assert EmailAddress.objects.filter(user=user, verified=True, primary=True).exists()
    assert is_coordinator_of(user, "0562")
    assert is_network_office(user)
    assert not user.has_usable_password()


def test_running_it_again_adds_only_what_is_missing() -> None:
    call_command("create_user", "anna@kommun.example", name="Anna", coordinator=["0562"])
    call_command("create_user", "anna@kommun.example", coordinator=["0562", "2580"])
    assert User.objects.count() == 1
    assert sorted(Role.objects.values_list("municipality", flat=True)) == ["0562", "2580"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "A", "coordinator": ["562"]}, "no municipality with code 562"),
        ({}, "--name is needed"),
    ],
)
def test_wrong_input_creates_nobody(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("create_user", "anna@kommun.example", **arguments)
    with pytest.raises(CommandError, match="not an e-mail address"):
        call_command("create_user", "anna", name="A")
    assert not User.objects.exists()
