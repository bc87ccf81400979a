"""HOW bytes become a `WatchEvent`: kubeconfig, credentials, connection, requests, watches.

Sockets are opened in `connection.py` only, YAML is read in `kubeconfig.py` only, child processes run in
`exec_plugin.py` only.
"""
