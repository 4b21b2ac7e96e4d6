"""The ledger's tables. Pre-release ledgers had others; this is version 4."""

from typing import Final

from tictally_recorder.ledger.outbox_queue import TABLES as OUTBOX_TABLES

APPLICATION_ID: Final = 0x5449434C  # "TICL"
PRERELEASE_APPLICATION_ID: Final = 0x54494354  # "TICT"
SCHEMA_VERSION: Final = 4

NOTE_TABLE: Final = """CREATE TABLE note (
    id INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES site, day INTEGER NOT NULL, text TEXT NOT NULL,
    is_deleted INTEGER NOT NULL
) STRICT"""
"""Since version 2. What people write on local days; a deleted note keeps its row. See notes.py."""

VOLTAGE_TABLE: Final = """CREATE TABLE voltage_mean (
    meter INTEGER NOT NULL REFERENCES meter, number INTEGER NOT NULL, volts_1 INTEGER, volts_2 INTEGER,
    volts_3 INTEGER, PRIMARY KEY (meter, number)
) STRICT, WITHOUT ROWID"""
"""Since version 3. Mean voltages of ten minutes, numbered by their end: end / 600 000 ms. See voltage_means.py."""

PRODUCTION_TABLE: Final = """CREATE TABLE production (
    quarter INTEGER PRIMARY KEY, milliwatt_hours INTEGER NOT NULL, estimated INTEGER NOT NULL
) STRICT, WITHOUT ROWID"""
"""Since version 4. What panels produced, as their inverter published it. See production.py."""

