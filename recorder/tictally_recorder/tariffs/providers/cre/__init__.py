"""Open data of the CRE, the French energy regulator: Tarif Bleu and the accise."""
