"""Drives a real Chromium (see below)."""
