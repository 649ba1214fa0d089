"""Sentences of coverage discovery, in the languages that the people who order read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.values import Text

SAID: Mapping[str, Text] = MappingProxyType(
    {
        "needed": {
            "en": "Prior authorization is needed before the service: {title}.",
            "es": "Se necesita autorización previa antes del servicio: {title}.",
        },
        "needed-form": {
            "en": "Prior authorization is needed before the service: {title}. The form asks what is "
            "still missing; send it with the request.",
            "es": "Se necesita autorización previa antes del servicio: {title}. El formulario "
            "pregunta lo que falta; envíelo con la solicitud.",
        },
        "performer": {
            "en": "Prior authorization is needed before the service; who performs it asks for it: "
            "{title}.",
            "es": "Se necesita autorización previa antes del servicio; la pide quien lo realiza: "
            "{title}.",
        },
        "performer-form": {
            "en": "Prior authorization is needed before the service; who performs it asks for it: "
            "{title}. The form asks what is still missing.",
            "es": "Se necesita autorización previa antes del servicio; la pide quien lo realiza: "
            "{title}. El formulario pregunta lo que falta.",
        },
        "asks-patient": {
            "en": "Some of the questions are for the patient.",
            "es": "Algunas de las preguntas son para el paciente.",
        },
        "would-be-granted": {
            "en": "The facts at hand meet the criteria of the policy; send the request.",
            "es": "Los datos disponibles cumplen los criterios de la política; envíe la solicitud.",
        },
        "granted": {
            "en": "Authorized: {title}. No further request is needed.",
            "es": "Autorizado: {title}. No hace falta otra solicitud.",
        },
        "granted-until": {
            "en": "Authorized until {until}: {title}. No further request is needed.",
            "es": "Autorizado hasta el {until}: {title}. No hace falta otra solicitud.",
        },
        "review-met": {
            "en": "No prior authorization is needed. The facts at hand meet the clinical criteria, so "
            "that a review beforehand is not needed either: {title}.",
            "es": "No se necesita autorización previa. Los datos disponibles cumplen los criterios "
            "clínicos, así que tampoco hace falta una revisión previa: {title}.",
        },
        "recommended": {
            "en": "No prior authorization is needed. A clinical review before the service is "
            "recommended; it is voluntary.",
            "es": "No se necesita autorización previa. Se recomienda una revisión clínica antes del "
            "servicio; es voluntaria.",
        },
        "recommended-how": {
            "en": "Send a predetermination to ask for the review. Without it the claim may be "
            "reviewed before it is paid.",
            "es": "Envíe una predeterminación para pedir la revisión. Sin ella, la reclamación puede "
            "revisarse antes del pago.",
        },
        "recommended-claim": {
            "en": "Reviewed before payment when no review was asked for",
            "es": "Se revisa antes del pago si no se pidió una revisión",
        },
        "post-service": {
            "en": "No prior authorization is needed. The service is reviewed afterwards, before "
            "payment: {title}.",
            "es": "No se necesita autorización previa. El servicio se revisa después, antes del "
            "pago: {title}.",
        },
        "post-service-how": {
            "en": "Keep the records and send them with the claim.",
            "es": "Conserve los registros y envíelos con la reclamación.",
        },
        "post-service-claim": {
            "en": "Reviewed after the service, before payment",
            "es": "Se revisa después del servicio, antes del pago",
        },
        "depends": {
            "en": "Whether authorization is needed depends on what is not known yet: {names}.",
            "es": "Que se necesite autorización depende de lo que aún no se sabe: {names}.",
        },
        "network": {
            "en": "Whether authorization is needed depends on whether the performer is in the "
            "network.",
            "es": "Que se necesite autorización depende de si el proveedor está en la red.",
        },
        "which-performer": {
            "en": "The order names several who may perform it. Whether authorization is needed depends "
            "on which of them does.",
            "es": "La orden nombra a varios que pueden realizarla. Que se necesite autorización depende "
            "de quién lo haga.",
        },
        "which-place": {
            "en": "The order names several places. Whether authorization is needed depends on where "
            "the service is done.",
            "es": "La orden nombra varios lugares. Que se necesite autorización depende de dónde se "
            "realice el servicio.",
        },
        "unclear-code": {
            "en": "The order has no billing code that the plan's rules know: whether the service is "
            "covered or needs authorization depends on the code that is billed.",
            "es": "La orden no tiene un código de facturación que las reglas del plan conozcan: la "
            "cobertura y la autorización dependen del código que se facture.",
        },
        "no-policy": {
            "en": "No policy names this service; a clinician of the plan will look at a request.",
            "es": "Ninguna política nombra este servicio; un profesional clínico del plan revisará "
            "la solicitud.",
        },
        "no-member": {
            "en": "The plan has no member with these numbers and this birth date and name.",
            "es": "El plan no tiene un miembro con estos números, esta fecha de nacimiento y nombre.",
        },
        "no-coverage": {
            "en": "The member is known, but not under the coverage that was sent.",
            "es": "El miembro es conocido, pero no con la cobertura enviada.",
        },
        "not-active": {
            "en": "The member's coverage is not active on the day of service.",
            "es": "La cobertura del miembro no está activa en la fecha del servicio.",
        },
        "another-payer": {
            "en": "The coverage that was sent belongs to another payer.",
            "es": "La cobertura enviada pertenece a otro pagador.",
        },
        "technical": {
            "en": "The plan's rules could not be asked because of technical trouble. Try again "
            "later or send a request.",
            "es": "No se pudieron consultar las reglas del plan por un problema técnico. Intente más "
            "tarde o envíe una solicitud.",
        },
    }
)

CONDITIONS: Mapping[str, Text] = MappingProxyType(
    {
        "plans": {"en": "the plan", "es": "el plan"},
        "products": {"en": "the product", "es": "el producto"},
        "states": {"en": "the state", "es": "el estado"},
        "funding": {"en": "how the plan is funded", "es": "la financiación del plan"},
        "places": {"en": "the place of service", "es": "el lugar del servicio"},
        "specialties": {
            "en": "the specialty of who performs the service",
            "es": "la especialidad de quien realiza el servicio",
        },
        "modifiers": {"en": "the modifiers of the code", "es": "los modificadores del código"},
        "accompanied-by": {
            "en": "what else is ordered along with it",
            "es": "qué más se ordena junto con él",
        },
        "sex": {"en": "the sex of the patient", "es": "el sexo del paciente"},
        "age": {"en": "the age of the patient", "es": "la edad del paciente"},
    }
)
"""What a rule's match may hang on, as `app.determine.where` names it."""
