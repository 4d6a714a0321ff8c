"""The demonstration: a fictional council, everything started together, and the offline day checked."""
