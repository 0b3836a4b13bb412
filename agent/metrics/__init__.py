"""What Prometheus scrapes: the state of controls, read from the sealed log when it is asked for.

`freshness` decides what is known of every expected pair; `budget` how much of it is told;
`families` and `wide` give it its form; `render` writes it; `vitals` are the agent's own counters.
"""

from agent.metrics.collector import StoreCollector
from agent.metrics.render import choose_renderer
from agent.metrics.vitals import Vitals

__all__ = ["StoreCollector", "Vitals", "choose_renderer"]
