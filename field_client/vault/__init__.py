"""The half of the device that can read cases: no network, one encrypted database, one set of keys."""
