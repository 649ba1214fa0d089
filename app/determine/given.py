"""Facts that every request brings along; a policy may use their names without declaring them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.facts import EvidenceKind
from app.domain.policy import FactSpec, FactType, Find

_R, _M, _C = EvidenceKind.REQUEST, EvidenceKind.MEMBER, EvidenceKind.COVERAGE

_TABLE: tuple[tuple[str, EvidenceKind, FactType, str, str, str], ...] = (
    ("service", _R, FactType.CODE, "", "requested service", "servicio solicitado"),
    ("service-day", _R, FactType.DATE, "", "first day of service", "primer día del servicio"),
    ("service-end", _R, FactType.DATE, "", "last day of service", "último día del servicio"),
    ("service-days", _R, FactType.NUMBER, "d", "days of service asked for", "días solicitados"),
    ("request-day", _R, FactType.DATE, "", "day of the request", "día de la solicitud"),
    ("units", _R, FactType.NUMBER, "", "units asked for", "unidades solicitadas"),
    ("modifiers", _R, FactType.CODE, "", "modifiers", "modificadores"),
    ("other-services", _R, FactType.CODE, "", "other services of the request", "otros servicios"),
    ("place", _R, FactType.CODE, "", "place of service", "lugar del servicio"),
    ("revenue", _R, FactType.CODE, "", "revenue code", "código de ingresos"),
    ("service-type", _R, FactType.CODE, "", "type of service", "tipo de servicio"),
    ("diagnosis", _R, FactType.CODE, "", "diagnosis", "diagnóstico"),
    ("specialty", _R, FactType.CODE, "", "specialty of the provider", "especialidad"),
    ("npi", _R, FactType.TEXT, "", "NPI of the provider", "NPI del proveedor"),
    ("urgency", _R, FactType.TEXT, "", "urgency of the request", "urgencia de la solicitud"),
    ("admission-day", _R, FactType.DATE, "", "day of admission", "día de ingreso"),
    ("discharge-day", _R, FactType.DATE, "", "day of discharge", "día de alta"),
    ("age", _M, FactType.NUMBER, "a", "age in years", "edad en años"),
    ("age-months", _M, FactType.NUMBER, "mo", "age in months", "edad en meses"),
    ("sex", _M, FactType.TEXT, "", "sex on the member record", "sexo en el registro"),
    ("months-covered", _M, FactType.NUMBER, "mo", "months of coverage", "meses de cobertura"),
    ("line", _C, FactType.TEXT, "", "line of business", "tipo de plan"),
    ("plan", _C, FactType.TEXT, "", "plan", "plan"),
    ("state", _C, FactType.TEXT, "", "state", "estado"),
    ("funding", _C, FactType.TEXT, "", "funding of the plan", "financiación del plan"),
    ("network", _C, FactType.TEXT, "", "network tier of the provider", "red del proveedor"),
    ("gold-card", _C, FactType.YES_NO, "", "provider is exempt", "proveedor exento"),
    ("gold-card-approved", _C, FactType.NUMBER, "", "approved requests", "solicitudes aprobadas"),
    ("gold-card-requests", _C, FactType.NUMBER, "", "requests counted", "solicitudes contadas"),
)

GIVEN: Mapping[str, FactSpec] = MappingProxyType(
    {
        name: FactSpec(
            name, {"en": en, "es": es}, kind, unit, find=(Find(where, field=name, value="value"),)
        )
        for name, where, kind, unit, en, es in _TABLE
    }
)
"""The given facts by name; `service-day` is the day by which every dated rule is chosen."""
