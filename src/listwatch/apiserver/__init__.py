"""An API server to embed: where events are born on a laptop and in tests.

One object, `APIServer` in `server.py`, answers what kube-apiserver answers, in memory: its `handle` takes a `Request`
and gives a `Response`, without sockets, files or threads. `EmbeddedCluster` in `embedded.py` puts it behind a port.

    request ─▶ server ─▶ reading, watch ──────────────────▶ revision_log
                  └────▶ writing, deletion ─▶ storage ─▶ revision_log ─▶ watch

Rules: sees `listwatch.apimachinery` and the data of `listwatch.api` only, never the client: two independent
readings of the wire format check each other. Nothing here does I/O except the modules of the listening side
(`sockets`, `certificates`, `kubeconfig_file`, `embedded`). What the server does not do it refuses with a
Status that says so. This file imports nothing, so that a part costs no more than itself.
"""
