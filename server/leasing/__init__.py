"""Leasing: how long the devices of each team open without the office, and what they are lent for it."""
