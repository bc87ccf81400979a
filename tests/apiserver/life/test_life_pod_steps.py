"""A pod's life as the kubelet decides it, against the recorded frames of a real API server."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.life.objects import Pod
from listwatch.apiserver.life.pod_steps import (
    EXIT_KILLED,
    Step,
    canonical_image,
    image_id,
    next_step,
    status_patch,
)

RECORDINGS = Path(__file__).parents[2] / "recordings" / "life-1.36.jsonl"
NOW = "2026-01-02T03:04:05Z"
NODE = "life-node"


def recorded_frames() -> list[dict[str, Any]]:
    """The frames of one pod's life: created, bound, creating, running, marked, terminated, final, deleted."""
    for line in RECORDINGS.read_text(encoding="utf-8").splitlines():
        step = json.loads(line)
        if (step["flow"], step["n"]) == ("life_pod", 1):
            return list(step["response"]["frames"])
    raise AssertionError("the recording has no flow life_pod")


FRAMES = recorded_frames()


def pod_of(body: dict[str, Any]) -> Pod:
    """The pod as the simulation reads it."""
    return msgspec.convert(body, Pod)


def apply(body: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """What a strategic merge makes of the status: conditions by type, in the patch's order; nulls removed."""
    changed = json.loads(json.dumps(body))
    status = changed.setdefault("status", {})
    before = {each["type"]: each for each in status.get("conditions", [])}
    for key, value in patch["status"].items():
        status[key] = value
    merged = [before.get(each["type"], {}) | each for each in patch["status"]["conditions"]]
    status["conditions"] = [
        {key: value for key, value in each.items() if value is not None or key == "lastProbeTime"}
        for each in merged
    ]
    return changed


def step_on(body: dict[str, Any], *, exit_code: int = 0) -> tuple[Step, dict[str, Any]]:
    """The kubelet's next step about the pod, and the pod afterwards."""
    pod = pod_of(body)
    step = next_step(pod, node_name=NODE)
    assert step is not None
    patch = status_patch(step, pod, now=NOW, host_ip="10.0.0.9", pod_ip="10.244.1.2", exit_code=exit_code)
    assert patch["metadata"] == {"uid": body["metadata"]["uid"]}
    return step, apply(body, patch)


def outline(body: dict[str, Any]) -> dict[str, Any]:
    """A status without what must differ from the recording: times, digests, ids, a condition's generation."""
    status = body["status"]
    return {
        "phase": status["phase"],
        "keys": sorted(status),
        "addresses": [status.get(key) for key in ("hostIP", "hostIPs", "podIP", "podIPs")],
        "observedGeneration": status.get("observedGeneration"),
        "conditions": [
            [each.get(key) for key in ("type", "status", "reason", "message", "lastProbeTime")]
            for each in status.get("conditions", [])
        ],
        "containers": [
            {key: sorted(value) if key == "state" else value for key, value in each.items()}
            | {"image": each["image"].rpartition("/")[2], "imageID": bool(each["imageID"])}
            | ({"containerID": True} if "containerID" in each else {})
            for each in status.get("containerStatuses", [])
        ],
    }


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, None),
        (1, Step.CREATE),
        (2, Step.START),
        (3, None),
        (4, Step.STOP),
        (5, Step.FINISH),
        (6, None),
        (7, None),
    ],
)
def test_each_recorded_frame_leads_to_the_right_step(number: int, expected: Step | None) -> None:
    """On what a real server told of a pod's life, the kubelet does what the recorded one did next."""
    assert next_step(pod_of(FRAMES[number]["object"]), node_name=NODE) is expected


@pytest.mark.parametrize("number", range(8))
def test_pods_of_other_nodes_are_left_alone(number: int) -> None:
    """A kubelet does nothing about a pod that is not bound to its own node."""
    assert next_step(pod_of(FRAMES[number]["object"]), node_name="another") is None


@pytest.mark.parametrize("number", [1, 2])
def test_the_way_up_is_as_recorded(number: int) -> None:
    """ContainerCreating and Running are written as in the recorded frames, conditions in the same order."""
    _, after = step_on(FRAMES[number]["object"])
    assert outline(after) == outline(FRAMES[number + 1]["object"])


