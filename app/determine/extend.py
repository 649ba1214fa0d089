"""More time to decide: as far and as often as the law of the deadline lets it be taken, and no further.

Each rule that protects the member has its own clock. Days are added to those whose law allows it for who
asks; the strictest of all rules governs afterwards, so a rule that allows none still holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from app.clock import Moment
from app.determine.pauses import Pause, added, paused_until, strictest
from app.determine.review import member_language
from app.domain.decision import Decision, Extension
from app.domain.policy import ClockExtension, DeadlineRule
from app.domain.review import Extend
from app.domain.values import Text
from app.errors import Conflict, Unprocessable
from app.sealed import sealed

_NOTICE = {
    "en": "We need {days} more days to decide on your request, until {day}.",
    "es": "Necesitamos {days} días más para decidir sobre su solicitud, hasta el {day}.",
}


@sealed(frozen=True, slots=True)
class Running:
    """The clock of a case: when it was started, and its pause if it had one."""

    since: datetime
    pause: Pause | None = None


def extended(
    decision: Decision,
    act: Extend,
    rules: Iterable[DeadlineRule],
    clock: Running,
    zone: str,
    moment: Moment,
) -> Decision:
    """The decision with more time to make it.

    Raises Conflict where nothing waits, the time is over, or no law allows it any more, and Unprocessable
    for what the act lacks or asks too much of.
    """
    if decision.due is None or decision.due <= moment.now:
        raise Conflict(
            "There is no time left to add to: nothing waits, or the deadline was missed."
        )
    protecting = {each.rule for each in decision.protections}
    found = [each for each in rules if each.id in protecting]
    governing = next((each for each in found if each.id == decision.deadline_rule), None)
    if governing is None or governing.extension is None:
        raise Conflict(f"The rule {decision.deadline_rule} lets nobody add time.")
    _check(decision, act, governing, governing.extension)
    moved = tuple(each.id for each in found if _allows(decision, act, each))
    told = Extension(
        moment.now, act.days, moved, act.asked_by, act.reason, governing.extension.citations
    )
    made = replace(decision, made_at=moment.now, extensions=(*decision.extensions, told))
    first = strictest(made, found, clock.since, clock.pause, zone)
    if first.at <= decision.due:
        raise Conflict(
            f"The rule {first.rule.id} protects the member too, and lets nobody add time."
        )
    notice = _notice(decision, act, governing.extension.notice, first.at, zone)
    told = replace(told, notice=notice)
    until = None
    if clock.pause is not None:
        days = added(made, first.rule)
        until = paused_until(first.rule, clock.since, clock.pause, zone, days)
    return replace(
        made,
        extensions=(*decision.extensions, told),
        due=first.at,
        deadline_rule=first.rule.id,
        paused_until=until,
    )


def _check(decision: Decision, act: Extend, rule: DeadlineRule, extension: ClockExtension) -> None:
    left = extension.days - added(decision, rule)
    if _times(decision, rule) >= extension.times or left <= 0:
        raise Conflict(f"The time of {rule.id} was added to as often as the law allows.")
    if act.asked_by not in extension.asked_by:
        who = ", ".join(sorted(extension.asked_by))
        raise Unprocessable(f"The law lets time be added when asked by: {who}.", at="asked_by")
    if not 0 < act.days <= left:
        raise Unprocessable(f"The law lets 1 to {left} days be added.", at="days")
    for language in dict.fromkeys(("en", member_language(decision))):
        if not act.reason.get(language, "").strip():
            raise Unprocessable(
                f"Say it in plain words in the language {language}, too.", at=f"reason.{language}"
            )


def _allows(decision: Decision, act: Extend, rule: DeadlineRule) -> bool:
    """Whether the law of this rule, too, lets these days be added."""
    extension = rule.extension
    return (
        extension is not None
        and act.asked_by in extension.asked_by
        and _times(decision, rule) < extension.times
        and added(decision, rule) + act.days <= extension.days
    )


def _times(decision: Decision, rule: DeadlineRule) -> int:
    return sum(rule.id in each.rules for each in decision.extensions)


def _notice(decision: Decision, act: Extend, rights: Text | None, due: datetime, zone: str) -> str:
    """What the member must be told, whole, in a language that they read; "" without such a duty."""
    if rights is None:
        return ""
    language = member_language(decision)
    day = due.astimezone(ZoneInfo(zone)).date()
    until = f"{day:%m/%d/%Y}" if language == "en" else f"{day:%d/%m/%Y}"
    said = _NOTICE[language].format(days=act.days, day=until)
    return " ".join([said, act.reason[language].strip(), rights.get(language) or rights["en"]])
