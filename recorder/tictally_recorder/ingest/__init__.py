"""From MQTT to the ledger: connection, batches, acknowledgement, and what the recorder says of itself."""
