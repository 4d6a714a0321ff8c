"""The device an officer carries: an encrypted copy of assigned cases, and a queue of what was done."""
