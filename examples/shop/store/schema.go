package store

import "strings"

// schema makes the tables that are not there, in the words of SQLite. Add to the end; never change what has been
// released.
const schema = `
CREATE TABLE IF NOT EXISTS stock (
	sku TEXT    PRIMARY KEY,
	qty INTEGER NOT NULL CHECK (qty >= 0)
) STRICT;

CREATE TABLE IF NOT EXISTS orders (
	seq       INTEGER PRIMARY KEY,
	id        TEXT    NOT NULL UNIQUE,
	sku       TEXT    NOT NULL REFERENCES stock,
	qty       INTEGER NOT NULL CHECK (qty > 0),
	placed_at TEXT    NOT NULL
) STRICT;

-- One row for each order that has not been delivered yet.
CREATE TABLE IF NOT EXISTS outbox (
	seq      INTEGER PRIMARY KEY AUTOINCREMENT,
	order_id TEXT    NOT NULL UNIQUE REFERENCES orders (id)
) STRICT;

-- The books of fulfilment, which is another service in all but the process: it knows orders by their id alone.
CREATE TABLE IF NOT EXISTS deliveries (
	order_id TEXT    PRIMARY KEY,
	sku      TEXT    NOT NULL,
	qty      INTEGER NOT NULL,
	count    INTEGER NOT NULL -- how many times it was carried out
) STRICT;

INSERT INTO stock (sku, qty) VALUES ('tea', 1000000), ('last-unicorn', 1) ON CONFLICT (sku) DO NOTHING;
`

// schemaOfPostgres is the same in the words of PostgreSQL. Several shops may start at a time: one of them makes the
// tables, which is to say that they queue.
var schemaOfPostgres = `SELECT pg_advisory_xact_lock(7233);` + strings.NewReplacer(
	"INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
	"INTEGER PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
	"INTEGER", "BIGINT",
	" STRICT", "",
).Replace(schema)
