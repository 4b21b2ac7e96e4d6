"""HTTP: the API, the live stream, and interfaces compatible with Conso API and meterit."""
