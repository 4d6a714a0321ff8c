"""Bench: what a sync costs on the real programs, beside a floor of the same bytes and rows."""
