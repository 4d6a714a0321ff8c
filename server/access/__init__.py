"""Access: who signs in, what their roles let them do, and which devices may speak for them."""
