"""Accounts: each reference with a charging service, its debts, who is liable, and every movement."""
