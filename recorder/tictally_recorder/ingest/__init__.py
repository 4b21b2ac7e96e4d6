"""From MQTT to the ledger: connection, batches, acknowledgement, backfill."""
