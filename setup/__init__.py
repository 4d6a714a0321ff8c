"""Prepares a clone: system packages, the Python environment, and the style sheets and scripts."""
