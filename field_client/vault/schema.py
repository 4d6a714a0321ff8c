"""The vault's tables, version by version; a released step is never altered, only followed."""

from __future__ import annotations

FIRST = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE record (
    case_id TEXT NOT NULL, view TEXT NOT NULL, kind TEXT NOT NULL, record_id TEXT NOT NULL,
    commit_number INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (case_id, view, kind, record_id)) WITHOUT ROWID;
CREATE INDEX record_kind ON record (kind);
CREATE TABLE outbox (
    command_id TEXT PRIMARY KEY, lane TEXT NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,
    written BLOB NOT NULL, case_id TEXT NOT NULL, name TEXT NOT NULL, group_id TEXT,
    saved_at TEXT NOT NULL, outcome TEXT, code TEXT, flags TEXT, said TEXT,
    commit_number INTEGER, received_at TEXT, UNIQUE (lane, seq));
CREATE INDEX outbox_case ON outbox (case_id);
CREATE INDEX outbox_waiting ON outbox (lane, seq) WHERE outcome IS NULL;
CREATE TABLE purge (
    case_id TEXT NOT NULL, view TEXT NOT NULL, commit_number INTEGER NOT NULL,
    reason TEXT NOT NULL, erased INTEGER NOT NULL, PRIMARY KEY (case_id, view)) WITHOUT ROWID;
CREATE TABLE draft (
    draft_id TEXT PRIMARY KEY, case_id TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    saved_at TEXT NOT NULL);
CREATE TABLE photograph (
    photograph_id TEXT NOT NULL, visit_id TEXT NOT NULL, case_id TEXT NOT NULL,
    purpose TEXT NOT NULL, body BLOB NOT NULL, recorded INTEGER NOT NULL DEFAULT 0,
    arrived INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (photograph_id, visit_id));
"""

ANSWERED = """
ALTER TABLE outbox ADD COLUMN settled_at TEXT;
CREATE INDEX outbox_unsettled ON outbox (outcome) WHERE outcome = 'refused' AND settled_at IS NULL;
CREATE INDEX outbox_group ON outbox (group_id);
CREATE INDEX draft_case ON draft (case_id, kind);
CREATE INDEX photograph_waiting ON photograph (visit_id) WHERE recorded AND NOT arrived;
"""
"""`settled_at` is when the officer said that a refusal has been dealt with."""

SENT_BY_ADDRESS = """
ALTER TABLE photograph ADD COLUMN address TEXT;
ALTER TABLE photograph ADD COLUMN refused TEXT;
ALTER TABLE photograph ADD COLUMN settled_at TEXT;
"""
"""`address` is where the office goes on with a photograph, `refused` why it never will keep it."""

COMPARED = """
ALTER TABLE record ADD COLUMN hash INTEGER NOT NULL DEFAULT 0;
UPDATE record SET hash = record_hash(case_id, view, kind, record_id, body);
CREATE TABLE total (
    case_id TEXT NOT NULL, view TEXT NOT NULL, records INTEGER NOT NULL, hash INTEGER NOT NULL,
    PRIMARY KEY (case_id, view)) WITHOUT ROWID;
INSERT INTO total SELECT case_id, view, count(*), sum(hash) % 281474976710656 FROM record
    GROUP BY case_id, view;
CREATE TRIGGER record_added AFTER INSERT ON record BEGIN
    INSERT INTO total VALUES (new.case_id, new.view, 1, new.hash) ON CONFLICT DO UPDATE
    SET records = records + 1, hash = (hash + excluded.hash) % 281474976710656; END;
CREATE TRIGGER record_gone AFTER DELETE ON record BEGIN
    UPDATE total SET records = records - 1,
    hash = (hash - old.hash + 281474976710656) % 281474976710656
    WHERE case_id = old.case_id AND view = old.view; END;
ALTER TABLE outbox ADD COLUMN covered_by INTEGER;
ALTER TABLE outbox ADD COLUMN more TEXT;
ALTER TABLE outbox ADD COLUMN seal_id INTEGER;
ALTER TABLE outbox ADD COLUMN earlier TEXT;
CREATE TABLE seal (seal_id INTEGER PRIMARY KEY, statement BLOB NOT NULL, signature TEXT NOT NULL);
CREATE TABLE defect (
    kind TEXT PRIMARY KEY, times INTEGER NOT NULL, last_at TEXT NOT NULL, said TEXT NOT NULL);
"""
"""`total` is what the records of each case come to, kept by the triggers whoever moves a record.

