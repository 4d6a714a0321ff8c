"""Worktray: what waits for someone in the office, with why and until when."""
