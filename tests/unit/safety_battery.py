"""The checks of `safety_rule_checks` and `safety_motion_checks`, by name, the quick ones first."""

from __future__ import annotations

from collections.abc import Callable

from tests.unit import safety_motion_checks as motion
from tests.unit import safety_rule_checks as rules
from tests.unit.safety_rule_checks import Layer

_RULES = (rules.untouched, rules.hold_rules, rules.states_not_used, rules.hard_pushes, rules.retreat)
_MOTION = (motion.told, motion.rests, motion.scales, motion.singular, motion.slides, motion.swings)
_SLOWER = (motion.tilts, motion.joints, rules.drag, motion.walls, motion.long_stops, rules.blocked)
_ALL = (*_RULES, *_MOTION, *_SLOWER, motion.speeds)
BATTERY: dict[str, Callable[[Layer], None]] = {f.__name__: f for f in _ALL}
