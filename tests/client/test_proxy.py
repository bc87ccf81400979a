"""Which proxy a server is reached through."""

from __future__ import annotations

import pytest

from listwatch.client.proxy import proxy_from_environment

PROXY = {"HTTPS_PROXY": "http://proxy:3128"}


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("https://api.example:6443", {}, None),
        ("https://api.example:6443", PROXY, "http://proxy:3128"),
        ("https://api.example:6443", {"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        ("http://api.example", PROXY, None),
        ("http://api.example", {"HTTP_PROXY": "http://p"}, "http://p"),
        ("https://127.0.0.1:6443", PROXY, None),
        ("https://[::1]:6443", PROXY, None),
        ("https://localhost:6443", PROXY, None),
        ("https://api.example", PROXY | {"NO_PROXY": "*"}, None),
        ("https://api.example", PROXY | {"no_proxy": "other, API.example"}, None),
        ("https://a.api.example", PROXY | {"NO_PROXY": "api.example"}, None),
        ("https://api.example", PROXY | {"NO_PROXY": ".api.example"}, "http://proxy:3128"),
        ("https://a.api.example", PROXY | {"NO_PROXY": "*.api.example"}, None),
        ("https://notapi.example", PROXY | {"NO_PROXY": "api.example"}, "http://proxy:3128"),
        ("https://10.1.2.3:6443", PROXY | {"NO_PROXY": "10.0.0.0/8"}, None),
        ("https://11.1.2.3:6443", PROXY | {"NO_PROXY": "10.0.0.0/8"}, "http://proxy:3128"),
        ("https://[fd00::1]:6443", PROXY | {"NO_PROXY": "fd00::/8"}, None),
        ("https://10.1.2.3:6443", PROXY | {"NO_PROXY": "10.1.2.3:6443"}, None),
        ("https://10.1.2.3:6443", PROXY | {"NO_PROXY": "10.1.2.3:443"}, "http://proxy:3128"),
        ("https://[fd00::1]", PROXY | {"NO_PROXY": "[fd00::1]:443"}, None),
        ("https://api.example", PROXY | {"NO_PROXY": "10.0.0.0/99,,"}, "http://proxy:3128"),
    ],
)
def test_the_environment_names_a_proxy_unless_it_excepts_the_host(
    url: str, environ: dict[str, str], proxy: str | None
) -> None:
    """NO_PROXY excepts by name, domain, address, port and block; loopback never has a proxy."""
    assert proxy_from_environment(url, environ) == proxy
