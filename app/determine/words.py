"""Sentences that are the same for every policy, in the languages that members and providers read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.coverage import EligibilityProblem
from app.domain.decision import BusinessProblem
from app.domain.values import Text

REASONS: Mapping[str, Text] = MappingProxyType(
    {
        "criteria-met": {
            "en": "The criteria of the policy are met.",
            "es": "Se cumplen los criterios de la política.",
        },
        "pathway-met": {
            "en": "The criteria are met: {pathway}.",
            "es": "Se cumplen los criterios: {pathway}.",
        },
        "criteria-unmet": {
            "en": "The facts on file do not meet the criteria; a clinician will review the request.",
            "es": "Los datos disponibles no cumplen los criterios; un profesional clínico revisará "
            "la solicitud.",
        },
        "clinician-approved": {
            "en": "A clinician reviewed the request and approved it.",
            "es": "Un profesional clínico revisó la solicitud y la aprobó.",
        },
        "clinician-overturned": {
            "en": "Another medical director reviewed the decision and changed it: approved.",
            "es": "Otro director médico revisó la decisión y la cambió: aprobado.",
        },
        "clinician-asks": {
            "en": "A clinician reviewed the request and needs more information to decide.",
            "es": "Un profesional clínico revisó la solicitud y necesita más información para "
            "decidir.",
        },
        "attachment-arrived": {
            "en": "What was asked for has arrived; a clinician will review the request.",
            "es": "Ha llegado lo que se pidió; un profesional clínico revisará la solicitud.",
        },
        "cancelled": {
            "en": "Cancelled at the requester's wish.",
            "es": "Cancelado a petición del solicitante.",
        },
        "deemed-approved": {
            "en": "Approved because no decision was made in time: {citation} says so.",
            "es": "Aprobado porque no se decidió a tiempo: así lo establece {citation}.",
        },
        "change-denied": {
            "en": "The change was not approved; authorization {number} stays in force as granted.",
            "es": "El cambio no fue aprobado; la autorización {number} sigue vigente como se "
            "concedió.",
        },
        "earlier-stands": {
            "en": "Until this change is decided, authorization {number} stays in force as granted.",
            "es": "Hasta que se decida este cambio, la autorización {number} sigue vigente como se "
            "concedió.",
        },
        "facts-missing": {
            "en": "We need more information before we can decide.",
            "es": "Necesitamos más información para poder decidir.",
        },
        "clinician-decides": {
            "en": "A clinician decides this request.",
            "es": "Un profesional clínico decide esta solicitud.",
        },
        "facts-conflict": {
            "en": "Two sources contradict each other; a clinician will review the request.",
            "es": "Dos fuentes se contradicen; un profesional clínico revisará la solicitud.",
        },
        "beyond-grant": {
            "en": "More is asked for than the policy grants; a clinician will review the request.",
            "es": "Se solicita más de lo que concede la política; un profesional clínico revisará "
            "la solicitud.",
        },
        "reduced-to-rule": {
            "en": "Granted {granted} of {asked} units: a coverage rule sets this number.",
            "es": "Se conceden {granted} de {asked} unidades: una regla de cobertura fija este número.",
        },
        "limit-reached": {
            "en": "The yearly limit of the benefit is used up: {limit}.",
            "es": "Se ha agotado el límite anual del beneficio: {limit}.",
        },
        "limit-reduced": {
            "en": "Granted {granted} of {asked}: that is what is left of the yearly limit ({limit}).",
            "es": "Se conceden {granted} de {asked}: es lo que queda del límite anual ({limit}).",
        },
        "child-protected": {
            "en": "For a Medicaid member under 21 no limit or exclusion decides alone; a clinician "
            "reviews what the child needs.",
            "es": "Para un miembro de Medicaid menor de 21 años ningún límite o exclusión decide por "
            "sí solo; un profesional clínico revisa lo que el menor necesita.",
        },
        "not-required": {
            "en": "No prior authorization is needed for this service.",
            "es": "Este servicio no necesita autorización previa.",
        },
        "not-listed": {
            "en": "This service is not on the plan's list of services that need prior authorization.",
            "es": "Este servicio no está en la lista del plan de servicios que necesitan "
            "autorización previa.",
        },
        "review-offered": {
            "en": "No prior authorization is needed. You may ask for a recommended clinical review "
            "before the service.",
            "es": "No se necesita autorización previa. Puede pedir una revisión clínica recomendada "
            "antes del servicio.",
        },
        "not-a-guarantee": {
            "en": "This review is not a guarantee of benefits. Payment depends on eligibility and on "
            "the terms, limits and exclusions of the plan on the day of service.",
            "es": "Esta revisión no garantiza los beneficios. El pago depende de la elegibilidad y de "
            "los términos, límites y exclusiones del plan en la fecha del servicio.",
        },
        "authorization-required": {
            "en": "This service needs a prior authorization; this opinion does not replace it.",
            "es": "Este servicio necesita autorización previa; esta opinión no la sustituye.",
        },
        "already-given": {
            "en": "The service was already given. Send it as a request to $submit for a review after "
            "the service.",
            "es": "El servicio ya se prestó. Envíelo como solicitud a $submit para una revisión "
            "posterior al servicio.",
        },
        "exempt-provider": {
            "en": "The provider is exempt from review for this service.",
            "es": "El proveedor está exento de revisión para este servicio.",
        },
        "delegate-late": {
            "en": "The company that reviews for your plan has not decided; a clinician of the plan will.",
            "es": "La compañía que revisa para su plan no ha decidido; lo hará un clínico del plan.",
        },
        "delegated": {
            "en": "{name} reviews this service for the plan (telephone {phone}).",
            "es": "{name} revisa este servicio para el plan (teléfono {phone}).",
        },
        "no-policy": {
            "en": "No policy names this service; a clinician will review the request.",
            "es": "Ninguna política nombra este servicio; un profesional clínico revisará la "
            "solicitud.",
        },
        "no-rule-in-force": {
            "en": "The policy has no rule for this date; a clinician will review the request.",
            "es": "La política no tiene una regla para esta fecha; un profesional clínico revisará "
            "la solicitud.",
        },
        "scope-unclear": {
            "en": "Whether this service needs authorization depends on information that is missing: "
            "{names}.",
            "es": "Que este servicio necesite autorización depende de información que falta: {names}.",
        },
        "new-technology": {
            "en": "The payer is still assessing this technology; missing evidence: {slots}.",
            "es": "El plan todavía evalúa esta tecnología; evidencia que falta: {slots}.",
        },
        "post-service": {
            "en": "The service was already given; this is a post-service review.",
            "es": "El servicio ya se prestó; esta es una revisión posterior al servicio.",
        },
        "authorization-missed": {
            "en": "The required prior authorization was not asked for in time. This is kept apart "
            "from the question whether the service was necessary.",
            "es": "La autorización previa obligatoria no se solicitó a tiempo. Esto se trata aparte "
            "de la cuestión de si el servicio era necesario.",
        },
        "system": {
            "en": "We could not judge this line automatically; a person will.",
            "es": "No pudimos evaluar esta línea de forma automática; lo hará una persona.",
        },
        "waiting-period": {
            "en": "The waiting period of the benefit has not passed: {limit}.",
            "es": "No ha terminado el período de espera del beneficio: {limit}.",
        },
        "provider-signature": {
            "en": "A benefit rule leaves this service out; a clinician signs the answer.",
            "es": "Una regla de beneficios excluye este servicio; un profesional clínico firma la "
            "respuesta.",
        },
    }
)
"""The sentence of each stable reason code."""

QUESTION: Text = {"en": "Please tell us: {label}.", "es": "Indíquenos: {label}."}

ELIGIBILITY: Mapping[EligibilityProblem, Text] = MappingProxyType(
    {
        EligibilityProblem.MEMBER_NOT_FOUND: {
            "en": "We have no member with this identifier. Check the card and send again.",
            "es": "No tenemos un miembro con este identificador. Revise la tarjeta y envíe de nuevo.",
        },
        EligibilityProblem.MEMBER_MISMATCH: {
            "en": "The member identifier and the person's data do not belong together.",
            "es": "El identificador y los datos de la persona no corresponden.",
        },
        EligibilityProblem.NOT_ACTIVE: {
            "en": "The coverage is not active on the day of service.",
            "es": "La cobertura no está activa en la fecha del servicio.",
        },
        EligibilityProblem.WRONG_PAYER: {
            "en": "The request names another payer.",
            "es": "La solicitud nombra a otro pagador.",
        },
        EligibilityProblem.AMBIGUOUS: {
            "en": "More than one member matches; send the member identifier of the card.",
            "es": "Más de un miembro coincide; envíe el identificador de la tarjeta.",
        },
    }
)

UPDATES: Mapping[BusinessProblem, Text] = MappingProxyType(
    {
        BusinessProblem.UPDATE_AFTER_DENIAL: {
            "en": "What was not approved cannot be updated. Send it as a new request, or appeal.",
            "es": "Lo que no se aprobó no se puede actualizar. Envíelo como solicitud nueva, o apele.",
        },
        BusinessProblem.UPDATE_AFTER_CANCEL: {
            "en": "The whole request was cancelled before. Send a new request.",
            "es": "Toda la solicitud se canceló antes. Envíe una solicitud nueva.",
        },
        BusinessProblem.UPDATE_OUT_OF_DATE: {
            "en": "A later version of this request was received before. Make the update from that "
            "version; its current answer is in this response.",
            "es": "Antes se recibió una versión posterior de esta solicitud. Haga la actualización "
            "sobre esa versión; su respuesta actual está en esta respuesta.",
        },
        BusinessProblem.UPDATE_INCOMPLETE: {
            "en": "An update carries every item of the request, also unchanged ones. Missing: "
            "{items}. To withdraw an item, mark it as cancelled.",
            "es": "Una actualización lleva todas las líneas de la solicitud, también las que no "
            "cambian. Faltan: {items}. Para retirar una línea, márquela como cancelada.",
        },
        BusinessProblem.PRIOR_UNKNOWN: {
            "en": "We do not know the request that this updates, and the bundle does not hold it. "
            "Send a new request, or include the prior Claim.",
            "es": "No conocemos la solicitud que esto actualiza, y no está incluida. Envíe una "
            "solicitud nueva, o incluya el Claim anterior.",
        },
    }
)
"""Why an update is not taken, and what to do instead."""


def said(code: str, **values: Text | str) -> Text:
    """The sentence of `code` in every language; values may themselves be texts by language."""
    return filled(REASONS[code], **values)


def filled(text: Text, **values: Text | str) -> Text:
    """A text with its {names} filled in, each in its own language where it has one."""
    return {
        language: sentence.format(
            **{
                name: value.get(language, value["en"]) if isinstance(value, dict) else value
                for name, value in values.items()
            }
        )
        for language, sentence in text.items()
    }
