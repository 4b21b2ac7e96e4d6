"""The interface of Conso API over the local data, for its existing clients."""
