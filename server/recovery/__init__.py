"""Recovery: what may lawfully happen next to a debt; today its holds, later the whole ladder.

Rules are pure and days are passed in. Holds are stored half-open: people say the last day, `until` is
the day after.
"""
