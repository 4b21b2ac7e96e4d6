"""Home Assistant: the meter and this edge as devices, published by MQTT discovery."""
