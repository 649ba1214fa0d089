"""The words of the sandbox's pages, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "sandbox": "Sandbox", "other": "Español", "stories": "Stories", "addresses": "Addresses",
        "intro": "Five minutes with this server: choose a story, send its request, read the exact answer and why. "
                 "Change the request in the page and send it again. Nobody here is real.",
        "version": "Guide version", "pas": "Prior authorization (PAS)", "crd": "Coverage discovery (CRD)",
        "request": "Request", "send": "Send it", "download": "Download", "renew": "With a new Bundle.identifier (with the old one, the same bundle gets its first answer again and a "
                 "changed one is refused)", "take": "Copy", "copied": "Copied.",
        "curl": "With curl", "answer": "Answer", "why": "The decision in words", "look": "What to look at",
        "faults": "What the validator says about the request",
        "no-faults": "The validator has nothing to say about the request.",
        "first": "Send the step before first: this one asks about it.", "step": "Step", "again": "Start again",
        "order": "Order", "covered": "Covered", "needed": "Authorization", "reason": "Why", "form": "Form",
        "findings": "Findings behind", "left-out": "lines left out", "error": "error", "fatal": "error",
        "warning": "warning", "information": "note", "ms": "ms", "nothing": "Nothing was decided about a request.",
        "for-suites": "For test suites", "uses": "Members", "settings": "Settings of a full run",
        "suites-intro": "Presets with the address of this server and the requests of the stories. What a suite asks about "
                        "is submitted when you download its preset.",
        "members": "Members", "patient": "Patient", "number": "Member number", "who": "Who", "reviewer": "Demo reviewer",
        "reviewer-on": "Decides what waits for a person, as two invented clinicians.",
        "reviewer-off": "Off: what waits for a person waits. It is started with",
        "delay": "Decides a case that has waited", "patience": "Waits for documents",
        "reset": "Start again", "done": "The demo is at its start again.", "withdrawn": "Cases withdrawn",
        "restored": "Member rows restored", "forgotten": "Arrivals forgotten",
        "reset-intro": "Withdraws what is open or granted for these members, restores them as they were, and empties the "
                       "live view. Nothing else is touched. On the command line: forthwith sandbox reset.",
        "live": "What arrives", "live-intro": "Your own requests, from these pages and over HTTP, the newest first.",
        "looking": "The page looks again every five seconds.", "still": "Stop looking", "moving": "Look again by itself",
        "at": "When", "address": "Address", "status": "Answer", "issues": "Issues", "none-yet": "Nothing yet: send something.",
        "try-crd": "Other patients and orders", "metadata": "What it can do", "discovery": "Its services",
    },
    "es": {
        "sandbox": "Entorno de pruebas", "other": "English", "stories": "Historias", "addresses": "Direcciones",
        "intro": "Cinco minutos con este servidor: elija una historia, envíe su solicitud, lea la respuesta exacta y "
                 "por qué. Cambie la solicitud en la página y envíela de nuevo. Nadie aquí es real.",
        "version": "Versión de la guía", "pas": "Autorización previa (PAS)", "crd": "Consulta de cobertura (CRD)",
        "request": "Solicitud", "send": "Enviar", "download": "Descargar", "renew": "Con un Bundle.identifier nuevo (con el antiguo, el mismo paquete recibe de nuevo su primera respuesta y "
                 "uno cambiado se rechaza)", "take": "Copiar", "copied": "Copiado.",
        "curl": "Con curl", "answer": "Respuesta", "why": "La decisión en palabras", "look": "Qué mirar",
        "faults": "Lo que el validador dice de la solicitud",
        "no-faults": "El validador no tiene nada que decir de la solicitud.",
        "first": "Envíe primero el paso anterior: este pregunta por él.", "step": "Paso", "again": "Empezar de nuevo",
        "order": "Orden", "covered": "Cubierto", "needed": "Autorización", "reason": "Por qué", "form": "Formulario",
        "findings": "Hallazgos detrás de", "left-out": "líneas omitidas", "error": "error", "fatal": "error",
        "warning": "aviso", "information": "nota", "ms": "ms", "nothing": "No se decidió nada sobre una solicitud.",
        "for-suites": "Para conjuntos de pruebas", "uses": "Miembros", "settings": "Ajustes de una ejecución completa",
        "suites-intro": "Preajustes con la dirección de este servidor y las solicitudes de las historias. Aquello por lo "
                        "que pregunta un conjunto se envía al descargar su preajuste.",
        "members": "Miembros", "patient": "Paciente", "number": "Número de miembro", "who": "Quién", "reviewer": "Revisor de prueba",
        "reviewer-on": "Decide lo que espera a una persona, como dos clínicos inventados.",
        "reviewer-off": "Apagado: lo que espera a una persona, espera. Se enciende con",
        "delay": "Decide un caso que ha esperado", "patience": "Espera los documentos",
        "reset": "Empezar de nuevo", "done": "La demostración está de nuevo en su inicio.", "withdrawn": "Casos retirados",
        "restored": "Filas de miembros restauradas", "forgotten": "Llegadas olvidadas",
        "reset-intro": "Retira lo que está abierto o concedido para estos miembros, los restaura como eran y vacía la "
                       "vista en vivo. No se toca nada más. En la línea de comandos: forthwith sandbox reset.",
        "live": "Lo que llega", "live-intro": "Sus propias solicitudes, desde estas páginas y por HTTP, primero las más "
                 "nuevas.", "looking": "La página vuelve a mirar cada cinco segundos.", "still": "Dejar de mirar", "moving": "Mirar de nuevo sola",
        "at": "Cuándo", "address": "Dirección", "status": "Respuesta", "issues": "Problemas", "none-yet": "Nada todavía: envíe algo.",
        "try-crd": "Otros pacientes y órdenes", "metadata": "Lo que puede hacer", "discovery": "Sus servicios",
    },
}  # fmt: skip
"""By language; both have the same keys."""