def test_stopping_is_as_recorded_but_for_the_terminal_phase() -> None:
    """Containers end as recorded; the phase is Succeeded, as kubelets since 1.27 write it, with its
    reason.
    """
    step, after = step_on(FRAMES[4]["object"])
    ours, theirs = after["status"], FRAMES[5]["object"]["status"]
    assert step is Step.STOP
    assert ours["phase"] == "Succeeded"
    state, recorded = (each["containerStatuses"][0]["state"]["terminated"] for each in (ours, theirs))
    assert sorted(state) == sorted(recorded)
    assert (state["exitCode"], state["reason"], state["finishedAt"]) == (0, "Completed", NOW)
    assert state["startedAt"] == "2026-11-20T08:00:00Z"
    assert [(each["type"], each["status"], each.get("reason")) for each in ours["conditions"]] == [
        ("PodReadyToStartContainers", "True", None),
        ("Initialized", "True", "PodCompleted"),
        ("Ready", "False", "PodCompleted"),
        ("ContainersReady", "False", "PodCompleted"),
        ("PodScheduled", "True", None),
    ]
    assert ours["podIP"] == "10.244.1.2"


def test_the_way_down_takes_three_steps() -> None:
    """Containers end, then the sandbox, then comes the final deletion: with the mark, four MODIFIED."""
    first, stopped = step_on(FRAMES[4]["object"])
    second, bare = step_on(stopped)
    assert (first, second) == (Step.STOP, Step.REMOVE_SANDBOX)
    assert next_step(pod_of(bare), node_name=NODE) is Step.FINISH
    changed = [
        one["type"]
        for one, two in zip(stopped["status"]["conditions"], bare["status"]["conditions"], strict=True)
        if one != two
    ]
    assert changed == ["PodReadyToStartContainers"]


def test_transition_times_change_only_with_the_status() -> None:
    """What a condition says since when stays, unless it says something else now."""
    _, after = step_on(FRAMES[2]["object"])
    times = {each["type"]: each["lastTransitionTime"] for each in after["status"]["conditions"]}
    before = {
        each["type"]: each["lastTransitionTime"] for each in FRAMES[2]["object"]["status"]["conditions"]
    }
    assert times["PodScheduled"] == before["PodScheduled"]
    assert times["Initialized"] == before["Initialized"]
    assert times["Ready"] == times["PodReadyToStartContainers"] == NOW