# Times are milliseconds since 1970, quarters are numbered: start / 900 000 ms.
_TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE edge (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE boot (
    id INTEGER PRIMARY KEY, edge INTEGER NOT NULL REFERENCES edge, boot TEXT NOT NULL, UNIQUE (edge, boot)
) STRICT;
-- ignored_ms: since when it is recorded no more, or NULL.
CREATE TABLE site (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, ignored_ms INTEGER) STRICT;
CREATE TABLE meter (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, serial TEXT, site INTEGER NOT NULL REFERENCES site,
    first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, UNIQUE (key, serial)
) STRICT;
CREATE TABLE meter_edge (
    meter INTEGER NOT NULL REFERENCES meter, edge INTEGER NOT NULL REFERENCES edge, PRIMARY KEY (meter, edge)
) STRICT, WITHOUT ROWID;
CREATE TABLE label (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- Raw frames. body: see frame_codec.py.
CREATE TABLE frame (
    id INTEGER PRIMARY KEY, meter INTEGER NOT NULL REFERENCES meter, boot INTEGER NOT NULL REFERENCES boot,
    seq INTEGER NOT NULL, time_ms INTEGER NOT NULL, arrived_ms INTEGER NOT NULL, mode TEXT NOT NULL, body BLOB NOT NULL,
    UNIQUE (boot, seq)
) STRICT;
CREATE INDEX frame_by_time ON frame (meter, time_ms);

-- What happened to each frame number, as disjoint ranges. status: see frame_numbers.py.
CREATE TABLE frame_number (
    boot INTEGER NOT NULL REFERENCES boot, first INTEGER NOT NULL, last INTEGER NOT NULL, status INTEGER NOT NULL,
    PRIMARY KEY (boot, first)
) STRICT, WITHOUT ROWID;

-- When lost numbers were sent: between the frames before and after them, as far as those were known.
CREATE TABLE lost_range (
    boot INTEGER NOT NULL REFERENCES boot, first INTEGER NOT NULL, last INTEGER NOT NULL, after_ms INTEGER,
    before_ms INTEGER, PRIMARY KEY (boot, first)
) STRICT, WITHOUT ROWID;

-- packed: the whole quarter, see quarter_codec.py. settled: its part whose raw frames are no longer in frame; NULL
-- where there is none, empty where that part is the whole quarter.
CREATE TABLE quarter (
    meter INTEGER NOT NULL REFERENCES meter, quarter INTEGER NOT NULL, packed BLOB NOT NULL, settled BLOB,
    PRIMARY KEY (meter, quarter)
) STRICT, WITHOUT ROWID;
-- Quarters whose packed bytes must be recomputed.
CREATE TABLE dirty_quarter (
    meter INTEGER NOT NULL REFERENCES meter, quarter INTEGER NOT NULL, PRIMARY KEY (meter, quarter)
) STRICT, WITHOUT ROWID;

CREATE TABLE text_change (
    meter INTEGER NOT NULL REFERENCES meter, label INTEGER NOT NULL REFERENCES label, time_ms INTEGER NOT NULL,
    value TEXT NOT NULL, PRIMARY KEY (meter, label, time_ms)
) STRICT, WITHOUT ROWID;
-- When a label was first and last seen.
CREATE TABLE label_seen (
    meter INTEGER NOT NULL REFERENCES meter, label INTEGER NOT NULL REFERENCES label, first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL, PRIMARY KEY (meter, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY, arrived_ms INTEGER NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
    detail TEXT NOT NULL, size INTEGER NOT NULL, head BLOB NOT NULL
) STRICT;
CREATE TABLE rejection (reason TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE deferred_message (
    id INTEGER PRIMARY KEY, edge TEXT NOT NULL, topic TEXT NOT NULL, arrived_ms INTEGER NOT NULL,
    version INTEGER NOT NULL, due_ms INTEGER NOT NULL, payload BLOB NOT NULL
) STRICT;

-- Quarters first … last whose cost must be recomputed. See invalidation.py.
CREATE TABLE invalidated (
    meter INTEGER NOT NULL REFERENCES meter, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (meter, first)
) STRICT, WITHOUT ROWID;

-- Cost. Days are numbered from 1 on 1 January of the year 1. replaced_ms: 0 for the current figures. See cost_store.py.
CREATE TABLE cost_line (
    id INTEGER PRIMARY KEY, direction TEXT NOT NULL, period TEXT, price TEXT, currency TEXT, version TEXT, hash TEXT,
    source TEXT, confidence TEXT, power_kva INTEGER, quality TEXT NOT NULL, reason TEXT, reason_parameters TEXT
) STRICT;
CREATE INDEX cost_line_by_version ON cost_line (version, period);
-- A local day is the quarters first to end, excluded. key: fingerprint of the contract and prices used.
CREATE TABLE cost_day (
    site INTEGER NOT NULL REFERENCES site, day INTEGER NOT NULL, replaced_ms INTEGER NOT NULL, first INTEGER NOT NULL,
    end INTEGER NOT NULL, key TEXT NOT NULL, computed_ms INTEGER NOT NULL, PRIMARY KEY (site, day, replaced_ms)
) STRICT, WITHOUT ROWID;
CREATE TABLE cost (
    site INTEGER NOT NULL, day INTEGER NOT NULL, replaced_ms INTEGER NOT NULL, n INTEGER NOT NULL,
    line INTEGER NOT NULL REFERENCES cost_line, energy_wh INTEGER NOT NULL, amount TEXT, parts BLOB NOT NULL,
    PRIMARY KEY (site, day, replaced_ms, n),
    FOREIGN KEY (site, day, replaced_ms) REFERENCES cost_day DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

-- Consumption of past days by quarter-hour, for comparisons. registers: of a kind of quarters, a JSON array of arrays.
-- packed: see cost/compare/codec.py. A row is deleted with the day's current cost. See consumption_store.py.
CREATE TABLE consumption_kind (id INTEGER PRIMARY KEY, registers TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE consumption_day (
    site INTEGER NOT NULL REFERENCES site, day INTEGER NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (site, day)
) STRICT, WITHOUT ROWID;

-- Base load of the night in which a local day begins, in VA, from so many minutes of frames.
CREATE TABLE standby (
    meter INTEGER NOT NULL REFERENCES meter, day INTEGER NOT NULL, va INTEGER NOT NULL, minutes INTEGER NOT NULL,
    PRIMARY KEY (meter, day)
) STRICT, WITHOUT ROWID;

-- The highest apparent power consumed on a local day, as the meter reported it, and when. is_final: the day was over.
CREATE TABLE daily_maximum (
    meter INTEGER NOT NULL REFERENCES meter, day INTEGER NOT NULL, va INTEGER NOT NULL, time_ms INTEGER NOT NULL,
    is_final INTEGER NOT NULL, PRIMARY KEY (meter, day)
) STRICT, WITHOUT ROWID;

-- Observations from elsewhere, see observations/model.py. A run imports some files for a site: all of them, or none.
CREATE TABLE import_run (
    id INTEGER PRIMARY KEY, site INTEGER NOT NULL REFERENCES site, imported_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE import_file (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES import_run, importer TEXT NOT NULL, name TEXT NOT NULL,
    hash TEXT NOT NULL, delivery_point TEXT, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, UNIQUE (run, hash)
) STRICT;
CREATE TABLE register_reading (
    file INTEGER NOT NULL REFERENCES import_file, label INTEGER NOT NULL REFERENCES label, time_ms INTEGER NOT NULL,
    wh INTEGER NOT NULL, PRIMARY KEY (file, label, time_ms)
) STRICT, WITHOUT ROWID;
-- integrated: 1 if the energy was summed from powers.
CREATE TABLE interval_energy (
    file INTEGER NOT NULL REFERENCES import_file, label INTEGER NOT NULL REFERENCES label, start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL, watt_minutes INTEGER NOT NULL, integrated INTEGER NOT NULL,
    PRIMARY KEY (file, label, start_ms, end_ms)
) STRICT, WITHOUT ROWID;
-- Outdoor temperature of imports, of the weather service and of a sensor, hundredths of a degree at hours numbered
-- since 1970; of the sensor the mean of the hour that begins then.
CREATE TABLE imported_temperature (
    file INTEGER NOT NULL REFERENCES import_file, hour INTEGER NOT NULL, centidegrees INTEGER NOT NULL,
    PRIMARY KEY (file, hour)
) STRICT, WITHOUT ROWID;
CREATE TABLE temperature (hour INTEGER PRIMARY KEY, centidegrees INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE measured_temperature (hour INTEGER PRIMARY KEY, centidegrees INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- What observations make of the quarters without frames, computed from both. packed: as in quarter, registers only.
CREATE TABLE imported_quarter (
    meter INTEGER NOT NULL REFERENCES meter, quarter INTEGER NOT NULL, packed BLOB NOT NULL,
    PRIMARY KEY (meter, quarter)
) STRICT, WITHOUT ROWID;
-- Times over which a register is known by imports, from the frame before to the frame after where they meet.
CREATE TABLE imported_span (
    meter INTEGER NOT NULL REFERENCES meter, label INTEGER NOT NULL REFERENCES label, first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL, PRIMARY KEY (meter, label, first_ms)
) STRICT, WITHOUT ROWID;
-- Quarters first to last of which observations show the energy; integrated: 1 for those that have it from powers, too.
CREATE TABLE imported_range (
    meter INTEGER NOT NULL REFERENCES meter, integrated INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (meter, integrated, first)
) STRICT, WITHOUT ROWID;
-- Moments after which what a register counted up to its next observation is unknown.
CREATE TABLE imported_break (
    meter INTEGER NOT NULL REFERENCES meter, label INTEGER NOT NULL REFERENCES label, time_ms INTEGER NOT NULL,
    PRIMARY KEY (meter, label, time_ms)
) STRICT, WITHOUT ROWID;
-- Sites whose imported quarters must be recomputed, since frames came into or beside their gaps.
CREATE TABLE dirty_import (site INTEGER PRIMARY KEY REFERENCES site) STRICT;
"""

STATEMENTS: Final = [*f"{_TABLES.rstrip()}{OUTBOX_TABLES}".split(";\n"), NOTE_TABLE, VOLTAGE_TABLE, PRODUCTION_TABLE]
"""What creates the tables, in order."""
