"""Entrance: people come in by the council's own accounts, and show again who they are for what weighs."""
