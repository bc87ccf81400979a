"""Which files are read and how they merge, contexts, and the shape of a file: one table."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubeconfig_table import PASSWORD, TOKEN, Case, Files, bad, check_bad, check_good, good, kube

BOTH = {"KUBECONFIG": "@TMP@/one:@TMP@/two"}
POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
POD_FILES: Files = {"pod/token": TOKEN, "pod/ca.crt": "@CA@", "pod/namespace": "team"}
TOKEN_USER = f"{{token: {TOKEN}}}"

CASES = [
    # Where the files are
    good("explicit", kube(), host="https://h:6443", authorization=f"Bearer {TOKEN}"),
    good("source-tells-context", kube(), source="context 'ctx' of @TMP@/config"),
    bad("explicit-missing", {}, "@TMP@/config", "no such file"),
    bad("explicit-empty", "", "@TMP@/config", "is empty", "no Kubernetes configuration"),
    good(
        "explicit-beats-KUBECONFIG",
        {"config": kube(), "one": "]["},
        args={"kubeconfig": "@TMP@/config"},
        env={"KUBECONFIG": "@TMP@/one"},
        host="https://h:6443",
    ),
    good("KUBECONFIG", {"one": kube()}, env=BOTH, host="https://h:6443"),
    good("KUBECONFIG-skips-missing", {"two": kube()}, env=BOTH, host="https://h:6443"),
    good(
        "KUBECONFIG-skips-empty-entries",
        {"one": kube()},
        env={"KUBECONFIG": ":@TMP@/one::"},
        host="https://h:6443",
    ),
    good(
        "KUBECONFIG-separators-only",
        {".kube/config": kube()},
        env={"KUBECONFIG": "::"},
        host="https://h:6443",
    ),
    good(
        "KUBECONFIG-twice-the-same",
        {"one": kube()},
        env={"KUBECONFIG": "@TMP@/one:@TMP@/one"},
        host="https://h:6443",
    ),
    good("KUBECONFIG-empty-file-first", {"one": "", "two": kube()}, env=BOTH, host="https://h:6443"),
    good(
        "KUBECONFIG-comment-only-first",
        {"one": "# nothing\n---\n", "two": kube()},
        env=BOTH,
        host="https://h:6443",
    ),
    good(
        "KUBECONFIG-nulls-first",
        {"one": "clusters: null\nusers:\ncontexts: ~\n", "two": kube()},
        env=BOTH,
        host="https://h:6443",
    ),
    bad("KUBECONFIG-one-broken", {"one": kube(), "two": "a: ["}, "@TMP@/two", "not valid YAML", env=BOTH),
    bad(
        "KUBECONFIG-both-broken",
        {"one": "- 1", "two": "7"},
        "2 problems",
        "@TMP@/one: is a list",
        "@TMP@/two: is a number",
        env=BOTH,
    ),
    good("home", {".kube/config": kube()}, env={"A": "b"}, host="https://h:6443"),
    bad(
        "KUBECONFIG-hides-home",
        {".kube/config": kube()},
        "@TMP@/one, from KUBECONFIG: no such file",
        "service account",
        env={"KUBECONFIG": "@TMP@/one"},
    ),
    bad(
        "nothing-anywhere",
        {},
        "KUBECONFIG: is not set",
        "@TMP@/.kube/config: no such file",
        "KUBERNETES_SERVICE_HOST is not set",
        env={"A": "b"},
    ),
    good(
        "pod",
        POD_FILES,
        env=POD,
        host="https://10.0.0.1:443",
        namespace="team",
        tls__ca_file="@TMP@/pod/ca.crt",
        authorization=f"Bearer {TOKEN}",
    ),
    good("pod-after-empty-file", POD_FILES | {".kube/config": "{}"}, env=POD, host="https://10.0.0.1:443"),
    good("file-beats-pod", POD_FILES | {".kube/config": kube()}, env=POD, host="https://h:6443"),
    bad(
        "pod-not-after-broken-file",
        POD_FILES | {".kube/config": "a: ["},
        "@TMP@/.kube/config",
        "YAML",
        env=POD,
    ),
    bad("pod-not-after-bad-context", POD_FILES | {".kube/config": kube(current="nope")}, "'nope'", env=POD),
    bad("pod-not-if-context-is-named", POD_FILES, "not looked at", args={"context": "dev"}, env=POD),
    # Merging
    good(
        "merge-first-entry-whole",
        {"one": kube(user="{}"), "two": kube(cluster="{server: 'https://other'}")},
        env=BOTH,
        host="https://h:6443",
        authorization=None,
    ),
    good(
        "merge-across",
        {
            "one": "current-context: ctx\nclusters: [{name: c, cluster: {server: 'https://one'}}]",
            "two": kube(),
        },
        env=BOTH,
        host="https://one",
        authorization=f"Bearer {TOKEN}",
    ),
    good(
        "merge-first-current-context",
        {"one": kube(), "two": kube(current="nope")},
        env=BOTH,
        host="https://h:6443",
    ),
    good(
        "merge-folders-of-their-own",
        {
            "a/one": "clusters: [{name: c, cluster: {server: 'https://h', certificate-authority: ca.crt}}]",
            "a/ca.crt": "@CA@",
            "b/two": kube(user="{tokenFile: t/token}"),
            "b/t/token": f" {TOKEN}\n",
        },
        env={"KUBECONFIG": "@TMP@/a/one:@TMP@/b/two"},
        tls__ca_file="@TMP@/a/ca.crt",
        authorization=f"Bearer {TOKEN}",
    ),
    # Contexts
    good("context-argument", kube(current="''"), args={"context": "ctx"}, host="https://h:6443"),
    good(
        "context-namespace",
        kube(context="{cluster: c, user: u, namespace: team}"),
        namespace="team",
        namespace_is_explicit=False,
    ),
    good(
        "namespace-argument",
        kube(context="{cluster: c, user: u, namespace: team}"),
        args={"namespace": "mine"},
        namespace="mine",
        namespace_is_explicit=True,
    ),
    good("namespace-default", kube(), namespace="default", namespace_is_explicit=False),
    good(
        "cluster-argument",
        kube(more="").replace("clusters: [", "clusters: [{name: d, cluster: {server: 'https://d'}}, "),
        args={"cluster": "d"},
        host="https://d",
        authorization=f"Bearer {TOKEN}",
    ),
    good(
        "cluster-argument-no-context",
        kube(current="''"),
        args={"cluster": "c"},
        host="https://h:6443",
        authorization=None,
    ),
    good("user-argument", kube(context="{cluster: c}"), args={"user": "u"}, authorization=f"Bearer {TOKEN}"),
    good("context-without-user", kube(context="{cluster: c}"), authorization=None),
    bad(
        "no-current-context",
        kube(current="''"),
        "@TMP@/config: current-context",
        "no context is chosen",
        "'ctx'",
    ),
    bad(
        "unknown-current-context",
        kube(current="nope"),
        "@TMP@/config: current-context",
        "no context 'nope'",
        "are: 'ctx'",
    ),
    bad(
        "unknown-context",
        kube(),
        "context: there is no context 'dev' in @TMP@/config",
        "'ctx'",
        args={"context": "dev"},
    ),
    bad(
        "unknown-cluster",
        kube(context="{cluster: x, user: u}"),
        '@TMP@/config: contexts["ctx"].cluster',
        "'x'",
        "are: 'c'",
    ),
    bad(
        "unknown-user",
        kube(context="{cluster: c, user: x}"),
        '@TMP@/config: contexts["ctx"].user',
        "'x'",
        "are: 'u'",
    ),
    bad("unknown-both", kube(context="{cluster: x, user: y}"), "2 problems", "no cluster 'x'", "no user 'y'"),
    bad("unknown-user-argument", kube(), "user: there is no user 'y'", args={"user": "y"}),
    bad("context-without-cluster", kube(context="{user: u}"), 'contexts["ctx"].cluster: is missing', "'c'"),
    # The shape of the file
    bad("not-yaml", "a: b: c", "@TMP@/config", "line 1, column 5"),
    bad("unclosed", "users: [{", "@TMP@/config", "not valid YAML"),
    bad("list-for-file", "- a\n", "@TMP@/config: is a list, but a kubeconfig is a map"),
    bad("text-for-file", "hello", "@TMP@/config: is text"),
    bad("binary", {"config": b"\x00\x01\xff\xfe\x80"}, "@TMP@/config: is not text"),
    bad("two-documents", kube() + "---\n" + kube(), "@TMP@/config", "single document"),
    bad("custom-tag", f"users: !!python/object:os.system {PASSWORD}", "@TMP@/config", "tag"),
    bad("secret-tag", f"users: !{PASSWORD} x", "@TMP@/config", "line 1"),
    bad("secret-alias", f"users: *{PASSWORD}", "@TMP@/config", "alias"),
    bad("tag-that-does-not-fit", "users: !!int ''", "@TMP@/config"),
    bad("alias-in-itself", "a: &a [*a]", "@TMP@/config", "without bound"),
    bad(
        "alias-bomb",
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8)
        ),
        "@TMP@/config",
        "without bound",
    ),
    bad("too-deep", "[" * 1200, "@TMP@/config", "nested too deeply"),
    bad("other-kind", "kind: Pod\napiVersion: v1\n", "@TMP@/config: kind: must be 'Config'"),
    bad("other-version", "apiVersion: v2\nclusters: []", "@TMP@/config: apiVersion: must be 'v1'"),
    bad("directory", {"config/x": ""}, "@TMP@/config", "is a directory"),
    bad(
        "map-for-users",
        kube().replace("users: [{name: u,", "users: {a: {name: u,").replace("}}]\ncontexts", "}}}\ncontexts"),
        "@TMP@/config: users: is a map where a list belongs",
    ),
    bad("text-for-entry", "users: [x]", "@TMP@/config: users[0]: is text where a map belongs"),
    bad("list-for-user", kube(user="[]"), "@TMP@/config: users[0].user: is a list where a map belongs"),
    bad("no-name", "users: [{user: {}}]", "@TMP@/config: users[0].name: is missing"),
    bad(
        "number-for-name",
        "users: [{name: 7}]",
        "users[0].name: is a number where a string belongs; put it in quotes",
    ),
    bad(
        "duplicate-name",
        "users: [{name: u}, {name: v}, {name: u}]",
        "@TMP@/config: users",
        "'u'",
        "users[0] and users[2]",
    ),
    bad("number-for-current", "current-context: 1.5", "@TMP@/config: current-context: is a number"),
    good(
        "json",
        '{"current-context": "ctx",\n\t"clusters": [{"name": "c", "cluster": {"server": "https://h"}}],\n'
        '\t"contexts": [{"name": "ctx", "context": {"cluster": "c"}}]}',
        host="https://h",
    ),
    good("utf-16", {"config": kube().encode("utf-16")}, host="https://h:6443"),
    good("date-stays-text", kube(user="{token: 2020-01-02}"), authorization="Bearer 2020-01-02"),
    good("anchors", f"x: &u {TOKEN_USER}\n" + kube(user="*u"), authorization=f"Bearer {TOKEN}"),
    good("unknown-fields-ignored", kube(cluster="{server: 'https://h', colour: [red]}"), host="https://h"),
    good(
        "broken-entry-not-chosen",
        kube().replace("users: [", "users: [{name: other, user: {token: 5}}, "),
        host="https://h:6443",
    ),
]


@pytest.mark.parametrize("case", [pytest.param(each, id=each.id) for each in CASES if each.config])
def test_good_files(case: Case, tmp_path: Path) -> None:
    """A usable kubeconfig gives the configuration that kubectl would use, and shows none of its secrets."""
    check_good(case, tmp_path)


@pytest.mark.parametrize("case", [pytest.param(each, id=each.id) for each in CASES if each.error])
def test_bad_files(case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An unusable kubeconfig gives one ConfigError that names file, entry and field, and quotes no secret."""
    check_bad(case, tmp_path, caplog)


def test_files_table() -> None:
    """Each case has a name of its own, and either works or does not."""
    assert len(CASES) >= 60
    assert len({each.id for each in CASES}) == len(CASES)
    assert all(bool(each.config) != bool(each.error) for each in CASES)
