"""Admission: who may still change or refuse a write, once it is known who asks and what for.

    verbs ─▶ chain ─▶ mutating:   built-in, callables, webhooks
                 └──▶ validating: built-in, policies, callables, webhooks, quota

Rules: decisions are pure and synchronous; webhooks and asynchronous callables are asked outside of the write, which
       then begins again with their answers (chain.py).
"""

from listwatch.apiserver.admission.request import AdmissionRequest, Callback, Decision, allow, deny

__all__ = ["AdmissionRequest", "Callback", "Decision", "allow", "deny"]
