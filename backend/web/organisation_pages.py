"""What an organisation says of itself after registration, and whom one calls there."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from backend.accounts.phones import format_phone
from backend.common.errors import DomainError
from backend.organisations import policies, profile
from backend.organisations.models import ContactPerson, Organisation
from backend.web.access import employer, logged_in
from backend.web.employer import person
from backend.web.form_errors import add_domain_error
from backend.web.forms.contacts import phone_field
from backend.web.versions import unchanged, watch


class ProfileForm(forms.Form):
    """The number only where it is missing: one that is known stays."""

    name = forms.CharField(label=gettext_lazy("Name of the organisation"), max_length=160)
    about = forms.CharField(
        label=gettext_lazy("About you"),
        max_length=profile.LONGEST_ABOUT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Two or three sentences that students read beside your places."),
    )
    website = forms.URLField(label=gettext_lazy("Website"), required=False, assume_scheme="https")
    registration_number = forms.CharField(
        label=gettext_lazy("Organisation number"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("Ten digits, such as 556036-0793."),
    )

    def __init__(self, *args: Any, is_numbered: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_numbered:
            del self.fields["registration_number"]


class ContactForm(forms.Form):
    """Somebody one can call."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    role = forms.CharField(
        label=gettext_lazy("Role"),
        max_length=profile.LONGEST_ROLE,
        required=False,
        help_text=gettext_lazy("For example: production manager"),
    )
    phone = phone_field(gettext_lazy("Telephone"))
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254, required=False)
    workplace = forms.ChoiceField(
        label=gettext_lazy("Workplace"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the organisation's own workplaces.")},
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["workplace"]
        assert isinstance(field, forms.ChoiceField)
        places = organisation.workplaces.order_by("name", "pk").values_list("pk", "name")
        field.choices = [("", _("All of them")), *((str(pk), name) for pk, name in places)]

    def details(self) -> profile.ContactDetails:
        """What was filled in. Call it on a valid form."""
        cleaned = self.cleaned_data
        return profile.ContactDetails(
            name=cleaned["name"],
            role=cleaned["role"],
            email=cleaned["email"],
            phone=cleaned["phone"],
            workplace_id=int(cleaned["workplace"]) if cleaned["workplace"] else None,
        )


@employer
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, organisation_id: int) -> HttpResponse:
    """One of the own organisations: its name, texts and number."""
    user = person(request)
    organisation = get_object_or_404(Organisation, pk=organisation_id, memberships__user=user)
    rows = Organisation.objects.filter(pk=organisation.pk)

    def made(data: Any = None) -> ProfileForm:
        now = rows.get()
        initial = {"name": now.name, "about": now.about, "website": now.website}
        return ProfileForm(data, is_numbered=now.registration_number is not None, initial=initial)

    form = watch(request, made(request.POST if request.method == "POST" else None), made)
    if form.is_bound and form.is_valid():
        details = profile.OrganisationDetails(**form.cleaned_data)
        try:
            with unchanged(request, form, made, rows):
                profile.update_organisation(actor=user, organisation_id=organisation.pk, details=details)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The organisation is saved."))
            return redirect("employer_organisation", organisation.pk)
    context = {"form": form, "organisation": organisation}
    return render(request, "pages/employer/organisation.html", context, status=400 if form.errors else 200)


def _organisation(request: HttpRequest, organisation_id: int) -> Organisation:
    """One whose contacts the reader keeps: the own, or one with a workplace where they act. Else 404."""
    found = get_object_or_404(Organisation, pk=organisation_id)
    if not policies.can_keep_contacts(person(request), found):
        raise Http404
    return found


def _initial(contact: ContactPerson) -> dict[str, str]:
    return {
        "name": contact.name,
        "role": contact.role,
        "phone": format_phone(contact.phone),
        "email": contact.email,
        "workplace": str(contact.workplace_id or ""),
    }


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def contacts(request: HttpRequest, organisation_id: int, contact_id: int | None = None) -> HttpResponse:
    """Whom one calls, and a form for one more, or for the one that is changed."""
    organisation = _organisation(request, organisation_id)
    changed = get_object_or_404(organisation.contacts, pk=contact_id) if contact_id else None
    rows = Organisation.objects.filter(pk=organisation.pk)

    def made(data: Any = None) -> ContactForm:
        now = organisation.contacts.filter(pk=contact_id or 0).first()
        return ContactForm(data, organisation=organisation, initial=_initial(now) if now else None)

    form = made(request.POST if request.method == "POST" else None)
    if changed:
        watch(request, form, made)
    if form.is_bound and form.is_valid():
        try:
            with unchanged(request, form, made, rows, organisation.contacts.filter(pk=contact_id or 0)):
                profile.save_contact(
                    actor=person(request),
                    organisation_id=organisation.pk,
                    details=form.details(),
                    contact_id=contact_id,
                )
        except DomainError as error:
            if error.status == 404:
                raise
            add_domain_error(form, error)
        else:
            messages.success(request, _("The contact is saved."))
            return redirect("organisation_contacts", organisation.pk)
    context = {
        "form": form,
        "organisation": organisation,
        "changed": changed,
        "is_own": policies.can_act_for(person(request), organisation),
        "contacts": organisation.contacts.select_related("workplace").order_by("name", "pk"),
    }
    return render(request, "pages/employer/contacts.html", context, status=400 if form.errors else 200)


@logged_in
@require_POST
def remove_contact(request: HttpRequest, organisation_id: int, contact_id: int) -> HttpResponse:
    """Takes a contact off the list."""
    profile.remove_contact(actor=person(request), organisation_id=organisation_id, contact_id=contact_id)
    messages.success(request, _("The contact is removed."))
    return redirect("organisation_contacts", organisation_id)
