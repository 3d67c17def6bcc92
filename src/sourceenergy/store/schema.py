"""Tables of a node's store. Settled rows are only ever added; nothing here is overwritten.

What may change in place is state that is not a record: a statement's progress on its way to the
chain, an intent's progress, the indexer's cursor.
"""

VERSION = 1

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Salt keys, one a subject; erasing one makes the subject's commitments unlinkable for good.
CREATE TABLE secrets (subject TEXT PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE devices (
    device TEXT PRIMARY KEY,          -- 0x + 64 hex digits
    meter TEXT NOT NULL,              -- meter id in the community file
    x TEXT NOT NULL, y TEXT NOT NULL, -- P-256 public key, hex
    revoked_at INTEGER                -- last sequence accepted; NULL while in use
) WITHOUT ROWID;

CREATE TABLE readings (
    device TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    utc_ms INTEGER NOT NULL,
    hash TEXT NOT NULL,
    imported_wh INTEGER NOT NULL,
    exported_wh INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    body TEXT NOT NULL,               -- the reading as received, JSON
    PRIMARY KEY (device, sequence)
) WITHOUT ROWID;
CREATE INDEX readings_time ON readings (device, utc_ms);

CREATE TABLE signatures (             -- over the hash of the reading with that sequence
    device TEXT NOT NULL, sequence INTEGER NOT NULL, signature TEXT NOT NULL,
    PRIMARY KEY (device, sequence)
) WITHOUT ROWID;

CREATE TABLE refusals (               -- every refusal is kept, with its rule
    id INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL, device TEXT NOT NULL,
    sequence INTEGER, rule TEXT NOT NULL, message TEXT NOT NULL
);

CREATE TABLE records (                -- one meter, one interval, once
    start_s INTEGER NOT NULL, meter TEXT NOT NULL,
    imported_wh INTEGER NOT NULL, exported_wh INTEGER NOT NULL,
    produced_wh INTEGER, quality INTEGER NOT NULL,
    PRIMARY KEY (start_s, meter)
) WITHOUT ROWID;

CREATE TABLE intervals (              -- one settled interval, once; result as JSON for display
    start_s INTEGER PRIMARY KEY, seconds INTEGER NOT NULL, epoch INTEGER NOT NULL,
    result TEXT NOT NULL
);

CREATE TABLE periods (                -- what a commit period starts from, fixed when it opens
    epoch INTEGER PRIMARY KEY, start_s INTEGER NOT NULL, end_s INTEGER NOT NULL,
    opening TEXT NOT NULL, deposits TEXT NOT NULL, exits TEXT NOT NULL
);

CREATE TABLE statements (
    epoch INTEGER PRIMARY KEY,
    body TEXT NOT NULL,               -- the statement, JSON
    hash TEXT NOT NULL UNIQUE,
    closing TEXT NOT NULL,            -- account states after it, JSON
    state TEXT NOT NULL,              -- ready, posted or vetoed
    block INTEGER, tx TEXT, live_at_s INTEGER
);

CREATE TABLE deposits (
    block INTEGER NOT NULL, log_index INTEGER NOT NULL, tx TEXT NOT NULL,
    account TEXT NOT NULL, amount_ud INTEGER NOT NULL,
    PRIMARY KEY (tx, log_index)
) WITHOUT ROWID;

CREATE TABLE exits (
    account TEXT PRIMARY KEY, block INTEGER NOT NULL,
    epoch INTEGER,                    -- the period that leaves no balance; NULL until one opens
    served INTEGER NOT NULL DEFAULT 0 -- 1 once the chain knows
) WITHOUT ROWID;

CREATE TABLE intents (
    intent TEXT PRIMARY KEY, sender TEXT NOT NULL, nonce INTEGER NOT NULL,
    state TEXT NOT NULL, block INTEGER, body TEXT NOT NULL,
    UNIQUE (sender, nonce)
) WITHOUT ROWID;
"""
