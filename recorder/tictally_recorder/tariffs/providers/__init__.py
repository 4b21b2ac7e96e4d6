"""Tariff providers: each reads what one publisher of prices offers. A package or file each, registered in one line."""
