"""How Alembic reaches the database: by the URL it is handed, one transaction a migration."""

from __future__ import annotations

from importlib import import_module

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from server.spine.database import Row

import_module("server.all_tables")

engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
