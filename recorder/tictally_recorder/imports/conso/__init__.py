"""Enedis' own figures through Conso API, once a day: a job, its settings, and its answers as observations."""
