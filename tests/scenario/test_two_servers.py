"""Two servers on one state directory, as two clients start them: they do not disturb each other."""

import os
import signal

import processes
import programs


def test_both_profile_and_both_see_all(start, tmp_path):
    first = start("first")
    second = start("second", state=first.state)
    arguments = {"code": programs.BUSY, "script_args": ["0.3"], "memory": False}
    requests = [
        (server, server.call_later("profile_code", {**arguments, "label": "of %d" % number}))
        for number in range(3)
        for server in (first, second)
    ]
    ids = set()
    for server, request in requests:
        run = server.answer(request)["result"]["structuredContent"]
        assert run["outcome"] == "ok"
        ids.add(run["profile_id"])
    assert len(ids) == 6
    for server in (first, second):
        rows = server.facts("list_profiles")["profiles"]
        assert {row["profile_id"] for row in rows} == ids


def test_the_running_job_of_another_server(start, tmp_path):
    """It can be looked at; it is not stopped, adopted or cleared away."""
    first = start("first")
    held = programs.Held(tmp_path / "held")
    job = first.facts("profile_script", held.arguments(wait_s=0))["job_id"]
    processes.until(held.runs, what="the program's start")
    second = start("second", state=first.state)
    assert second.facts("get_job", {"job_id": job, "wait_s": 0})["state"] == "running"
    answer = second.call("cancel_job", {"job_id": job})["structuredContent"]
    assert answer.get("error") == "other_server" or answer["server"] == "another", answer
    second.stop_beside()
    held.let_go()
    run = first.facts("get_job", {"job_id": job})
    assert run["outcome"] == "ok" and len(held.runs()) == 1


def test_a_finished_job_of_another_server(start, tmp_path):
    first = start("first")
    run = first.facts("profile_code", {"code": programs.BUSY, "memory": False})
    second = start("second", state=first.state)
    assert second.facts("get_job", {"job_id": run["job_id"]}) == run
    assert second.facts("cancel_job", {"job_id": run["job_id"]}) == run


def test_the_job_of_a_killed_server(start, tmp_path):
    """Its supervisor died in the middle of the run: the next server says that the job is lost."""
    first = start("first")
    held = programs.Held(tmp_path / "held")
    job = first.facts("profile_script", held.arguments(wait_s=0))["job_id"]
    processes.until(held.runs, what="the program's start")
    os.kill(first.pid("supervisor"), signal.SIGKILL)
    first.wait_exit()
    processes.until(lambda: not processes.marked(first.mark), what="the end of all processes")
    second = start("second", state=first.state)
    run = processes.until(
        lambda: ended(second.facts("get_job", {"job_id": job})), what="the end of the job"
    )
    assert run["outcome"] == "lost" and run["hint"]
    assert second.facts("profile_code", {"code": programs.BUSY, "memory": False})["outcome"] == "ok"
    assert len(held.runs()) == 1


def ended(run):
    """A finished run; None while the new server still takes the job over."""
    return run if "outcome" in run else None