`covered_by` is the commit that a backup must hold before an answered command may be let go; `earlier`
is an answer that a restored office has forgotten.
"""

FORKED = """
CREATE TABLE sent (
    command_id TEXT PRIMARY KEY, lane TEXT NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,
    written BLOB NOT NULL, case_id TEXT NOT NULL, name TEXT NOT NULL, group_id TEXT,
    saved_at TEXT NOT NULL, outcome TEXT, code TEXT, flags TEXT, said TEXT,
    commit_number INTEGER, received_at TEXT, settled_at TEXT, covered_by INTEGER, more TEXT,
    seal_id INTEGER, earlier TEXT, first TEXT, former_store TEXT);
INSERT INTO sent (rowid, command_id, lane, seq, hash, written, case_id, name, group_id, saved_at,
    outcome, code, flags, said, commit_number, received_at, settled_at, covered_by, more, seal_id,
    earlier)
    SELECT rowid, command_id, lane, seq, hash, written, case_id, name, group_id, saved_at,
    outcome, code, flags, said, commit_number, received_at, settled_at, covered_by, more, seal_id,
    earlier FROM outbox;
DROP TABLE outbox;
ALTER TABLE sent RENAME TO outbox;
CREATE UNIQUE INDEX outbox_number ON outbox (coalesce(former_store, ''), lane, seq);
CREATE INDEX outbox_case ON outbox (case_id);
CREATE INDEX outbox_waiting ON outbox (lane, seq) WHERE outcome IS NULL;
CREATE INDEX outbox_unsettled ON outbox (outcome) WHERE outcome = 'refused' AND settled_at IS NULL;
CREATE INDEX outbox_group ON outbox (group_id);
CREATE TABLE former_envelope (
    command_id TEXT NOT NULL, store_id TEXT NOT NULL, written BLOB NOT NULL,
    PRIMARY KEY (command_id, store_id)) WITHOUT ROWID;
"""
"""`former_store` names the vault as it was when a command was numbered and answered, before it had to
take another name; none is the present one. `first` is what a command that was numbered anew was
first written as, by its SHA-256; the bytes of every earlier writing are kept.
"""

ADDED_UP = """
UPDATE record SET hash = record_hash(case_id, view, kind, record_id, body);
DROP TRIGGER record_added;
DROP TRIGGER record_gone;
DROP TABLE total;
DROP INDEX record_kind;
CREATE INDEX record_kind ON record (kind, case_id, view, hash);
"""
"""What the records come to is added up from this index, which costs less than keeping it beside them."""

WHOLE_ROWS = """
CREATE TABLE placed (
    case_id TEXT NOT NULL, view TEXT NOT NULL, kind TEXT NOT NULL, record_id TEXT NOT NULL,
    commit_number INTEGER NOT NULL, body TEXT NOT NULL, hash INTEGER NOT NULL);
INSERT INTO placed SELECT case_id, view, kind, record_id, commit_number, body, hash FROM record
    ORDER BY case_id, view, kind, record_id;
DROP TABLE record;
ALTER TABLE placed RENAME TO record;
CREATE UNIQUE INDEX record_key ON record (case_id, view, kind, record_id);
CREATE INDEX record_kind ON record (kind, case_id, view, hash);
"""
"""A table that is its own index puts what is beyond a quarter of a page on a page of its own, which most
bodies are: a bundle took twice the room, and a record that moved three pages instead of one.
"""

SIGNED = """
CREATE TABLE officer_key (
    only INTEGER PRIMARY KEY CHECK (only = 1), private BLOB NOT NULL, office TEXT NOT NULL,
    device_id TEXT NOT NULL, officer_id TEXT NOT NULL);
ALTER TABLE outbox ADD COLUMN signature TEXT;
CREATE INDEX outbox_unsigned ON outbox (lane, seq) WHERE signature IS NULL AND former_store IS NULL;
"""
"""`officer_key` is the key made in this vault, and whose it is; `signature` is what it signed of a
command where it stands in its lane. What older programs saved is signed when the vault is opened.
"""

STEPS: tuple[tuple[str, ...], ...] = tuple(
    tuple(statement for statement in step.split(";\n") if statement.strip())
    for step in (
        FIRST,
        ANSWERED,
        SENT_BY_ADDRESS,
        COMPARED,
        FORKED,
        ADDED_UP,
        WHOLE_ROWS,
        SIGNED,
    )
)
"""Each step takes the schema from its own number to the next."""

SCHEMA_VERSION = len(STEPS)
"""The version this program was written for."""
