"""InfluxDB 2 as a sink. docs/influxdb.md documents its buckets."""
