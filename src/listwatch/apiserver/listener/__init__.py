"""The side that listens: sockets, certificates, and the kubeconfig that leads there.

Rules: all the server's input and output is here.
"""
