"""Works through the tasks of a collection with threads, and hands over each part when it is whole.

A few lanes take the tasks in their order, one each; the facets of a lane's page are fetched by
the workers that all lanes share. The order puts whatever a task waits for before it, so the
oldest task that is not done never waits for a younger one, and the lanes cannot lock each other.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice

from msgspec.structs import replace

from checks.calls import Caller, gap_of
from checks.facets import Detailed, Workers, add_facets
from checks.itinerary import Key, Task
from checks.joins import CHUNK, Held, Index
from checks.model import Check, Gap, Join, Observation, Resource
from checks.rows import Doubt, Page, context, invalid, merged, read_children, read_listing
from checks.template import fill_text

PARTS = 1
"""Parts that wait for whoever takes them; lanes stand still when there are as many."""

MOST_LANES = 6
"""Lanes at most."""


PAGES = 2
"""Long pages that lanes may hold at once, from the request until the part is handed over."""

SHORT = 100
"""Resources up to which a page is short: however many lanes hold one, it is little memory."""


class Room:
    """Bounds what the lanes hold, so that memory grows with a page and not with their number.

    A listing is taken for long until a page of it was seen to be short. Thread-safe.
    """

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(PAGES)
        self._short: set[str] = set()

    @contextmanager
    def for_page_of(self, check: str) -> Iterator[ExitStack]:
        """Wait for room for one page; closing what is given makes room before the end."""
        with ExitStack() as taken:
            if check not in self._short:
                taken.enter_context(self._free)
            yield taken

    def had(self, check: str, page: Page) -> bool:
        """Note how long a page was; whether it was short."""
        short = len(page.resources) <= SHORT
        (self._short.add if short else self._short.discard)(check)
        return short


class Crew:
    """The threads of one collection."""

    def __init__(
        self,
        caller: Caller,
        checks: Mapping[str, Check],
        wanted: Mapping[str, frozenset[str]],
        tasks: Sequence[Task],
        *,
        unknown: Mapping[str, Gap],
        threads: int,
    ) -> None:
        """Hire `threads` in all: a quarter of them lanes at most, the others workers.

        `unknown`: why it is not known where a check is to be looked at.
        """
        self.finished: set[Key] = set()
        self._caller = caller
        self._checks = checks
        self._wanted = wanted
        self._tasks = tasks
        self._unknown = unknown
        self._held: dict[Key, Future[Held]] = {task_key(t): Future() for t in tasks if t.hold}
        self._readers = Counter(key for task in tasks for key in task.after)
        self._lock = threading.Lock()
        self._parts: queue.Queue[Observation | int] = queue.Queue(maxsize=PARTS)
        self._left = threading.Event()
        self._room = Room()
        lanes = min(MOST_LANES, max(1, threads // 4))
        workers = max(1, threads - lanes)
        self._lanes = ThreadPoolExecutor(lanes, "assay-lane")
        self._workers = Workers(
            pool=ThreadPoolExecutor(workers, "assay-worker"), share=max(1, workers // 2)
        )

    def work(self) -> Iterator[Observation]:
        """Every part of every task. An error that is no `CallError` of a call is raised here."""
        doing = [
            self._lanes.submit(self._carry_out, number, task)
            for number, task in enumerate(self._tasks)
        ]
        running = len(doing)
        while running:
            part = self._parts.get()
            if isinstance(part, Observation):
                yield part
            else:
                running -= 1
                doing[part].result()
            del part  # or it would be kept until the next one has come

    def disband(self) -> None:
        """Let the threads go; what has not begun never does."""
        self._left.set()
        self._lanes.shutdown(wait=False, cancel_futures=True)
        self._workers.pool.shutdown(wait=False, cancel_futures=True)

    def _carry_out(self, number: int, task: Task) -> None:
        # The lane itself says that it is done: a callback of the future would run in the thread
        # that takes the parts when the task is quicker than it, and wait there for itself.
        try:
            self._run(task)
        finally:
            self._put(number)

    def _put(self, part: Observation | int) -> None:
        while not self._left.is_set():
            try:
                self._parts.put(part, timeout=0.2)
            except queue.Full:
                continue
            return

    def _run(self, task: Task) -> None:
        if self._left.is_set() or self._caller.closed:
            self._abandon(task)
            return
        try:
            self._hold(task) if task.hold else self._observe(task)
        finally:
            self._abandon(task)
            self._release(task)

    def _abandon(self, task: Task) -> None:
        """A kept listing that will not come is an empty one: the target is closed, or we are."""
        if task.hold and not self._held[task_key(task)].done():
            self._held[task_key(task)].set_result(Held())

    def _release(self, task: Task) -> None:
        """Drop the kept listings that nobody will read any more."""
        with self._lock:
            for key in task.after:
                self._readers[key] -= 1
                if not self._readers[key]:
                    del self._held[key]

    def _kept(self, name: str, region: str) -> Held:
        return self._held[name, region].result()

    def _hold(self, task: Task) -> None:
        check = self._checks[task.check]
        held = Held()
        pages = self._fresh(check, task.region)
        while not self._left.is_set():
            with self._room.for_page_of(check.name):
                page = next(pages, None)
                if page is None:
                    break
                held.add(page)
                self._room.had(check.name, page)
                del page
        self._held[task_key(task)].set_result(held)

    def _observe(self, task: Task) -> None:
        check = self._checks[task.check]
        wanted = self._wanted[task.check]
        facets = [facet for facet in check.facets if facet.name in wanted]
        joins = [join for join in check.joins if join.name in wanted]
        indexes = [self._index(join, task.joined[join.name]) for join in joins]
        missing = Held()
        seen = False
        pages = self._pages(check, task)
        while not self._left.is_set():
            with self._room.for_page_of(check.name) as room:
                page = next(pages, None)
                if page is None:
                    break
                if self._room.had(check.name, page):
                    room.close()
                detailed = add_facets(self._caller, check, facets, page.resources, self._workers)
                if self._caller.closed or self._left.is_set():
                    return
                missing.add(Page(resources=tuple(one.resource for one in detailed if one.lost)))
                self._put(_part(task, page, detailed, indexes))
                del page, detailed  # the page after them needs the memory
            seen = True
        for part in self._looked_again(check, task, missing, indexes):
            self._put(part)
        if not seen:
            self._put(Observation(check=check.name, region=task.region))
        if not self._caller.closed:
            self.finished.add(task_key(task))

    def _index(self, join: Join, sources: Sequence[Key]) -> Index:
        """The rows of a join; with the gap of not knowing where they are."""
        held = [self._kept(*key) for key in sources]
        if join.check in self._unknown:
            held.append(Held([Page(gaps=(self._unknown[join.check],))]))
        return Index(join, held)

    def _pages(self, check: Check, task: Task) -> Iterator[Page]:
        if check.list is None:
            return iter([self._singleton(check, task.region)])
        if task_key(task) in self._held:
            return self._kept(check.name, task.region).pages()
        return self._fresh(check, task.region)

    def _fresh(self, check: Check, region: str) -> Iterator[Page]:
        """The listing as the provider gives it now; parents are waited for before its first page.

        Whoever waited for them later would have room for a page that they may need.
        """
        if not check.parent:
            pages = read_listing(self._caller, check, region)
        else:
            pages = self._children(check, region, self._kept(check.parent, region))
        return self._settled(check, region, pages) if check.parent or check.batch else pages

    def _settled(self, check: Check, region: str, pages: Iterator[Page]) -> Iterator[Page]:
        """The pages, and then a gap for each doubt about what is still listed.

        Many services say `NoSuchEntity` or `ResourceNotFoundException` for a part that is not
        there just as for the whole.
        """
        doubts: list[Doubt] = []

        def noted(page: Page) -> Page:
            doubts.extend(page.doubts)
            return page

        yield from map(noted, pages)  # which keeps no page while the next one comes
        kept: list[Gap] = []
        for name in sorted({doubt.check for doubt in doubts}):
            # The listing that the parents of a parent are kept in may be gone by now.
            far = name != check.name and self._checks[name].parent
            about = [doubt for doubt in doubts if doubt.check == name]
            asked = {one.id for one in about}
            listed = None if far else self._listed(self._checks[name], region, asked)
            kept += [one.gap for one in about if listed is None or one.id in listed]
        if kept:
            yield Page(gaps=tuple(kept))

    def _listed(self, check: Check, region: str, asked: set[str]) -> set[str] | None:
        """Those of the ids `asked` that are listed now; None when the list is not whole."""
        found: set[str] = set()
        for page in self._fresh(replace(check, batch=None), region):
            if page.gaps:
                return None
            found.update(one.id for one in page.resources if one.id in asked)
        return found

    def _children(self, check: Check, region: str, parents: Held) -> Iterator[Page]:
        for gap in parents.gaps:
            yield Page(gaps=(replace(gap, check=check.name),))
        waiting = parents.resources()
        while some := list(islice(waiting, CHUNK)):
            yield merged(
                self._workers.pool.map(
                    lambda parent: read_children(self._caller, check, region, parent), some
                )
            )

    def _singleton(self, check: Check, region: str) -> Page:
        names = context(self._caller, region, None)
        attributes = {"AccountId": names["account"], "Partition": names["partition"]}
        if region:
            attributes["Region"] = region
        try:
            identity = fill_text(check.id, {**attributes, **names})
            label = fill_text(check.label, {**attributes, **names}) if check.label else identity
        except ValueError as error:
            return Page(gaps=(gap_of(check.name, invalid(error), region=region),))
        resource = Resource(
            check=check.name, id=identity, label=label, region=region, attributes=attributes
        )
        return Page(resources=(resource,))

    def _looked_again(
        self, check: Check, task: Task, missing: Held, indexes: Sequence[Index]
    ) -> Iterator[Observation]:
        """List again, to tell what was deleted from what merely answers "not found"."""
        if not len(missing):
            return
        listed = self._listed(check, task.region, {one.id for one in missing.resources()})
        for page in missing.pages():
            kept = [one for one in page.resources if listed is None or one.id in listed]
            yield Observation(
                check=check.name,
                region=task.region,
                resources=tuple(_attached(resource, indexes) for resource in kept),
                vanished=tuple(sorted({one.id for one in page.resources} - {o.id for o in kept})),
            )


def task_key(task: Task) -> Key:
    """The check and region of a task."""
    return (task.check, task.region)


def _part(
    task: Task, page: Page, detailed: Sequence[Detailed], indexes: Sequence[Index]
) -> Observation:
    return Observation(
        check=task.check,
        region=task.region,
        resources=tuple(_attached(one.resource, indexes) for one in detailed if not one.lost),
        gaps=page.gaps,
    )


def _attached(resource: Resource, indexes: Sequence[Index]) -> Resource:
    for index in indexes:
        resource = index.attach(resource)
    return resource
