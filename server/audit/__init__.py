"""Audit: a sealed history that nobody can change unnoticed, and signed checkpoints of it elsewhere.

It may read the rows of commands, changes and reads and the text kept apart from them, the settings,
the row that numbers commits and how a restore went; it writes its own rows and nothing else.
"""
