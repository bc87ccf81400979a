"""Names of templates and revisions."""

from life_recording import recorded

from listwatch.apiserver.life.controllers.template_hash import fnv1, fnv1a, pod_template_hash, revision_hash


def test_known_hashes() -> None:
    """FNV-1 and FNV-1a of 32 bits give the published values."""
    assert fnv1(b"foobar") == 0x31F0B262
    assert fnv1a(b"foobar") == 0xBF9CF968


def test_a_revision_is_named_as_the_real_controller_names_it() -> None:
    """The hash of a stored revision is the recorded one, letter by letter."""
    found = next(
        each["response"]["body"]
        for each in recorded()
        if each["flow"] == "life_statefulset"
        and each["request"]["method"] == "GET"
        and "body" in each["response"]
    )
    template = {**found["spec"]["template"], "$patch": "replace"}
    name = f"db-{revision_hash({'spec': {'template': template}}, 0)}"
    assert name == found["status"]["currentRevision"]


def test_a_templates_hash_follows_the_template() -> None:
    """The same template has the same hash; another template, or a collision, another."""
    one = pod_template_hash({"spec": {"a": 1, "b": 2}}, None)
    assert one == pod_template_hash({"spec": {"b": 2, "a": 1}}, None)
    assert (
        len(
            {
                one,
                pod_template_hash({"spec": {"a": 2}}, None),
                pod_template_hash({"spec": {"a": 1, "b": 2}}, 0),
            }
        )
        == 3
    )
    assert set(one) <= set("bcdfghjklmnpqrstvwxz2456789")