def test_a_killed_container_fails_the_pod() -> None:
    """Containers that outlive the grace period end with 137 and the pod with Failed."""
    _, after = step_on(FRAMES[4]["object"], exit_code=EXIT_KILLED)
    assert after["status"]["phase"] == "Failed"
    state = after["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (state["exitCode"], state["reason"]) == (137, "Error")
    assert after["status"]["conditions"][2]["reason"] == "PodFailed"


def marked(body: dict[str, Any], *, grace: int = 30) -> dict[str, Any]:
    """The same pod once its deletion has been asked for."""
    copy: dict[str, Any] = json.loads(json.dumps(body))
    copy["metadata"] |= {"deletionTimestamp": NOW, "deletionGracePeriodSeconds": grace, "generation": 2}
    return copy


def test_deleted_before_the_kubelet_began() -> None:
    """A bound pod that was never touched is finally deleted without further ado."""
    assert next_step(pod_of(marked(FRAMES[1]["object"])), node_name=NODE) is Step.FINISH


def test_deleted_while_containers_are_being_created() -> None:
    """Containers that never ran end in an unknown state; there is no sandbox to remove."""
    step, after = step_on(marked(FRAMES[2]["object"]))
    assert (step, after["status"]["phase"]) == (Step.STOP, "Failed")
    state = after["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (state["reason"], state["exitCode"]) == ("ContainerStatusUnknown", 137)
    assert after["status"]["observedGeneration"] == 2
    assert next_step(pod_of(after), node_name=NODE) is Step.FINISH


def test_finalizers_are_not_a_kubelets_business() -> None:
    """Once the grace period is zero and all is down, only finalizers hold the pod, and nothing is done."""
    _, stopped = step_on(marked(FRAMES[3]["object"], grace=0))
    _, bare = step_on(stopped)
    assert next_step(pod_of(bare), node_name=NODE) is None


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_pods_that_have_ended_are_left_alone(phase: str) -> None:
    """Nothing starts a pod again that has ended."""
    body = json.loads(json.dumps(FRAMES[1]["object"]))
    body["status"]["phase"] = phase
    assert next_step(pod_of(body), node_name=NODE) is None


def with_init(*inits: dict[str, Any]) -> dict[str, Any]:
    """The bound pod with init containers."""
    body: dict[str, Any] = json.loads(json.dumps(FRAMES[1]["object"]))
    body["spec"]["initContainers"] = list(inits)
    return body


def test_init_containers_complete_one_after_the_other() -> None:
    """Each init container is one step; the others wait, and Initialized holds after the last."""
    body = with_init({"name": "one", "image": "a"}, {"name": "two", "image": "b", "restartPolicy": "Always"})
    steps, initialized = [], []
    for _ in range(4):
        step, body = step_on(body)
        steps.append(step)
        initialized.append(
            (body["status"]["conditions"][1]["status"], body["status"]["conditions"][1].get("message"))
        )
    assert steps == [Step.CREATE, Step.INITIALIZE, Step.INITIALIZE, Step.START]
    assert initialized == [
        ("False", "containers with incomplete status: [one two]"),
        ("False", "containers with incomplete status: [two]"),
        ("True", None),
        ("True", None),
    ]
    states = [next(iter(each["state"])) for each in body["status"]["initContainerStatuses"]]
    assert states == ["terminated", "running"]
    assert next_step(pod_of(body), node_name=NODE) is None


def test_sidecars_end_with_the_pod() -> None:
    """An init container that stays up is ended together with the others."""
    body = with_init({"name": "side", "image": "a", "restartPolicy": "Always"})
    for _ in range(3):
        _, body = step_on(body)
    step, body = step_on(marked(body))
    assert step is Step.STOP
    assert all("terminated" in each["state"] for each in body["status"]["initContainerStatuses"])


def test_a_new_image_restarts_its_container_only() -> None:
    """A changed image of a running pod shows as one restart with a last state; the others run on."""
    body = json.loads(json.dumps(FRAMES[1]["object"]))
    body["spec"]["containers"].append({"name": "other", "image": "b"})
    for _ in range(2):
        _, body = step_on(body)
    body["metadata"]["generation"] = 2
    body["spec"]["containers"][0]["image"] = "nginx:2"
    step, after = step_on(body)
    first, second = after["status"]["containerStatuses"]
    assert (step, first["restartCount"], first["image"]) == (Step.UPDATE, 1, "docker.io/library/nginx:2")
    assert first["lastState"]["terminated"]["containerID"] != first["containerID"]
    assert (second["restartCount"], second["lastState"]) == (0, {})
    assert after["status"]["observedGeneration"] == 2
    assert next_step(pod_of(after), node_name=NODE) is None


def test_finish_is_no_patch() -> None:
    """The final deletion is another request; asking for its patch is a mistake."""
    with pytest.raises(ValueError, match="is not a status patch"):
        status_patch(Step.FINISH, pod_of(FRAMES[5]["object"]), now=NOW, host_ip="10.0.0.9")


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("grafana/loki", "docker.io/grafana/loki:latest"),
        ("quay.io/a/b:c", "quay.io/a/b:c"),
        ("localhost/a", "localhost/a:latest"),
        ("registry:5000/a", "registry:5000/a:latest"),
        ("nginx@sha256:00", "docker.io/library/nginx@sha256:00"),
    ],
)
def test_image_names_are_completed_as_a_runtime_does(image: str, expected: str) -> None:
    """Registry, repository and tag are spelled out; a digest needs no tag."""
    assert canonical_image(image) == expected
    assert canonical_image(expected) == expected
    assert "@sha256:" in image_id(image)
    assert image_id(image) == image_id(expected)


@given(
    deleted_at=st.integers(0, 8),
    inits=st.integers(0, 2),
    grace=st.sampled_from([0, 1, 30]),
    exit_code=st.sampled_from([0, EXIT_KILLED]),
)
def test_every_life_ends(deleted_at: int, inits: int, grace: int, exit_code: int) -> None:
    """Whenever a pod is deleted, a bounded number of steps leads to its final deletion, or to nothing to
    do.
    """
    body = with_init(*({"name": f"i{number}", "image": "x"} for number in range(inits)))
    for turn in range(20):
        if turn == deleted_at:
            body = marked(body, grace=grace)
        step = next_step(pod_of(body), node_name=NODE)
        if step is Step.FINISH:
            assert turn >= deleted_at
            return
        if step is None:
            if turn >= deleted_at:
                assert grace == 0
                return
            continue
        _, body = step_on(body, exit_code=exit_code)
    raise AssertionError("the pod never ended")
