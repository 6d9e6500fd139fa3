-- The tables of version 1. Times are microseconds since 1970, ids and digests 16 bytes, big-endian.

-- One row: what is known about the others.
CREATE TABLE books (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    clock INTEGER NOT NULL,
    accounts INTEGER NOT NULL,
    open INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    -- How many reservations were closed; the remainder is the place of the next in `closed`.
    closed INTEGER NOT NULL,
    -- The account that was looked at last, whether it is over.
    cursor INTEGER NOT NULL
) STRICT;
INSERT INTO books VALUES (1, -9223372036854775808, 0, 0, 0, 0, 0);

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    limit_name TEXT NOT NULL,
    limit_key TEXT NOT NULL,
    kind INTEGER NOT NULL,
    space INTEGER NOT NULL,
    window INTEGER NOT NULL,
    window_a INTEGER NOT NULL,
    window_b INTEGER NOT NULL,
    capacity INTEGER NOT NULL,
    book BLOB NOT NULL,
    UNIQUE (limit_key, limit_name, kind, space, window, window_a, window_b)
) STRICT;

-- Those that are open, and those that have expired and may still be settled late.
CREATE TABLE reservation (
    id BLOB PRIMARY KEY,
    digest BLOB NOT NULL,
    state INTEGER NOT NULL,
    made INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX due ON reservation (state, expires);

-- What they took.
CREATE TABLE entry (
    reservation BLOB NOT NULL,
    account INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    position INTEGER NOT NULL,
    charged_at_expiry INTEGER NOT NULL,
    PRIMARY KEY (reservation, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX taken_from ON entry (account);

-- How the last ones ended.
CREATE TABLE closed (
    place INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    state INTEGER NOT NULL
) STRICT;
