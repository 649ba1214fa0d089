"""Inferno's server suites against a Forthwith that is started as anybody starts it.

`make inferno [SUITE=...]` starts a product with a fresh database, HL7's engine as the judge and
Inferno's own server, gives the suite our inputs, sits through the tests that wait, and writes
docs/inferno.md. With an Inferno of your own (`FORTHWITH_INFERNO=http://...`) only the product is
started here.
"""
