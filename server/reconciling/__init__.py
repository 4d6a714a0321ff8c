"""Reconciling: what two people said of one thing, both kept, until somebody in the office decides.

`ConflictRaised` comes from the rules that meet a moved base (shared.details, shared.warnings); this area
keeps each conflict and what every officer said in it, shows them, and turns the decision into the
changes of the area whose record it is. Other areas read `queries`; nothing else writes these rows.
"""
