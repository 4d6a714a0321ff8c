"""Wiping: a revoked device is told to erase itself, and what is known of it until it says it has."""
