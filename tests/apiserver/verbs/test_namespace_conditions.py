"""What a namespace that is being deleted tells."""

from collections import Counter

from life_recording import recorded_frames

from listwatch.apiserver.verbs.namespace_conditions import conditions_of


def test_conditions_are_the_recorded_ones() -> None:
    """With something held, and then with nothing left, the conditions are a real server's, times too."""
    frames = recorded_frames("life_namespace", "/api/v1/namespaces?watch=true")
    first, second = [
        each["object"]["status"]["conditions"] for each in frames if "conditions" in each["object"]["status"]
    ][:2]
    ours = conditions_of(
        {"configmaps.": 1}, Counter({"example.com/hold": 1}), [], first[0]["lastTransitionTime"]
    )
    assert ours == first
    assert conditions_of({}, Counter(), ours, second[3]["lastTransitionTime"]) == second


def test_what_is_left_is_listed_in_order() -> None:
    """Several resources and finalizers are listed by name, with commas between."""
    found = conditions_of({"pods.": 2, "jobs.batch": 1}, Counter({"b": 1, "a": 2}), [], "now")
    assert [each["message"] for each in found[3:]] == [
        "Some resources are remaining: jobs.batch has 1 resource instances, pods. has 2 resource instances",
        "Some content in the namespace has finalizers remaining: a in 2 resource instances, b in 1 resource instances",
    ]
