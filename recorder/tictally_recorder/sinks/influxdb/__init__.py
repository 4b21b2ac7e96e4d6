"""InfluxDB 2 as a sink. docs/influxdb.md says what stands there."""
