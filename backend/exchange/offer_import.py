"""A table of places: what its columns mean, and how one row becomes an offer through the same commands as a form."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _

from backend.exchange.fields import ImportField, RowProblems, RowReader
from backend.exchange.importers import Applied, Importer, ProgrammeCodes, form_codes, language_codes, names_to_codes
from backend.exchange.models import ImportedOffer, ImportJob
from backend.offers.details import OfferDetails, PeriodDetails
from backend.offers.enums import OfferState
from backend.offers.models import Offer
from backend.offers.services import create_offer, post_offer_for, submit_offer, update_offer
from backend.organisations.models import Workplace
from backend.reference.models import HazardFlag, OccupationGroup, PlacementForm, Programme
from backend.reference.models.mixins import fold

MOST_SEATS = 10_000
LONGEST_REFERENCE = 120

FIELDS = (
    ImportField(
        "reference",
        _("Reference"),
        "2027-CNC-1",
        ("referens", "id", "ref", "löpnummer"),
        help=_("Your own name for the place. Send the same one again to change the place."),
    ),
    ImportField(
        "organisation",
        _("Organisation"),
        "Bruksverken AB",
        ("organisation", "företag", "organisationsnummer"),
        help=_("Name or organisation number. Only needed where a coordinator imports and workplaces share a name."),
    ),
    ImportField("workplace", _("Workplace"), "Verkstaden", ("arbetsplats", "arbetsställe"), required=True),
    ImportField("form", _("Kind of place"), "APL", ("praktikform", "form", "typ"), required=True),
    ImportField("title", _("Title"), "CNC-operatör", ("rubrik", "titel", "plats"), required=True),
    ImportField(
        "tasks",
        _("What you do here"),
        "Du ställer in maskinen och kör detaljer.",
        ("arbetsuppgifter", "beskrivning", "description"),
        required=True,
    ),
    ImportField(
        "start",
        _("First day"),
        "2027-01-25",
        ("startdatum", "start", "från", "första dag", "from", "fr o m", "startvecka"),
        required=True,
    ),
    ImportField(
        "end",
        _("Last day"),
        "2027-02-19",
        ("slutdatum", "slut", "till", "sista dag", "to", "t o m", "slutvecka"),
        required=True,
    ),
    ImportField("seats", _("Seats"), "2", ("antal platser", "platser", "antal")),
    ImportField("apply_by", _("Last day to apply"), "2026-12-18", ("sista ansökningsdag", "ansök senast")),
    ImportField("occupation", _("Occupation"), "7223", ("yrke", "ssyk", "yrkesgrupp")),
    ImportField("programmes", _("Programmes"), "IN", ("program",)),
    ImportField("hazards", _("Risks at work"), "MACHINE_CUTTING", ("risker",)),
    ImportField("requirements", _("Good to know or have"), "Skyddsskor finns.", ("krav", "bra att kunna")),
    ImportField("skills", _("Skills"), "cnc, ritningsläsning", ("kompetenser", "färdigheter")),
    ImportField(
        "languages",
        _("Languages"),
        "svenska",
        ("språk", "språkkrav"),
        help=_("Those that are needed at the workplace. Empty: nobody is ruled out."),
    ),
    ImportField("supervisor_name", _("Supervisor"), "Sara Nyqvist", ("handledare",)),
    ImportField(
        "supervisor_email", _("The supervisor's e-mail address"), "sara@verkstad.example", ("handledarens mejl",)
    ),
    ImportField("supervisor_phone", _("The supervisor's telephone"), "0122-850 00", ("handledarens telefon",)),
    ImportField("risk_assessed_on", _("Risk assessment made on"), "2026-10-01", ("riskbedömd", "riskbedömning")),
    ImportField("is_remote", _("Can be done from home"), "nej", ("distans",)),
)


class OfferImporter(Importer):
    """Rows of one organisation, or of a coordinator for the organisations of the municipality."""

    fields = FIELDS
    # Where the command's own field names point to in the file.
    columns = {"periods": "start", "workplace_id": "workplace"}

    def __init__(self, job: ImportJob) -> None:
        super().__init__(job)
        self.submits = bool(job.options.get("submit"))
        places = Workplace.objects.select_related("organisation").order_by("-pk")
        known = ImportedOffer.objects.select_related("offer")
        if job.municipality_id:
            places = places.filter(municipality=job.municipality_id)
            known = known.filter(offer__workplace__municipality=job.municipality_id)
        else:
            places = places.filter(organisation=job.organisation_id)
            known = known.filter(organisation=job.organisation_id)
        self.workplaces: dict[str, list[Workplace]] = {}
        for place in places:
            self.workplaces.setdefault(fold(place.name), []).append(place)
        self.forms = form_codes(PlacementForm.objects.all())
        self.occupations = names_to_codes(OccupationGroup.objects.current())
        self.programmes = ProgrammeCodes(Programme.objects.all())
        self.hazards = names_to_codes(HazardFlag.objects.all())
        self.languages = language_codes()
        self.known = {(each.organisation_id, each.reference): each for each in known}
        self.seen: dict[tuple[int | None, str], int] = {}

    def problem_of_file(self) -> Any:
        if self.workplaces:
            return None
        if self.job.municipality_id:
            return _("No organisation has a workplace in the municipality yet.")
        return _("Add a workplace first: each row names the workplace it belongs to.")

    def column_of(self, field: str) -> str:
        """periods-0-end -> end."""
        part = field.removeprefix("periods-0-")
        return super().column_of(part)

    def apply(self, cells: Mapping[str, str], line: int) -> Applied:
        reader = RowReader(cells)
        workplace = self._workplace(reader, cells)
        start, end = reader.day("start", required=True), reader.day("end", required=True, last_of_week=True)
        values: dict[str, Any] = {
            "form": reader.one_of("form", self.forms, required=True),
            "title": reader.text("title", required=True),
            "tasks": reader.text("tasks", required=True),
            "occupation": reader.one_of("occupation", self.occupations),
            "programmes": reader.many_of("programmes", self.programmes, guess=self.programmes.of_study_path),
            "hazards": reader.many_of("hazards", self.hazards),
            "requirements": reader.text("requirements"),
            "skills": reader.words("skills"),
            "languages": reader.many_of("languages", self.languages),
            "apply_by": reader.day("apply_by"),
            "supervisor_name": reader.text("supervisor_name"),
            "supervisor_email": reader.text("supervisor_email"),
            "supervisor_phone": reader.text("supervisor_phone"),
            "risk_assessed_on": reader.day("risk_assessed_on"),
            "is_remote": reader.yes("is_remote"),
        }
        seats = reader.number("seats", default=1, lowest=1, highest=MOST_SEATS)
        reference = self._reference(reader, cells, line, workplace)
        reader.stop_if_wrong()
        assert workplace is not None
        assert start is not None
        assert end is not None
        details = OfferDetails(workplace_id=workplace.pk, **values)
        return self._save(workplace, details, PeriodDetails(start=start, end=end, seats=seats), reference)

    def _workplace(self, reader: RowReader, cells: Mapping[str, str]) -> Workplace | None:
        """The one of this name; of several organisations' the one that the row names."""
        name, owner = reader.text("workplace", required=True), fold(reader.text("organisation"))
        found = self.workplaces.get(fold(name), [])
        if self.job.municipality_id and owner:
            number = owner.replace("-", "")
            found = [each for each in found if fold(each.organisation.name) == owner or _number_of(each) == number]
        if not found and name:
            if self.job.municipality_id:
                reader.wrong("workplace", _("There is no such workplace in the municipality."))
            else:
                reader.wrong("workplace", _("The organisation has no workplace with this name."))
        if len({each.organisation_id for each in found}) > 1:
            reader.wrong("organisation", _("Several organisations have a workplace with this name. Say which."))
            return None
        return found[-1] if found else None

    def _reference(self, reader: RowReader, cells: Mapping[str, str], line: int, workplace: Workplace | None) -> str:
        """The file's own, or one made of what the place is, so that the same row is recognised the next time."""
        reference = reader.text("reference")
        if len(reference) > LONGEST_REFERENCE:
            reader.wrong("reference", _("The text is too long."))
        if not reference:
            what = [fold(cells.get(name, "")) for name in ("workplace", "form", "title", "start", "end")]
            reference = f"row:{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]}"
        key = (workplace.organisation_id if workplace else None, reference)
        if key in self.seen:
            reader.wrong("reference", _("Line %(line)d is about the same place.") % {"line": self.seen[key]})
        self.seen.setdefault(key, line)
        return reference

    def _save(self, workplace: Workplace, details: OfferDetails, period: PeriodDetails, reference: str) -> Applied:
        fingerprint = _fingerprint([asdict(details), asdict(period)])
        known = self.known.get((workplace.organisation_id, reference))
        if known is None:
            offer = self._create(workplace, details, period)
            ImportedOffer.objects.create(
                organisation=workplace.organisation, reference=reference, fingerprint=fingerprint, offer=offer
            )
            return Applied("created", {"offer": offer.pk})
        if known.fingerprint == fingerprint:
            return Applied("unchanged")
        self._change(known, details, period)
        ImportedOffer.objects.filter(pk=known.pk).update(fingerprint=fingerprint)
        return Applied("updated")

    def _create(self, workplace: Workplace, details: OfferDetails, period: PeriodDetails) -> Offer:
        actor = self.job.actor
        if self.job.municipality_id:
            return post_offer_for(actor=actor, workplace_id=workplace.pk, details=details, periods=[period])
        offer = create_offer(actor=actor, organisation=workplace.organisation, details=details, periods=[period])
        return submit_offer(actor=actor, offer_id=offer.pk) if self.submits else offer

    def _change(self, known: ImportedOffer, details: OfferDetails, period: PeriodDetails) -> None:
        if known.offer.state == OfferState.CLOSED:
            raise RowProblems([("reference", _("The place is closed. Use a new reference to post it again."))])
        present = list(Offer.objects.get(pk=known.offer_id).periods.all())
        # The file speaks of one period; those the organisation has added by hand stay.
        kept = [PeriodDetails(each.start, each.end, each.capacity, each.pk) for each in present[1:]]
        first = PeriodDetails(period.start, period.end, period.seats, present[0].pk if present else None)
        update_offer(actor=self.job.actor, offer_id=known.offer_id, details=details, periods=[first, *kept])

    @classmethod
    def known_values(cls) -> Iterable[tuple[str, str, str]]:
        """What the template lists beside the table: kind, code, name."""
        for kind, rows in (
            (_("Kind of place"), PlacementForm.objects.order_by("position")),
            (_("Programme"), Programme.objects.order_by("code")),
            (_("Occupation"), OccupationGroup.objects.current()),
            (_("Risk"), HazardFlag.objects.order_by("pk")),
        ):
            for row in rows:
                yield str(kind), row.pk, row.name


def _number_of(workplace: Workplace) -> str:
    return (workplace.organisation.registration_number or "").replace("-", "")


def _fingerprint(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
