"""What clusters, users and exec plugins of a kubeconfig may say: one table."""

from __future__ import annotations

from pathlib import Path

import pytest
from kubeconfig_table import PASSWORD, TOKEN, Case, bad, check_bad, check_good, exec_user, good, kube

CASES = [
    # Clusters
    bad("no-server", kube(cluster="{}"), '@TMP@/config: clusters["c"].server: is missing'),
    bad(
        "number-for-server",
        kube(cluster="{server: 6443}"),
        'clusters["c"].server: is a number where a string',
    ),
    good("server-path-kept", kube(cluster="{server: 'https://h/k8s/c-1/'}"), host="https://h/k8s/c-1"),
    good("server-bare-is-http", kube(cluster="{server: 'h:8080'}"), host="http://h:8080", authorization=None),
    good(
        "server-bare-insecure-is-https",
        kube(cluster="{server: 'h:8080', insecure-skip-tls-verify: true}"),
        host="https://h:8080",
        tls__insecure_skip_verify=True,
    ),
    good("server-ipv6", kube(cluster="{server: 'https://[::1]:6443'}"), host="https://[::1]:6443"),
    good(
        "server-http-sends-no-credentials",
        kube(cluster="{server: 'http://h'}"),
        host="http://h",
        authorization=None,
    ),
    good(
        "server-http-impersonates",
        kube(cluster="{server: 'http://h'}", user="{as: bob}"),
        impersonate__user="bob",
    ),
    bad(
        "server-scheme", kube(cluster="{server: 'ftp://h'}"), 'clusters["c"].server', "'ftp'", "https or http"
    ),
    bad("server-port", kube(cluster="{server: 'https://h:99999'}"), 'clusters["c"].server', "port"),
    bad(
        "server-password",
        kube(cluster=f"{{server: 'https://me:{PASSWORD}@h'}}"),
        'clusters["c"].server',
        "password",
    ),
    bad(
        "server-password-bad-port",
        kube(cluster=f"{{server: 'https://me:{PASSWORD}'}}"),
        'clusters["c"].server',
        "port",
    ),
    bad("server-query", kube(cluster="{server: 'https://h?a=b'}"), 'clusters["c"].server', "query"),
    bad("server-bare-path", kube(cluster="{server: 'h/path'}"), 'clusters["c"].server', "scheme"),
    bad("server-space", kube(cluster="{server: 'https://h h'}"), 'clusters["c"].server', "whitespace"),
    bad("server-no-host", kube(cluster="{server: 'https://:6443'}"), 'clusters["c"].server', "no host"),
    good(
        "ca-data",
        kube(cluster="{server: 'h:1', certificate-authority-data: @CA64@}"),
        host="https://h:1",
        tls__ca_data="@CA@",
    ),
    good(
        "ca-file",
        {
            "config": kube(cluster="{server: 'https://h', certificate-authority: sub/../ca.crt}"),
            "ca.crt": "@CA@",
            "sub/x": "",
        },
        tls__ca_file="@TMP@/sub/../ca.crt",
    ),
    good(
        "ca-file-absolute",
        {"config": kube(cluster="{server: 'https://h', certificate-authority: @TMP@/x/ca}"), "x/ca": "@CA@"},
        tls__ca_file="@TMP@/x/ca",
    ),
    bad(
        "ca-file-missing",
        kube(cluster="{server: 'https://h', certificate-authority: ca.crt}"),
        'clusters["c"].certificate-authority: file @TMP@/ca.crt: no such file',
    ),
    bad(
        "ca-file-empty",
        {"config": kube(cluster="{server: 'https://h', certificate-authority: ca}"), "ca": ""},
        'clusters["c"].certificate-authority: file @TMP@/ca',
        "it is empty",
    ),
    bad(
        "ca-base64",
        kube(cluster="{server: 'https://h', certificate-authority-data: '?'}"),
        'clusters["c"].certificate-authority-data: is not base64',
    ),
    bad(
        "ca-not-pem",
        kube(cluster="{server: 'https://h', certificate-authority-data: aGVsbG8=}"),
        'clusters["c"].certificate-authority-data: holds no certificate',
    ),
    bad(
        "ca-is-a-key",
        kube(cluster="{server: 'https://h', certificate-authority-data: @KEY64@}"),
        'clusters["c"].certificate-authority-data',
        "it holds a private key",
    ),
    bad(
        "ca-damaged",
        kube(cluster="{server: 'https://h', certificate-authority-data: @BADCERT64@}"),
        'clusters["c"].certificate-authority-data',
        "damaged",
    ),
    bad(
        "ca-not-a-certificate",
        kube(cluster="{server: 'https://h', certificate-authority-data: @NOTCERT64@}"),
        'clusters["c"].certificate-authority-data',
        "cannot be read",
    ),
    bad(
        "ca-twice",
        {
            "config": kube(
                cluster="{server: 'https://h', certificate-authority: ca, certificate-authority-data: @CA64@}"
            ),
            "ca": "@CA@",
        },
        'clusters["c"].certificate-authority-data',
        "keep one",
    ),
    bad(
        "ca-and-insecure",
        kube(
            cluster="{server: 'https://h', insecure-skip-tls-verify: true, certificate-authority-data: @CA64@}"
        ),
        'clusters["c"].insecure-skip-tls-verify',
        "drop one",
    ),
    bad(
        "text-for-flag",
        kube(cluster="{server: 'https://h', insecure-skip-tls-verify: 'yes'}"),
        'clusters["c"].insecure-skip-tls-verify: is text where true or false',
    ),
    good(
        "server-name",
        kube(cluster="{server: 'https://h', tls-server-name: k8s.test}"),
        tls__server_name="k8s.test",
    ),
    good(
        "disable-compression",
        kube(cluster="{server: 'https://h', disable-compression: true}"),
        disable_compression=True,
    ),
    good(
        "proxy",
        kube(cluster=f"{{server: 'https://h', proxy-url: 'http://me:{PASSWORD}@p:3128'}}"),
        proxy_url=f"http://me:{PASSWORD}@p:3128",
    ),
    bad(
        "proxy-socks5",
        kube(cluster="{server: 'https://h', proxy-url: 'socks5://p:1080'}"),
        'clusters["c"].proxy-url: socks5 proxies are not supported',
    ),
    bad(
        "proxy-bare",
        kube(cluster="{server: 'https://h', proxy-url: 'p:3128'}"),
        'clusters["c"].proxy-url',
        "with a scheme",
    ),
    bad(
        "proxy-scheme",
        kube(cluster=f"{{server: 'https://h', proxy-url: 'ftp://me:{PASSWORD}@p'}}"),
        'clusters["c"].proxy-url',
        "'ftp'",
    ),
    # Users
    good(
        "basic", kube(user=f"{{username: me, password: {PASSWORD}}}"), authorization="Basic bWU6cHctNzdlMWMw"
    ),
    good(
        "token-file",
        {"config": kube(user="{tokenFile: t}"), "t": f"\n {TOKEN} \n"},
        authorization=f"Bearer {TOKEN}",
    ),
    good(
        "token-file-wins",
        {"config": kube(user="{tokenFile: t, token: old}"), "t": TOKEN},
        authorization=f"Bearer {TOKEN}",
    ),
    good(
        "token-until-file-comes",
        kube(user=f"{{tokenFile: t, token: {TOKEN}}}"),
        authorization=f"Bearer {TOKEN}",
    ),
    good("token-trimmed", kube(user=f"{{token: ' {TOKEN} '}}"), authorization=f"Bearer {TOKEN}"),
    bad(
        "token-number", kube(user="{token: 123456}"), '@TMP@/config: users["u"].token: is a number', "quotes"
    ),
    bad(
        "token-map",
        kube(user=f"{{token: {{a: {TOKEN}}}}}"),
        'users["u"].token: is a map where a string belongs',
    ),
    bad(
        "token-with-newline",
        kube(user=f'{{token: "{TOKEN}\\nX-Evil: 1"}}'),
        'users["u"].token',
        "control character",
    ),
    bad("token-file-missing", kube(user="{tokenFile: t}"), 'users["u"].tokenFile', "@TMP@/t: no such file"),
    bad(
        "token-file-empty",
        {"config": kube(user="{tokenFile: t}"), "t": " \n"},
        'users["u"].tokenFile',
        "@TMP@/t: is empty",
    ),
    bad(
        "token-file-binary",
        {"config": kube(user="{tokenFile: t}"), "t": b"\xff\xfe"},
        'users["u"].tokenFile',
        "UTF-8",
    ),
    bad(
        "token-and-basic",
        kube(user=f"{{token: {TOKEN}, username: me, password: {PASSWORD}}}"),
        'users["u"].username',
        "keep one",
    ),
    bad("password-alone", kube(user=f"{{password: {PASSWORD}}}"), 'users["u"].username: is empty'),
    bad(
        "username-colon",
        kube(user=f"{{username: 'a:b', password: {PASSWORD}}}"),
        'users["u"].username',
        "colon",
    ),
    good(
        "client-cert-data",
        kube(user="{client-certificate-data: @CERT64@, client-key-data: @KEY64@}"),
        tls__cert_data="@CERT@",
        tls__key_data="@KEY@",
        authorization=None,
    ),
    good(
        "client-cert-files",
        {
            "config": kube(user="{client-certificate: c.pem, client-key: k.pem}"),
            "c.pem": "@CERT@",
            "k.pem": "@KEY@",
        },
        tls__cert_file="@TMP@/c.pem",
        tls__key_file="@TMP@/k.pem",
    ),
    good(
        "client-cert-mixed",
        {"config": kube(user="{client-certificate-data: @CERT64@, client-key: k.pem}"), "k.pem": "@KEY@"},
        tls__cert_data="@CERT@",
        tls__key_file="@TMP@/k.pem",
    ),
    bad(
        "cert-without-key",
        kube(user="{client-certificate-data: @CERT64@}"),
        'users["u"].client-certificate-data',
        "without its key",
    ),
    bad(
        "key-without-cert",
        kube(user="{client-key-data: @KEY64@}"),
        'users["u"].client-key-data',
        "without its certificate",
    ),
    bad(
        "key-of-another",
        kube(user="{client-certificate-data: @CERT64@, client-key-data: @OTHERKEY64@}"),
        'users["u"].client-key-data: does not belong to the certificate',
    ),
    bad(
        "key-locked",
        kube(user="{client-certificate-data: @CERT64@, client-key-data: @LOCKEDKEY64@}"),
        'users["u"].client-key-data',
        "encrypted",
    ),
    bad(
        "key-base64",
        kube(user=f"{{client-certificate-data: @CERT64@, client-key-data: '{PASSWORD}!'}}"),
        '@TMP@/config: users["u"].client-key-data: is not base64',
    ),
    bad(
        "key-is-a-cert",
        kube(user="{client-certificate-data: @CERT64@, client-key-data: @CERT64@}"),
        'users["u"].client-key-data: holds no private key',
        "it holds a certificate",
    ),
    bad(
        "key-file-missing",
        kube(user="{client-certificate-data: @CERT64@, client-key: k}"),
        'users["u"].client-key: file @TMP@/k: no such file',
    ),
    bad(
        "key-twice",
        {
            "config": kube(
                user="{client-certificate-data: @CERT64@, client-key: k, client-key-data: @KEY64@}"
            ),
            "k": "@KEY@",
        },
        'users["u"].client-key-data',
        "keep one",
    ),
    bad("path-with-nul", kube(user='{client-key: "a\\0b"}'), 'users["u"].client-key', "NUL"),
    good(
        "impersonation",
        kube(user="{as: bob, as-uid: '7', as-groups: [a, b], as-user-extra: {Scope/x: [r, w]}}"),
        impersonate_headers=(
            ("Impersonate-User", "bob"),
            ("Impersonate-Uid", "7"),
            ("Impersonate-Group", "a"),
            ("Impersonate-Group", "b"),
            ("Impersonate-Extra-scope%2Fx", "r"),
            ("Impersonate-Extra-scope%2Fx", "w"),
        ),
    ),
    bad("groups-without-user", kube(user="{as-groups: [a]}"), 'users["u"].as-groups: needs a user'),
    bad(
        "extra-without-user",
        kube(user="{as-uid: x, as-user-extra: {a: [b]}}"),
        'users["u"].as-uid',
        'users["u"].as-user-extra',
    ),
    bad(
        "text-for-groups",
        kube(user="{as: bob, as-groups: a}"),
        'users["u"].as-groups: is text where a list belongs',
    ),
    bad(
        "number-in-groups", kube(user="{as: bob, as-groups: [a, 1]}"), 'users["u"].as-groups[1]: is a number'
    ),
    bad("newline-in-as", kube(user='{as: "bob\\r\\nX: y"}'), 'users["u"].as: holds a control character'),
    bad(
        "auth-provider-gcp",
        kube(user=f"{{auth-provider: {{name: gcp, config: {{access-token: {TOKEN}}}}}}}"),
        'users["u"].auth-provider',
        "gke-gcloud-auth-plugin",
        "exec",
    ),
    bad(
        "auth-provider-unknown",
        kube(user=f"{{auth-provider: {{name: {PASSWORD}}}}}"),
        'users["u"].auth-provider',
        "exec plugin",
    ),
    # Exec plugins
    good(
        "exec",
        kube(user=exec_user()),
        credentials___config__command="aws",
        credentials___config__interactive_mode="Never",
    ),
    good(
        "exec-v1beta1-mode-default",
        kube(user=exec_user(mode="", version="v1beta1")),
        credentials___config__interactive_mode="IfAvailable",
    ),
    good(
        "exec-command-relative",
        kube(user=exec_user().replace("command: aws", "command: bin/aws")),
        credentials___config__command="@TMP@/bin/aws",
    ),
    good(
        "exec-command-absolute",
        kube(user=exec_user().replace("command: aws", "command: /bin/aws")),
        credentials___config__command="/bin/aws",
    ),
    good(
        "exec-args-env",
        kube(user=exec_user(", args: [a, b], env: [{name: X, value: y}, {name: Z}]")),
        credentials___config__args=("a", "b"),
        credentials___config__env={"X": "y", "Z": ""},
    ),
    good(
        "exec-cluster",
        kube(
            cluster="{server: 'https://h', tls-server-name: n, extensions: [{name: "
            "client.authentication.k8s.io/exec, extension: {audience: x}}]}",
            user=exec_user(", provideClusterInfo: true"),
        ),
        credentials___config__cluster__server="https://h",
        credentials___config__cluster__config={"audience": "x"},
    ),
    good(
        "exec-no-cluster",
        kube(user=exec_user(", provideClusterInfo: false")),
        credentials___config__cluster=None,
    ),
    good(
        "exec-after-token",
        kube(user=exec_user().replace("{exec", f"{{token: {TOKEN}, exec")),
        authorization=f"Bearer {TOKEN}",
    ),
    good(
        "exec-after-certificate",
        kube(
            user=exec_user().replace(
                "{exec", "{client-certificate-data: @CERT64@, client-key-data: @KEY64@, exec"
            )
        ),
        authorization=None,
    ),
    bad(
        "exec-no-command",
        kube(user=exec_user().replace("command: aws", "args: []")),
        'users["u"].exec.command: is missing',
    ),
    bad("exec-no-version", kube(user=exec_user(version="")), 'users["u"].exec.apiVersion: is missing'),
    bad(
        "exec-v1alpha1",
        kube(user=exec_user(version="v1alpha1")),
        'users["u"].exec.apiVersion',
        "v1alpha1 is gone",
    ),
    bad(
        "exec-other-version",
        kube(user=exec_user(version="v9")),
        'users["u"].exec.apiVersion',
        "is not one of",
    ),
    bad("exec-v1-no-mode", kube(user=exec_user(mode="")), 'users["u"].exec.interactiveMode: is missing'),
    bad(
        "exec-other-mode",
        kube(user=exec_user(mode="interactiveMode: Sometimes, ")),
        'users["u"].exec.interactiveMode',
        "Always",
    ),
    bad("exec-text", kube(user="{exec: aws}"), 'users["u"].exec: is text where a map belongs'),
    bad(
        "exec-args-text",
        kube(user=exec_user(", args: --flag=arg-20cf11")),
        'users["u"].exec.args: is text where a list belongs',
    ),
    bad(
        "exec-env-map",
        kube(user=exec_user(", env: {X: env-93bd52}")),
        'users["u"].exec.env: is a map where a list belongs',
    ),
    bad(
        "exec-env-no-name",
        kube(user=exec_user(", env: [{value: env-93bd52}]")),
        'users["u"].exec.env[0].name: is missing',
    ),
    bad(
        "exec-env-number",
        kube(user=exec_user(", env: [{name: A, value: 1}]")),
        'users["u"].exec.env[0].value: is a number',
    ),
    bad(
        "exec-env-equals",
        kube(user=exec_user(", env: [{name: A=B, value: x}]")),
        'users["u"].exec.env[0].name',
        "'='",
    ),
    bad(
        "exec-env-name-number",
        kube(user=exec_user(", env: [{name: 5, value: x}]")),
        'users["u"].exec.env[0].name: is a number',
    ),
    bad("token-file-nul", kube(user='{tokenFile: "a\\0b"}'), 'users["u"].tokenFile', "NUL"),
    bad(
        "extra-number-key",
        kube(user="{as: bob, as-user-extra: {5: [a]}}"),
        'users["u"].as-user-extra: a key is a number',
    ),
    bad("token-binary-tag", kube(user="{token: !!binary aGVsbG8=}"), 'users["u"].token: is binary data'),
    good(
        "other-extensions-ignored",
        kube(
            cluster="{server: 'https://h', extensions: [{name: other, extension: {a: b}}]}",
            user=exec_user(", provideClusterInfo: true"),
        ),
        credentials___config__cluster__config=None,
    ),
    # All at once
    bad(
        "several-problems",
        kube(cluster="{server: 'ftp://h', proxy-url: p}", user="{token: 1, client-key-data: '?', as-uid: x}"),
        "5 problems",
        'clusters["c"].server',
        'clusters["c"].proxy-url',
        'users["u"].token',
        'users["u"].client-key-data',
        'users["u"].as-uid',
    ),
]


@pytest.mark.parametrize("case", [pytest.param(each, id=each.id) for each in CASES if each.config])
def test_good_entries(case: Case, tmp_path: Path) -> None:
    """A usable kubeconfig gives the configuration that kubectl would use, and shows none of its secrets."""
    check_good(case, tmp_path)


@pytest.mark.parametrize("case", [pytest.param(each, id=each.id) for each in CASES if each.error])
def test_bad_entries(case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An unusable kubeconfig gives one ConfigError that names file, entry and field, and quotes no secret."""
    check_bad(case, tmp_path, caplog)


def test_entries_table() -> None:
    """Each case has a name of its own, and either works or does not."""
    assert len(CASES) >= 60
    assert len({each.id for each in CASES}) == len(CASES)
    assert all(bool(each.config) != bool(each.error) for each in CASES)
