"""Sealed work: what a locked or lost device had not sent, opened and taken by the door of a sync."""
