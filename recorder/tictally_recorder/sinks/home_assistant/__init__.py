"""Home Assistant's long-term statistics as a sink. docs/home-assistant.md documents its statistics."""
