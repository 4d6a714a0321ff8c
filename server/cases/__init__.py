"""Cases: what is assigned to an officer and synced: a principal person or an address, with debts."""
