"""The words of the policy pages, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "policies": "Policies", "lists": "Lists", "other": "Español", "json": "As data (JSON)",
        "intro": "These rules decide. Each list and each decision is read from them.",
        "policy": "Policy", "summary": "What it is about", "owner": "Owner", "sources": "Rests on",
        "read": "read on", "again": "to be read again by", "version": "Version", "from": "from",
        "to": "to", "always": "always", "applies": "Applies to", "services": "Services",
        "review": "Review", "for": "For", "days": "Days", "everybody": "everybody",
        "criteria": "Criteria for every request", "pathways": "Ways to qualify",
        "when": "looked at when", "never": "Never covered", "clinician": "Goes to a clinician",
        "exempt": "Needs no review", "grant": "Granted", "questions": "What we need to know",
        "documents": "What shows it", "unverified": "Not verified yet",
        "unverified-note": "These points were not yet checked against the text of their source.",
        "code": "Code", "plan": "Plan", "all-plans": "all plans", "date": "Day of service",
        "since": "Changes since", "show": "Show", "total": "lines on this day", "next": "Next page",
        "changes": "What changed", "added": "added", "removed": "removed", "none": "Nothing.",
        "delegate": "reviewed by", "all": "all of these", "any": "one of these",
        "at-least": "at least", "of-these": "of these", "not": "none of these", "if": "if the first, then the second",
        "months": "month(s)", "day-count": "day(s)", "hours": "hour(s)", "next-review": "next review after",
        "certificate": "plan certificate", "page-of": "Page of the policy", "rulebook": "Rulebook",
        "prior-authorization": "prior authorization", "concurrent": "review during the stay or course",
        "recommended-clinical-review": "offered before the service", "delegated": "reviewed by another company",
        "not-covered": "not covered", "post-service": "after the service", "none-review": "no review",
    },
    "es": {
        "policies": "Políticas", "lists": "Listas", "other": "English", "json": "Como datos (JSON)",
        "intro": "Estas reglas deciden. Cada lista y cada decisión se leen de ellas.",
        "policy": "Política", "summary": "De qué trata", "owner": "Responsable", "sources": "Se basa en",
        "read": "leído el", "again": "se leerá de nuevo antes del", "version": "Versión", "from": "desde",
        "to": "hasta", "always": "siempre", "applies": "Se aplica a", "services": "Servicios",
        "review": "Revisión", "for": "Para", "days": "Días", "everybody": "todos",
        "criteria": "Criterios para toda solicitud", "pathways": "Formas de cumplir",
        "when": "se considera cuando", "never": "Nunca cubierto", "clinician": "Pasa a un profesional clínico",
        "exempt": "No necesita revisión", "grant": "Se concede", "questions": "Lo que necesitamos saber",
        "documents": "Lo que lo demuestra", "unverified": "Aún sin verificar",
        "unverified-note": "Estos puntos aún no se han comprobado con el texto de su fuente.",
        "code": "Código", "plan": "Plan", "all-plans": "todos los planes", "date": "Día del servicio",
        "since": "Cambios desde", "show": "Mostrar", "total": "líneas en este día", "next": "Página siguiente",
        "changes": "Qué cambió", "added": "añadido", "removed": "retirado", "none": "Nada.",
        "delegate": "revisado por", "all": "todo esto", "any": "uno de estos",
        "at-least": "al menos", "of-these": "de estos", "not": "ninguno de estos", "if": "si lo primero, entonces lo segundo",
        "months": "mes(es)", "day-count": "día(s)", "hours": "hora(s)", "next-review": "próxima revisión después de",
        "certificate": "certificado del plan", "page-of": "Página de la política", "rulebook": "Reglas",
        "prior-authorization": "autorización previa", "concurrent": "revisión durante la estancia o el tratamiento",
        "recommended-clinical-review": "ofrecida antes del servicio", "delegated": "revisado por otra compañía",
        "not-covered": "no cubierto", "post-service": "después del servicio", "none-review": "sin revisión",
    },
}  # fmt: skip
"""By language; both have the same keys."""
