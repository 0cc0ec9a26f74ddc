import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.reference.geo import EARTH_RADIUS_KM, distance_km

lats = st.floats(-90, 90)
lons = st.floats(-180, 180)


def test_stockholm_to_gothenburg_is_about_400_km():
    assert distance_km(59.3293, 18.0686, 57.7089, 11.9746) == pytest.approx(398, abs=2)


def test_one_degree_of_latitude():
    assert distance_km(58, 15, 59, 15) == pytest.approx(EARTH_RADIUS_KM * math.pi / 180)


@given(lats, lons, lats, lons)
def test_is_symmetric_and_at_most_half_the_circumference(lat1, lon1, lat2, lon2):
    there = distance_km(lat1, lon1, lat2, lon2)
    assert there == pytest.approx(distance_km(lat2, lon2, lat1, lon1), abs=1e-6)
    assert 0 <= there <= EARTH_RADIUS_KM * math.pi + 1e-6


@given(lats, lons)
def test_is_zero_to_itself(lat, lon):
    assert distance_km(lat, lon, lat, lon) == 0
