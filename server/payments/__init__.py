"""Payments: money received for a debt, posted as a transaction and never altered."""
