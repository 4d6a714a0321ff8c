"""The doctor: how a machine stands, and what has been proved of each promise about security."""
