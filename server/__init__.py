"""The office: the central case record, its screens and its half of the reconciliation."""
