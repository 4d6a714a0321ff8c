"""Recovery: what may lawfully happen next to a debt; today its holds, later the whole ladder."""
