"""People: who they are, what they were called, where they live or lived, and how to reach them."""
