"""Sync: the office's door for devices; it checks who is speaking and uses the one door for writes."""
