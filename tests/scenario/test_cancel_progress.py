"""Progress for those who ask for it, and cancellation that stops the program."""

import pytest

import processes
import programs
from mcp_stdio import LEGACY, MODERN

ERAS = (MODERN, LEGACY[0])


def prepared(server, era):
    if era != MODERN:
        server.handshake(era)
    return server


@pytest.mark.parametrize("era", ERAS)
def test_progress(server, tmp_path, era):
    prepared(server, era)
    held = programs.Held(tmp_path / "held")
    request = server.call_later("profile_script", held.arguments(), era=era, progress="token")

    def progress():
        return [n["params"] for n in server.notifications("notifications/progress")]

    processes.until(lambda: len(progress()) >= 3, what="three notes of progress")
    assert not server.answers_to(request)
    held.let_go()
    assert server.answer(request)["result"]["structuredContent"]["outcome"] == "ok"
    values = [note["progress"] for note in progress()]
    assert values == sorted(set(values))
    assert {note["progressToken"] for note in progress()} == {"token"}
    assert all(isinstance(note.get("message", ""), str) for note in progress())
    # nothing after the answer
    assert server.messages[-1].get("id") == request


def test_progress_has_a_total_where_the_end_is_known(server, tmp_path):
    held = programs.Held(tmp_path / "held")
    server.call("profile_script", held.arguments(duration=2.5), progress=17)
    notes = [n["params"] for n in server.notifications("notifications/progress")]
    assert notes and {note["progressToken"] for note in notes} == {17}
    assert any(note.get("total") == 2.5 for note in notes)


def test_no_progress_without_a_token(server, tmp_path):
    held = programs.Held(tmp_path / "held")
    assert server.facts("profile_script", held.arguments(duration=2))["outcome"] == "ok"
    assert not server.notifications("notifications/progress")
    assert not server.notifications("notifications/message")


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("text", [programs.HELD, programs.STUBBORN], ids=["held", "stubborn"])
def test_cancelled_request(server, tmp_path, era, text):
    prepared(server, era)
    held = programs.Held(tmp_path / "held", text)
    request = server.call_later("profile_script", held.arguments(), era=era)
    processes.until(held.runs, what="the program's start")
    server.notify("notifications/cancelled", {"requestId": request, "reason": "enough"})
    processes.until(lambda: "program" not in server.tree(), what="the program's end")
    assert server.facts("list_profiles", era=MODERN)["profiles"] is not None
    assert server.facts("profile_code", {"code": programs.BUSY, "memory": False})["outcome"] == "ok"
    server.stop()
    assert not server.answers_to(request)


def test_cancelling_what_does_not_run(server):
    """Unknown, finished and malformed cancellations are ignored."""
    request = server.call_later("list_profiles")
    server.answer(request)
    for params in ({"requestId": request}, {"requestId": "no such"}, {"requestId": None}, {}):
        server.notify("notifications/cancelled", params)
    assert server.facts("list_profiles")["profiles"] == []
    assert len(server.answers_to(request)) == 1


def test_cancelled_while_queued(start, tmp_path):
    server = start(options=["--profilers", "1"])
    held = programs.Held(tmp_path / "held")
    waiting = programs.Held(tmp_path / "waiting")
    first = server.call_later("profile_script", held.arguments())
    processes.until(held.runs, what="the first program's start")
    second = server.call_later("profile_script", waiting.arguments())
    server.facts("list_profiles")
    server.notify("notifications/cancelled", {"requestId": second})
    server.facts("list_profiles")
    held.let_go()
    assert server.answer(first)["result"]["structuredContent"]["outcome"] == "ok"
    assert server.facts("profile_code", {"code": "print(1)", "memory": False})["exit_code"] == 0
    assert not waiting.runs()
    server.stop()
    assert not server.answers_to(second)
