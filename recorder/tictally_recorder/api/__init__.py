"""The recorder's HTTP interfaces: its API, readings by HTTP, and Conso API's interface over the local data."""
