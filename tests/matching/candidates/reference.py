"""The rules of the candidate index once more, as plain loops over single rows, sharing no code with the index."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matching.candidates import AlertRow, OfferRow, StudentRow, Weights

RADIUS = 6_371_009.0


@dataclass(frozen=True)
class Expected:
    """One suggestion as the reference sees it."""

    id: int
    score: float
    parts: dict[str, float]
    km: float | None
    shared_digits: int
    skills: tuple[int, ...]
    interests: tuple[int, ...]
    period: int
    period_start: int
    period_end: int
    period_share: float


def metres(lat: float, lon: float) -> tuple[int, int, int] | None:
    if math.isnan(lat) or math.isnan(lon):
        return None
    phi, theta = math.radians(lat), math.radians(lon)
    return (
        round(RADIUS * math.cos(phi) * math.cos(theta)),
        round(RADIUS * math.cos(phi) * math.sin(theta)),
        round(RADIUS * math.sin(phi)),
    )


def distance(one: tuple[int, int, int] | None, two: tuple[int, int, int] | None) -> float | None:
    if one is None or two is None:
        return None
    dx, dy, dz = (float(a - b) for a, b in zip(one, two, strict=True))
    chord = math.sqrt(dx * dx + dy * dy + dz * dz)
    square = (chord / (2 * RADIUS)) * (chord / (2 * RADIUS))
    return chord / 1000.0 * (1.0 + square * (1 / 6 + square * (3 / 40 + square * (15 / 336))))


def days_of(availability) -> set[int] | None:
    if not availability:
        return None
    return {day for start, end in availability for day in range(start, end + 1)}


def best_period(student: StudentRow, offer: OfferRow, *, only_free: bool) -> tuple[float, int] | None:
    days = days_of(student.availability)
    best: tuple[float, int] | None = None
    for number, (start, end, seats) in enumerate(offer.periods):
        if only_free and seats <= 0:
            continue
        length = end - start + 1
        share = 1.0 if days is None else sum(day in days for day in range(start, end + 1)) / length
        if best is None or share > best[0]:
            best = (share, number)
    return best


def pair_km(student: StudentRow, offer: OfferRow) -> float | None:
    if offer.remote:
        return None
    return distance(metres(student.lat, student.lon), metres(offer.lat, offer.lon))


def why_not(student: StudentRow, offer: OfferRow, weights: Weights) -> list[str]:
    broken = []
    if not (student.forms >> offer.form) & 1:
        broken.append("FORM")
    if not offer.age_classes & student.age_classes:
        broken.append("AGE_HAZARD")
    if offer.programmes and student.programme not in (-2, *offer.programmes):
        broken.append("PROGRAMME")
    has_seats = any(seats > 0 for _, _, seats in offer.periods)
    period = best_period(student, offer, only_free=has_seats)
    if period is not None and period[0] < weights.min_period_share:
        broken.append("DATES")
    km = pair_km(student, offer)
    if km is not None and km > student.max_km:
        broken.append("DISTANCE")
    if offer.languages & ~student.languages:
        broken.append("LANGUAGE")
    if not has_seats:
        broken.append("NO_SEATS")
    return broken


def digits(one: int, two: int) -> int:
    shared = 0
    for a, b in zip(f"{one:04d}", f"{two:04d}", strict=True):
        if a != b:
            break
        shared += 1
    return shared


def enough(shared: int, named: int, limit: int) -> float:
    needed = min(named, limit)
    return 0.0 if needed == 0 else min(shared, needed) / needed


def pair(student: StudentRow, offer: OfferRow, weights: Weights) -> Expected | None:
    """The scored pair without an id, None where a hard rule excludes it."""
    if why_not(student, offer, weights):
        return None
    period = best_period(student, offer, only_free=True)
    assert period is not None
    share, number = period
    km = pair_km(student, offer)
    skills = set(student.skills) & set(offer.skills)
    interests = set(student.interests) & set(offer.interests)
    closest = 0
    if offer.occupation >= 0:
        closest = max((digits(wish, offer.occupation) for wish in student.occupations), default=0)
    near = 1.0 if offer.remote else 0.0 if km is None else weights.half_km / (weights.half_km + km)
    parts = {
        "skills": weights.skills * enough(len(skills), len(set(offer.skills)), weights.skills_enough),
        "occupation": weights.occupation * weights.occupation_fit[closest],
        "interests": weights.interests * enough(len(interests), len(set(offer.interests)), weights.interests_enough),
        "distance": weights.distance * near,
        "period": weights.period * share,
    }
    score = 0.0
    for part in parts.values():
        score += part
    start, end, _ = offer.periods[number]
    return Expected(
        0, score, parts, km, closest, tuple(sorted(skills)), tuple(sorted(interests)), number, start, end, share
    )


def students_for(students: list[StudentRow], offer: OfferRow, weights: Weights, k: int) -> list[Expected]:
    found = [(student.id, pair(student, offer, weights)) for student in students]
    return _ranked(found, k)


def offers_for(student: StudentRow, offers: list[OfferRow], weights: Weights, k: int) -> list[Expected]:
    found = [(offer.id, pair(student, offer, weights)) for offer in offers]
    return _ranked(found, k)


def _ranked(found: list[tuple[int, Expected | None]], k: int) -> list[Expected]:
    kept = [Expected(**{**vars(hit), "id": key}) for key, hit in found if hit is not None]
    return sorted(kept, key=lambda hit: (-hit.score, hit.id))[:k]


def alerts_for(alerts: list[AlertRow], offer: OfferRow) -> list[tuple[int, int, float, tuple[str, ...], float | None]]:
    """(id, owner, number of stated criteria, their names, km) of every alert that the offer answers."""
    if not any(seats > 0 for _, _, seats in offer.periods):
        return []
    hits = []
    for alert in alerts:
        hit = _alert_hit(alert, offer)
        if hit is not None:
            hits.append((alert.id, alert.owner, float(len(hit[0])), hit[0], hit[1]))
    return sorted(hits, key=lambda hit: (-hit[2], hit[0]))


def _alert_hit(alert: AlertRow, offer: OfferRow) -> tuple[tuple[str, ...], float | None] | None:
    criteria = []
    km = None
    if alert.forms:
        criteria.append("form")
        if not (alert.forms >> offer.form) & 1:
            return None
    if not offer.age_classes & alert.age_classes:
        return None
    if alert.programmes:
        criteria.append("programme")
        if offer.programmes and not set(alert.programmes) & set(offer.programmes):
            return None
    if alert.occupations:
        criteria.append("occupation")
        if offer.occupation < 0 or not any(
            digits(code, offer.occupation) >= length for code, length in alert.occupations
        ):
            return None
    if math.isfinite(alert.radius_km):
        criteria.append("distance")
        if not offer.remote:
            km = distance(metres(alert.lat, alert.lon), metres(offer.lat, offer.lon))
            if km is None or km > alert.radius_km:
                return None
    return tuple(criteria), km
