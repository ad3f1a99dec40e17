"""Adds up JUnit files: lists what was skipped or failed, then prints PASSED FAILED SKIPPED."""

import sys
import xml.etree.ElementTree as tree


def verdict(case):
    """What became of one test case: a word and, when it did not pass, why."""
    for tag, word in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        found = case.find(tag)
        if found is None:
            continue
        why = (found.get("message") or found.text or "").strip()
        # ctest says "skipped" also of a program that is not there
        if case.get("status") == "notrun" and not why.startswith("SKIP_"):
            word = "failed"
        if not why or why.startswith("SKIP_"):
            why = (case.findtext("system-out") or "").strip().rpartition("\n")[2]
        return word, why.partition("\n")[0] or "no reason given"
    return "passed", ""


def main(paths):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        for case in tree.parse(path).getroot().iter("testcase"):
            word, why = verdict(case)
            counts[word] += 1
            if word != "passed":
                print("%s: %s (%s): %s" % (word, case.get("name"), path, why))
    print(counts["passed"], counts["failed"], counts["skipped"])


main(sys.argv[1:])
