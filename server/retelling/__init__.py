"""Retelling: a case as it stood at a moment, from the change log alone.

It reads the log, and the names of users and the numbers of cases, which never change. It writes
nothing, and asks no area: what each change did to a case is told here a second time, so that the
rows the areas keep can be compared with it.
"""
