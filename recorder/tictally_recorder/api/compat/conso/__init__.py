"""Conso API's interface over the local data, for the clients that it has."""
