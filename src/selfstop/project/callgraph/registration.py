"""What hands functions to others that call them some time: frameworks, by decorators or calls, and clean-up.

A decorator of the program is judged by what it does when it decorates, one from elsewhere by its name.
"""

from __future__ import annotations

from collections.abc import Callable

from selfstop.flow.cfg import Assign, Call
from selfstop.flow.code import MODULE_BODY, Function
from selfstop.flow.terms import App, Attr, Func, Item, Result, Term, Var, dotted, last_name, walk
from selfstop.flow.vocabulary import vocabulary, words
from selfstop.project.symbols.binding import bind
from selfstop.project.symbols.decorators import decorating_function
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.table import is_receiver

_DECORATORS = vocabulary(
    "route get post put delete patch head options websocket websocket_route api_route api_view expose exposed action "
    "before_request after_request teardown_request teardown_appcontext errorhandler exception_handler middleware "
    "task shared_task periodic_task job scheduled_job cron schedule rule actor flow dag asset op sensor "
    "command group result_callback callback hook handler listener receiver event on_event on_message subscribe "
    "subscriber consumer register connect lambda_function timer_trigger queue_trigger tool"
)
_KINDS = vocabulary("task on")
"""Names of which the members register, too: ``@task.branch``, ``@client.on.message``."""
_FRAMEWORKS = frozenset({"kopf", "dramatiq", "schedule"})
"""Packages that have no decorators but those that register."""
_REGISTRARS = vocabulary(
    "signal add_signal_handler register subscribe connect add_listener add_job add_handler "
    "add_event_handler add_api_route add_route add_url_rule do add_command schedule on set_handler route "
    "task shared_task command scheduled_job receiver set_defaults"
)
_REGISTRAR_WORDS = frozenset({"register", "handler", "listener", "hook", "subscribe", "callback", "callbacks"})
_OPERATOR_SUFFIXES = ("Operator", "Sensor")
"""Of Airflow's classes: an object of them is a task of a graph, which runs later."""
_KEEPING = vocabulary("append add insert setdefault put")
_STACK_METHODS = frozenset({"callback", "push_async_callback", "push", "push_async_exit"})
CLEANUP_METHODS = frozenset({"__exit__", "__aexit__", "__del__"})
_FINALIZERS = frozenset({"addfinalizer", "addCleanup", "addClassCleanup"})
_EVENTS = frozenset({"event", "_event"})
_CONTEXTS = frozenset({"context", "_context", "ctx", "_ctx", "_"})
_DEPTH = 3


def registering(program: Program, function: Function) -> int | None:
    """Which decorator of a function hands it to something that may call it at any time, by its number."""
    found = (n for n, decorator in enumerate(function.decorators) if _is_registering(program, decorator))
    return next(found, None)


def _is_registering(program: Program, decorator: Term) -> bool:
    own = decorating_function(program, decorator)
    if own is not None and own.parameters:
        return _keeps(program, own, _decorated(own))
    callee = decorator
    match decorator:
        case App(op="call", args=(inner, *_)):
            callee = inner
    if not isinstance(callee, (Attr, Var)):
        return False
    path = (dotted(callee) or last_name(callee)).split(".")
    return path[-1] in _DECORATORS or path[0] in _FRAMEWORKS or not _KINDS.isdisjoint(path[1:-1] or path[:-1])


def _decorated(function: Function) -> Var:
    """The parameter of a decorator that stands for what it decorates."""
    first = function.parameters[0].name
    skipped = len(function.parameters) > 1 and is_receiver(function, first)
    return Var(function.id, function.parameters[1].name if skipped else first)


def _keeps(program: Program, function: Function, given: Term, depth: int = 0) -> bool:
    """Whether a function puts what it is given, or a function of its own around that, where others find it."""

    def is_meant(value: Term) -> bool:
        found = program.resolve(value)
        return value == given or (isinstance(found, Func) and program.functions[found.function].parent == function.id)

    for node in function.graph.nodes:
        match node.operation:
            case Assign(target=target, value=value) if value is not None and any(map(is_meant, walk(value))):
                if _outlives(program, target) and not any(map(is_meant, walk(target))):
                    return True
            case Call() as call:
                operands = (*call.args, *(operand for _, operand in call.keywords))
                if any(map(is_meant, operands)) and (_says_so(call) or _is_kept_by(program, call, is_meant, depth)):
                    return True
    return False


def _says_so(call: Call) -> bool:
    return last_name(call.func) in _KEEPING or is_registration(call)


def _is_kept_by(program: Program, call: Call, is_meant: Callable[[Term], bool], depth: int) -> bool:
    """Whether a call is of a function of the program that keeps what is meant among its arguments."""
    func = program.resolve(call.func)
    function = program.body(func.function) if isinstance(func, Func) and func.function in program.functions else None
    if function is None or not isinstance(func, Func) or depth >= _DEPTH:
        return False
    bound = bind(function, func, call.args, call.keywords)
    return any(_keeps(program, function, place, depth + 1) for place, value in bound.items() if is_meant(value))


def _outlives(program: Program, target: Term) -> bool:
    """Whether what is assigned is found outside of the function that does so."""
    return isinstance(target, (Attr, Item)) or (isinstance(target, Var) and target.scope in program.modules)


def is_registration(call: Call) -> bool:
    """Whether what a call is given runs some time, whatever is known where the call stands."""
    name = last_name(call.func)
    if isinstance(call.func, Result):  # ``app.command()(function)``: a decorator, written as a call
        return name in _DECORATORS
    if name in _REGISTRARS or (name[:1].isupper() and name.endswith(_OPERATOR_SUFFIXES)):
        return True
    return not words(name).isdisjoint(_REGISTRAR_WORDS)


def cleanup_by(call: Call, func: Term) -> str:
    """How what a call is given runs as clean-up, or the empty string; ``func`` is what is called, evaluated."""
    name = last_name(call.func)
    path = dotted(func) or dotted(call.func)
    if path.endswith("atexit.register"):
        return "`atexit`"
    if path.endswith("weakref.finalize"):
        return "`weakref.finalize`"
    if name in _STACK_METHODS and _is_stack(func):
        return f"`ExitStack.{name}`"
    return f"`{name}`" if name in _FINALIZERS else ""


def _is_stack(func: Term) -> bool:
    if not isinstance(func, Attr):
        return False
    return any(words(last_name(part)) & {"stack", "exitstack"} for part in walk(func.base))


def is_serverless(function: Function) -> bool:
    """Whether a function has the signature of a handler: ``def handler(event, context)`` in a module."""
    names = [parameter.name for parameter in function.parameters]
    at_top = function.cls is None and (function.parent or "").endswith(f":{MODULE_BODY}")
    return at_top and len(names) == 2 and names[0] in _EVENTS and names[1] in _CONTEXTS
