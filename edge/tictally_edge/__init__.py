"""The edge: reads the TIC line of one meter and publishes it on MQTT."""
