"""What the kinds are: one generated module per group and version, imported only when named.

    from listwatch.api.core_v1 import Pod, ConfigMap
    from listwatch.api.apps_v1 import Deployment

The modules are written by `tools/generate_api.py` (`make generate`) from the OpenAPI documents in `openapi/`.
"""
