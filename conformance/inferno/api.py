"""Inferno's REST interface: a session of a suite, its inputs, its run, its results."""

from __future__ import annotations

import functools
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

Json = dict[str, Any]

_LINK: Final = re.compile(r"\]\((https?://[^)\s]+)\)")
_POLL: Final = 2.0
_ENDED: Final = ("done", "cancelled", "error")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A test that waits: its id and what it tells the tester."""

    test_id: str
    message: str

    @property
    def links(self) -> list[str]:
        """The addresses that the tester may follow, in the order of the text."""
        return _LINK.findall(self.message)

    @property
    def way_on(self) -> str:
        """The link that says "done" or "yes", never one that skips or fails; else ""."""
        gentle = [each for each in self.links if not re.search(r"skip|fail", each)]
        return gentle[0] if gentle else ""


class Inferno:
    """One Inferno server, by its address."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")

    def version(self) -> str:
        """The version of Inferno's core."""
        return str(self._get("version")["version"])

    def suite(self, suite: str) -> Json:
        """The suite with all its groups and tests, their titles and which are optional."""
        found: Json = self._get(f"test_suites/{suite}")
        return found

    def session(self, suite: str) -> str:
        """A new session of a suite: its id."""
        return str(self._post("test_sessions", {"test_suite_id": suite})["id"])

    def run(
        self,
        session: str,
        runnable: Mapping[str, str],
        inputs: list[Json],
        attend: Callable[[Waiting], bool],
        *,
        minutes: float,
    ) -> None:
        """Run a suite, group or test to its end.

        `runnable` is one of {test_suite_id|test_group_id|test_id: id}. `attend` is asked every two
        seconds while a test waits; when it says True the test's link is followed. Raises
        TimeoutError after `minutes`.
        """
        wanted = {"test_session_id": session, **runnable, "inputs": inputs}
        self._aside(lambda: self._post("test_runs", wanted, seconds=minutes * 60))
        end = time.monotonic() + minutes * 60
        followed: set[str] = set()
        while time.monotonic() < end:
            time.sleep(_POLL)
            run = self._last_run(session)
            status = run.get("status")
            if status in _ENDED:
                return
            if status == "waiting":
                self._sit_through(str(run["id"]), attend, followed)
        raise TimeoutError(f"the run did not end within {minutes} minutes")

    def results(self, session: str) -> list[Json]:
        """The latest result of every test and group of a session."""
        found: list[Json] = self._get(f"test_sessions/{session}/results")
        return found

    def exchanges(self, result: Json) -> Iterator[Json]:
        """The HTTP exchanges of one result, with bodies."""
        for each in result.get("requests") or []:
            yield self._get(f"requests/{each['id']}")

    def _sit_through(self, run: str, attend: Callable[[Waiting], bool], followed: set[str]) -> None:
        for result in self._get(f"test_runs/{run}/results"):
            if result["result"] != "wait" or result["id"] in followed or "test_id" not in result:
                continue
            waiting = Waiting(result["test_id"], result.get("result_message") or "")
            if attend(waiting) and waiting.way_on:
                followed.add(result["id"])
                self._aside(functools.partial(requests.get, waiting.way_on, timeout=3600))

    def _last_run(self, session: str) -> Json:
        answer = requests.get(
            f"{self.address}/api/test_sessions/{session}/last_test_run", timeout=60
        )
        return answer.json() or {} if answer.ok and answer.content else {}

    @staticmethod
    def _aside(call: Callable[[], object]) -> None:
        """An Inferno without a queue answers only when the run waits or ends: do not wait for it."""
        threading.Thread(target=call, daemon=True).start()

    def _get(self, path: str) -> Any:
        answer = requests.get(f"{self.address}/api/{path}", timeout=120)
        answer.raise_for_status()
        return answer.json()

    def _post(self, path: str, body: Json, seconds: float = 120) -> Any:
        answer = requests.post(f"{self.address}/api/{path}", json=body, timeout=seconds)
        if not answer.ok:
            print(f"Inferno refused {path}: {answer.status_code} {answer.text[:2000]}")
        answer.raise_for_status()
        return answer.json()
