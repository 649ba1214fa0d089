"""Forthwith: a FHIR prior-authorization server for health payers. The story of one request:

    receive           HTTP → bytes + principal                        web
    parse, validate   bytes → Bundle, or all its issues at once       fhir.validate, with profiles/
    read              Bundle → PriorAuthRequest with its Facts        fhir.read
    cover             member × service date → Coverage and benefits   clients, store, determine
    match             item × plan × date → Policy version             determine, from policies/
    judge             criterion × facts → met / unmet / unknown       determine
    decide            findings → Decision per item, with reasons      determine
    record            decision → Case + Events + clocks               domain.case, store
    answer            Case → ClaimResponse bundle of the caller's     fhir.write
                      guide version

Imports go one way only (pyproject.toml holds them to it): cli > factory > web | jobs > flows >
store | clients | fhir | rulebook | auth > determine > domain > settings > errors | clock |
resources.
"""
