"""The rows of accounts: account, debt, liable party, and transactions that are only ever added."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class AccountRow(Row):
    """One reference with a charging service, of any of the debt types."""

    __tablename__ = "account"
    account_id: Mapped[str] = mapped_column(Id, primary_key=True)
    reference: Mapped[str] = mapped_column(String(40))
    debt_type: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(60), server_default="")
    property_reference: Mapped[str] = mapped_column(String(40), server_default="")
    address_id: Mapped[str | None] = mapped_column(ForeignKey("address.address_id"), index=True)
    liable_from: Mapped[date | None] = mapped_column(Date)
    liable_until: Mapped[date | None] = mapped_column(Date)
    rateable_value: Mapped[int | None] = mapped_column(BigInteger)
    balance_master: Mapped[str] = mapped_column(String(10), server_default="fieldfare")
    imported_hash: Mapped[str] = mapped_column(String(64), server_default="")
    opened_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        Index("uq_account_reference", "debt_type", "source", "reference", unique=True),
    )


class DebtRow(Row):
    """One charge on an account; its balance always equals the sum of its transactions."""

    __tablename__ = "debt"
    debt_id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.account_id"), index=True)
    reference: Mapped[str] = mapped_column(String(60))
    from_on: Mapped[date | None] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    stage: Mapped[str] = mapped_column(String(40), server_default="billed")
    balance_pence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    opened_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (Index("uq_debt_reference", "account_id", "reference", unique=True),)


class LiablePartyRow(Row):
    """A person liable for a debt, from and until, alone or jointly and severally."""

    __tablename__ = "liable_party"
    debt_id: Mapped[str] = mapped_column(ForeignKey("debt.debt_id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(
        ForeignKey("person.person_id"), primary_key=True, index=True
    )
    from_on: Mapped[date | None] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)


class TransactionRow(Row):
    """A movement on a debt; a positive amount is owed to the council, a negative one reduces it.

    `reverses_id` names the payment a movement takes back, so that none is taken back twice.
    """

    __tablename__ = "transaction"
    transaction_id: Mapped[str] = mapped_column(Id, primary_key=True)
    debt_id: Mapped[str] = mapped_column(ForeignKey("debt.debt_id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    amount_pence: Mapped[int] = mapped_column(BigInteger)
    effective_on: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    command_id: Mapped[str] = mapped_column(Id)
    method: Mapped[str] = mapped_column(String(20), server_default="")
    reference: Mapped[str] = mapped_column(String(60), server_default="")
    reverses_id: Mapped[str | None] = mapped_column(ForeignKey("transaction.transaction_id"))

    __table_args__ = (
        Index(
            "uq_transaction_reverses_id",
            "reverses_id",
            unique=True,
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
    )
