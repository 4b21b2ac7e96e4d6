"""Writes Grafana's dashboards: each is a short file here, in every language of `words`."""
