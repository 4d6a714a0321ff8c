"""The device an officer carries: an encrypted copy of assigned cases, and a queue of what was done."""

import field_client.refusals  # noqa: F401 - its sentences are known wherever its code runs
