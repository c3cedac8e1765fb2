-- Version 1 of penstock's state. A later version is a further script in sqlite_open.cpp, never an
-- edit of this one: databases that have run it keep what it made.

CREATE TABLE jobs (
  sequence     INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of creation
  id           TEXT NOT NULL UNIQUE,
  fingerprint  TEXT NOT NULL,
  request      TEXT NOT NULL,
  result       TEXT NOT NULL DEFAULT '',
  state        TEXT NOT NULL CHECK (state IN
               ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
  created_ms   INTEGER NOT NULL,
  started_ms   INTEGER NOT NULL DEFAULT 0,
  finished_ms  INTEGER NOT NULL DEFAULT 0,
  reject_rows  INTEGER NOT NULL DEFAULT 0,
  reject_bytes INTEGER NOT NULL DEFAULT 0,
  -- The process that runs the job. The start time tells it from a later process with its number,
  -- the boot from a process of an earlier life of the machine.
  owner_pid    INTEGER NOT NULL,
  owner_start  INTEGER NOT NULL,
  owner_boot   TEXT NOT NULL
);
CREATE INDEX jobs_by_fingerprint ON jobs (fingerprint, sequence);
CREATE INDEX jobs_alive ON jobs (sequence) WHERE state IN ('queued', 'running');

-- What a job writes. While it lives it holds a lease on each; two live jobs never share a target.
CREATE TABLE job_targets (
  job      TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  target   TEXT NOT NULL,
  leased   INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (job, position)
) WITHOUT ROWID;
CREATE UNIQUE INDEX leases ON job_targets (target) WHERE leased = 1;

CREATE TABLE job_tables (
  sequence      INTEGER PRIMARY KEY,
  job           TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  source_table  TEXT NOT NULL,
  target        TEXT NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('pending', 'running', 'done', 'failed')),
  rows_read     INTEGER NOT NULL,
  rows_written  INTEGER NOT NULL,
  rows_rejected INTEGER NOT NULL,
  bytes         INTEGER NOT NULL,
  error         TEXT NOT NULL,
  UNIQUE (job, source_table)
);

CREATE TABLE splits (
  job             TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  source_database TEXT NOT NULL,
  source_schema   TEXT NOT NULL,
  source_table    TEXT NOT NULL,
  split           INTEGER NOT NULL,
  split_count     INTEGER NOT NULL,
  payload         TEXT NOT NULL,
  rows_estimate   INTEGER NOT NULL,
  bytes_estimate  INTEGER NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('pending', 'committing', 'committed')),
  committed_rows  INTEGER NOT NULL,
  rows_before     INTEGER NOT NULL,
  PRIMARY KEY (job, source_database, source_schema, source_table, split)
) WITHOUT ROWID;

CREATE TABLE rejects (
  sequence      INTEGER PRIMARY KEY,
  job           TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  source_table  TEXT NOT NULL,
  source_column TEXT NOT NULL,
  reason        TEXT NOT NULL,
  row_key       TEXT NOT NULL,
  row_values    TEXT NOT NULL
);
CREATE INDEX rejects_by_job ON rejects (job, sequence);
