"""Sync health: how every device stands with the office, who must see to one, and what to do."""
