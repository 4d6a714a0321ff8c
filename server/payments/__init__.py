"""Payments: money received for a debt, posted as a transaction and never altered.

A payment that was none is taken back by adding its opposite, which names it. The rows are the
ledger's (`server.accounts.ledger`); this area keeps none of its own.
"""
