"""What hubs are told of the meter and of this edge, in the form that they discover devices by."""
