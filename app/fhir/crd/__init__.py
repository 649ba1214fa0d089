"""CRD: a CDS Hooks call read into a request, and assertions written as coverage-information.

`call` the envelope, `pool` the resources that came with it or were fetched, `targets` which of them
are asked about, `draft_claim` the request that these orders would become, `extension` and `cards`
what goes back.
"""
