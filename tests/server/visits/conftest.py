"""Gives these tests an office with a few people in it, and an officer's case and device."""

from __future__ import annotations

import pytest

from tests.server.day import Day, Household, day
from tests.server.visits.phones import Phone, phone_of

__all__ = ["day"]


@pytest.fixture
def household(day: Day) -> Household:
    """Take on a case and give it to the officer who visits."""
    return day.household("Wilfred Arkwright", officers=[day.amina])


@pytest.fixture
def phone(day: Day) -> Phone:
    """Give that officer a device."""
    return phone_of(day, day.amina)
