"""The rows of people: person, names, addresses, ways to reach them, and markers."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Float, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class PersonRow(Row):
    """An individual or an organisation, under the name in use today."""

    __tablename__ = "person"
    person_id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(20), server_default="")
    forenames: Mapped[str] = mapped_column(String(120), server_default="")
    surname: Mapped[str] = mapped_column(String(120), server_default="")
    born_on: Mapped[date | None] = mapped_column(Date)
    language: Mapped[str] = mapped_column(String(40), server_default="")
    preferred_contact: Mapped[str] = mapped_column(String(20), server_default="")
    household: Mapped[str] = mapped_column(Text, server_default="")
    needs: Mapped[list[str]] = mapped_column(ARRAY(String(40)), server_default=text("'{}'"))
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class FormerNameRow(Row):
    """A name a person went by before."""

    __tablename__ = "former_name"
    former_name_id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.person_id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    until: Mapped[date | None] = mapped_column(Date)


class AddressRow(Row):
    """A place, once, whoever lives there: its lines, postcode, property number and position."""

    __tablename__ = "address"
    address_id: Mapped[str] = mapped_column(Id, primary_key=True)
    lines: Mapped[str] = mapped_column(Text)
    postcode: Mapped[str] = mapped_column(String(10), server_default="")
    uprn: Mapped[str | None] = mapped_column(String(12), index=True)
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)

    __table_args__ = (Index("ix_address_postcode", "postcode"),)


class ResidenceRow(Row):
    """A person at an address, from and until; `until` empty means today's address."""

    __tablename__ = "residence"
    residence_id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.person_id"), index=True)
    address_id: Mapped[str] = mapped_column(ForeignKey("address.address_id"), index=True)
    from_on: Mapped[date | None] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)


class ContactRow(Row):
    """A way to reach a person: added, never overwritten, and marked when it turns out wrong."""

    __tablename__ = "contact"
    contact_id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.person_id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(254))
    source: Mapped[str] = mapped_column(String(20))
    standing: Mapped[str] = mapped_column(String(10), server_default="in_use")
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class MarkerRow(Row):
    """A risk to the people who visit, on a person or a place, with its evidence and review date."""

    __tablename__ = "marker"
    marker_id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"), index=True)
    address_id: Mapped[str | None] = mapped_column(ForeignKey("address.address_id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text, server_default="")
    from_on: Mapped[date] = mapped_column(Date)
    review_on: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)


class SearchTermRow(Row):
    """One thing a person or account can be found by, in the form it is compared in."""

    __tablename__ = "search_term"
    search_term_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(20))
    term: Mapped[str] = mapped_column(String(300))
    sound: Mapped[str] = mapped_column(String(60), server_default="")
    person_id: Mapped[str | None] = mapped_column(Id, index=True)
    account_id: Mapped[str | None] = mapped_column(Id, index=True)

    __table_args__ = (
        Index(
            "ix_search_term_exact", "kind", "term", postgresql_ops={"term": "varchar_pattern_ops"}
        ),
        Index(
            "ix_search_term_name",
            "term",
            postgresql_using="gin",
            postgresql_ops={"term": "gin_trgm_ops"},
            postgresql_where=text("kind IN ('name', 'former_name')"),
        ),
        Index(
            "ix_search_term_address",
            "term",
            postgresql_using="gin",
            postgresql_ops={"term": "gin_trgm_ops"},
            postgresql_where=text("kind = 'address'"),
        ),
        Index(
            "ix_search_term_sound",
            "sound",
            postgresql_using="gin",
            postgresql_ops={"sound": "gin_trgm_ops"},
            postgresql_where=text("sound <> ''"),
        ),
    )
