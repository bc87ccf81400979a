"""What a program hangs on an informer: methods for what is added, updated and deleted.

In:    `Notification`s                              (from shared_informer/processor.py)
Out:   calls of `on_add`, `on_update`, `on_delete`
Next:  the program
Rules: every call gets objects of its own (copies that share bytes): nothing a handler does to them reaches the cache or
       another handler
Source: client-go tools/cache, ResourceEventHandler, ResourceEventHandlerDetailedFuncs, FilteringResourceEventHandler;
        differs: methods may be async, and leave out keywords that they do not want
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Generic

from listwatch.apimachinery.object import AnyObject
from listwatch.shared_informer.notifications import Added, Notification, Updated

Call = Callable[[Notification[AnyObject]], object]
"""Tells a handler of one notification; gives what the handler's method gave: None, or something to await."""

METHODS = ("on_add", "on_update", "on_delete")


class ResourceEventHandler(Generic[AnyObject]):
    """To be subclassed: override what is of interest, as plain or as `async` methods.

    Objects are the handler's own. Calls come one after the other, in the order of the changes, and never overlap; a
    plain method blocks the event loop for as long as it runs. What a method raises is reported and counted, and the
    next notification comes all the same.
    """

    def on_add(self, obj: AnyObject, *, is_initial: bool) -> Any:
        """An object is there that was not.

        Args:
            obj: As it is.
            is_initial: It was there before the informer, or this handler, was.
        """

    def on_update(self, old: AnyObject, new: AnyObject) -> Any:
        """An object has changed, or is told again (`resync_period`): then `old` is `new`.

        Args:
            old: The state before.
            new: The state now; with another uid if the object was deleted and made anew while nobody looked.
        """

    def on_delete(self, obj: AnyObject, *, is_final_state_unknown: bool) -> Any:
        """An object is gone.

        Args:
            obj: Its last state, or the last one that was seen.
            is_final_state_unknown: The deletion itself was missed; `obj` may be older.
        """


class EventHandlers:
    """A handler made of functions, plain or async. Those that do not want `is_initial` or
    `is_final_state_unknown` need not take it.

        informer.add_event_handler(EventHandlers(on_add=lambda pod: print(pod.name)))
    """

    def __init__(
        self,
        *,
        on_add: Callable[..., Any] | None = None,
        on_update: Callable[..., Any] | None = None,
        on_delete: Callable[..., Any] | None = None,
        name: str = "",
    ) -> None:
        self.on_add = on_add
        self.on_update = on_update
        self.on_delete = on_delete
        self.name = name or _name_of(next(filter(None, (on_add, on_update, on_delete)), self))


class FilteringEventHandler(Generic[AnyObject]):
    """Shows a handler only the objects for which `accepts` is true.

    An object that begins to be accepted is added for the handler, one that ceases to be is deleted.

    Args:
        accepts: Sees each object, deleted ones in their last known state. It shares them with the handler.
        handler: As `SharedInformer.add_event_handler` takes it.

    Source: client-go FilteringResourceEventHandler
    """

    def __init__(self, accepts: Callable[[AnyObject], bool], handler: object) -> None:
        self._accepts = accepts
        self._on_add, self._on_update, self._on_delete = _methods(handler)
        self.name = handler_name(handler)

    def on_add(self, obj: AnyObject, *, is_initial: bool) -> Any:
        """Passed on if accepted."""
        return self._on_add(obj, is_initial=is_initial) if self._accepts(obj) else None

    def on_update(self, old: AnyObject, new: AnyObject) -> Any:
        """Passed on as what it is for those that are accepted."""
        was, now = self._accepts(old), self._accepts(new)
        if was and now:
            return self._on_update(old, new)
        if now:
            return self._on_add(new, is_initial=False)
        return self._on_delete(old, is_final_state_unknown=False) if was else None

    def on_delete(self, obj: AnyObject, *, is_final_state_unknown: bool) -> Any:
        """Passed on if accepted."""
        if not self._accepts(obj):
            return None
        return self._on_delete(obj, is_final_state_unknown=is_final_state_unknown)


def caller(handler: object) -> Call[Any]:
    """A function that tells `handler` of a notification, with copies.

    Args:
        handler: Any object with some of `on_add`, `on_update`, `on_delete`; they are looked up now, once.

    Raises:
        TypeError: It has none of them.
    """
    on_add, on_update, on_delete = _methods(handler)

    def call(notification: Notification[Any]) -> object:
        if isinstance(notification, Updated):
            if on_update is _nothing:
                return None
            old, new = notification.old, notification.new
            own = new.copy()
            return on_update(own if old is new else old.copy(), own)
        obj = notification.obj.copy()
        if isinstance(notification, Added):
            return on_add(obj, is_initial=notification.is_initial)
        return on_delete(obj, is_final_state_unknown=notification.is_final_state_unknown)

    return call


def handler_name(handler: object) -> str:
    """What to call a handler in logs and metrics: its `name` if it has one, else that of its class or function."""
    name = getattr(handler, "name", None)
    return name if isinstance(name, str) and name else _name_of(handler)


def _name_of(value: object) -> str:
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def _methods(handler: object) -> list[Callable[..., Any]]:
    found = [getattr(handler, name, None) for name in METHODS]
    if all(each is None for each in found):
        raise TypeError(
            f"{handler_name(handler)} is no event handler: it has none of {', '.join(METHODS)}; "
            "functions can be handed over as EventHandlers(on_add=…)"
        )
    for name, method in zip(METHODS, found, strict=True):
        if method is not None and not callable(method):
            raise TypeError(f"{handler_name(handler)}.{name} is no function: {method!r}")
    keywords = ("is_initial", None, "is_final_state_unknown")
    return [
        _nothing if method is None else _tolerant(method, keyword)
        for method, keyword in zip(found, keywords, strict=True)
    ]


def _tolerant(method: Callable[..., Any], keyword: str | None) -> Callable[..., Any]:
    """`method`, which may leave out the keyword that it would be given."""
    if keyword is None:
        return method
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return method  # built in: it takes what it is given
    if any(each.name == keyword or each.kind is each.VAR_KEYWORD for each in parameters):
        return method

    def without(obj: Any, **_: bool) -> Any:
        return method(obj)

    return without


def _nothing(*_: object, **__: object) -> None:
    return None
