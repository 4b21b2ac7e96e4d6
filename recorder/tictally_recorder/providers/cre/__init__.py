"""The files of the French energy regulator (CRE) with the regulated tariffs, from the open-data portal."""
