"""Visits: planned, made at the door, photographed, and looked at again by a supervisor."""
