"""The FHIR addresses of one guide version: `/fhir/2.2` and `/fhir/2.0`."""
