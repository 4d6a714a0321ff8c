"""Accounts: each reference with a charging service, its debts, who is liable, and every movement.

`ledger.post` is the one place that adds transactions and moves balances; payments go through it too.
`ledger.check_ledger` shows that every balance is the sum of its transactions. Other areas read
`queries`; the bulk door is `OpenAccount`, `OpenDebt`, `RecordLiableParty` and `ReportBalance`, quickest
when a run of commands is all of one kind.
"""
