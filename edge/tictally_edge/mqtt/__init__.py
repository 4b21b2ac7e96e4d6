"""The MQTT client of the edge."""
