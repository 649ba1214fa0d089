"""Nouns of prior authorization: frozen values, standard library only, no FHIR and no database."""
