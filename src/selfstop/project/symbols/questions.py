"""What the analysis asked of a program and could not be told, because it is not loaded yet.

The answers come with the next round of loading (`loading.answers`, and `loading.calling` for what is ``spoken``); until
then, what was asked for counts as unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from selfstop.flow.terms import Var


@dataclass(frozen=True)
class Crowded:
    """Names of which so many files speak that these are not all looked at: nothing is known of them in general."""

    classes: frozenset[str] = frozenset()
    """Of exceptions, as far as it matters where they are raised."""

    attributes: frozenset[str] = frozenset()
    """As far as it matters what held wherever they were bound."""

    readings: frozenset[str] = frozenset()
    """Of attributes, as far as it matters where what they hold is called."""

    variables: frozenset[Var] = frozenset()
    """Of modules, as far as it matters what held wherever they were bound."""

    tables: frozenset[Var] = frozenset()
    """Of modules, as far as it matters whether anything changes them."""


@dataclass
class Questions:
    """Collects while ``open``: before, nobody has decided yet which functions matter."""

    open: bool = False
    functions: set[str] = field(default_factory=set)
    """Functions whose bodies were left out."""

    imports: set[str] = field(default_factory=set)
    """Dotted names that lead to no module that is loaded."""

    attributes: set[tuple[str, str]] = field(default_factory=set)
    """Names of attributes, each with a module in which it may be bound; of any module where that is empty."""

    bindings: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    """Names of attributes, for all files that bind them and mention one of certain names."""

    readings: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    """The same, for all files that read them."""

    sources: set[str] = field(default_factory=set)
    """Dotted names that lead to no module that is loaded: of decorators, and of what an instance id comes from."""

    calls: set[str] = field(default_factory=set)
    """Names of functions and classes, for all places where they are called."""

    spoken: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    """Modules, each with names: all of its functions matter that speak one of these."""

    lookups: set[tuple[str, str]] = field(default_factory=set)
    """Modules that look up names when they are asked for, each with such a name."""

    variables: set[Var] = field(default_factory=set)
    """Variables of modules, for all places where they are bound."""

    rebindings: set[Var] = field(default_factory=set)
    """Variables of modules, for all files that import the module and bind them."""

    tables: set[Var] = field(default_factory=set)
    """Variables of modules, for all places where what they hold may be changed."""

    classes: set[str] = field(default_factory=set)
    """Names of classes, for all places where objects of them are made."""

    def body_of(self, function: str) -> None:
        """Ask what a function does."""
        if self.open:
            self.functions.add(function)

    def imported(self, dotted: str) -> None:
        """Ask what an imported name means."""
        if self.open:
            self.imports.add(dotted)

    def source(self, dotted: str) -> None:
        """Ask what an imported name means, whatever imports it: a decorator, or what an instance id comes from."""
        if self.open:
            self.sources.add(dotted)

    def call_of(self, name: str) -> None:
        """Ask what a function of that name is given."""
        if self.open:
            self.calls.add(name)

    def attribute(self, name: str, module: str = "") -> None:
        """Ask where attributes of that name are bound."""
        if self.open:
            self.attributes.add((name, module))

    def binding(self, name: str, near: Iterable[str]) -> None:
        """Ask where attributes of that name are bound, in whichever file mentions one of the names ``near``."""
        if self.open:
            self.bindings.add((name, frozenset(near)))

    def reading(self, name: str, near: Iterable[str]) -> None:
        """Ask where attributes of that name are read, in whichever file mentions one of the names ``near``."""
        if self.open:
            self.readings.add((name, frozenset(near)))

    def speaking(self, module: str, names: frozenset[str]) -> None:
        """Ask which functions of a module speak one of ``names``."""
        if self.open:
            self.spoken.add((module, names))

    def looked_up(self, module: str, name: str) -> None:
        """Ask what a module means by a name that it does not have."""
        if self.open and not name.startswith("__"):
            self.lookups.add((module, name))

    def variable(self, variable: Var) -> None:
        """Ask where a variable of a module is bound."""
        if self.open:
            self.variables.add(variable)

    def rebinding(self, variable: Var) -> None:
        """Ask where a variable of a module is bound by way of an import."""
        if self.open:
            self.rebindings.add(variable)

    def table(self, variable: Var) -> None:
        """Ask where what a variable of a module holds may be changed."""
        if self.open:
            self.tables.add(variable)

    def made(self, cls: str) -> None:
        """Ask where objects of classes of that name are made."""
        if self.open:
            self.classes.add(cls)
