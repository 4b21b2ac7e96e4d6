"""A meter that does not exist: contracts, a household and its registers, spoken as a Linky speaks on the TIC line."""
