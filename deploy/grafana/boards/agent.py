"""Agent: whether it is alive and runs in time, what it asks the clouds and what it uses."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build

from boards.frame import frame
from boards.numbers import agent_up
from boards.panels import number, over_time
from boards.status import NONE_IS_GOOD, yes_or_no

HERE = 'job=~"$job"'
OF_CLOUD = f'{HERE},provider=~"$provider"'
RATE = "[$__rate_interval]"
HOURS = "[6h]"
"""For what happens once an hour or a day: in shorter intervals it would come and go."""
REFUSED = 'code!~"2.."'


def agent() -> build.Dashboard:
    """Build the board."""
    board = frame(
        "agent",
        "Agent",
        "Is the agent alive, does it run in time, what does it ask and what does it use?",
        "provider",
    )
    board = _life(board.with_row(build.Row("Alive")))
    board = _runs(board.with_row(build.Row("Runs")))
    board = _requests(board.with_row(build.Row("Requests to the clouds")))
    board = _webhooks(board.with_row(build.Row("Webhooks")))
    return _resources(board.with_row(build.Row("What it uses")))


def _life(board: build.Dashboard) -> build.Dashboard:
    return (
        board.with_panel(agent_up(width=4))
        .with_panel(
            number(
                "Last tick",
                "Age of the last sign of life of the scheduler. Runbook: SchedulerStalled.",
                f"time() - min(assay_scheduler_last_tick_timestamp_seconds{{{HERE}}})",
                width=4,
                unit="s",
                thresholds=("green", (120.0, "orange"), (300.0, "red")),
            )
        )
        .with_panel(
            number(
                "Agents that schedule",
                "Exactly one must. Runbook: LeaderNotSingle.",
                f"sum(assay_scheduler_leader{{{HERE}}})",
                width=4,
                thresholds=("red", (1.0, "green"), (2.0, "red")),
            )
        )
        .with_panel(
            number(
                "Configuration",
                "Whether the configuration on disk is the one in force. Runbook: "
                "ConfigReloadFailed.",
                f"min(assay_config_last_reload_successful{{{HERE}}})",
                width=4,
                words=yes_or_no("In force", "Refused"),
            )
        )
        .with_panel(
            number(
                "Runs not sealed",
                "In the time shown. Each is evidence that is missing. Runbook: SealFailing.",
                f"sum(increase(assay_seal_failures_total{{{HERE}}}[$__range]))",
                width=4,
                decimals=0,
                thresholds=NONE_IS_GOOD,
            )
        )
        .with_panel(
            number(
                "Series left out",
                "Steps of reduction that are taken because the series budget is passed. Runbook: "
                "SeriesReduced.",
                f"sum(assay_series_reduced{{{HERE}}})",
                width=4,
                thresholds=("green", (1.0, "orange")),
            )
        )
    )


def _runs(board: build.Dashboard) -> build.Dashboard:
    buckets = f"rate(assay_run_duration_seconds_bucket{{{OF_CLOUD}}}{HOURS})"
    return (
        board.with_panel(
            over_time(
                "Runs",
                "Runs that ended with a seal in the six hours before, by cloud.",
                {
                    "{{provider}}": "sum by (provider) "
                    f"(increase(assay_run_duration_seconds_count{{{OF_CLOUD}}}{HOURS}))"
                },
                width=8,
            )
        )
        .with_panel(
            over_time(
                "How long runs take",
                "From the first request to the seal: the median, and what one in twenty exceeds.",
                {
                    "{{provider}} median": "histogram_quantile(0.5, "
                    f"sum by (le, provider) ({buckets}))",
                    "{{provider}} 95 %": "histogram_quantile(0.95, "
                    f"sum by (le, provider) ({buckets}))",
                },
                width=8,
                unit="s",
            )
        )
        .with_panel(
            over_time(
                "Slots without a run",
                "By reason, in the six hours before. Each is a gap in the evidence.",
                {
                    "{{reason}}": "sum by (reason) "
                    f"(increase(assay_slots_missed_total{{{HERE}}}{HOURS}))"
                },
                width=8,
            )
        )
    )


def _requests(board: build.Dashboard) -> build.Dashboard:
    family = "assay_cloud_api_requests_total"
    return (
        board.with_panel(
            over_time(
                "Requests, by cloud",
                "All requests to the providers' APIs.",
                {"{{provider}}": f"sum by (provider) (rate({family}{{{OF_CLOUD}}}{RATE}))"},
                width=8,
                unit="reqps",
            )
        )
        .with_panel(
            over_time(
                "Requests, by service",
                "The ten services that are asked most.",
                {
                    "{{provider}} {{cloud_service}}": "topk(10, sum by (provider, cloud_service) "
                    f"(rate({family}{{{OF_CLOUD}}}{RATE})))"
                },
                width=8,
                unit="reqps",
            )
        )
        .with_panel(
            over_time(
                "Requests that were refused",
                "By HTTP status: 403 is a permission, 404 may be the answer that there is "
                "nothing; throttled: the provider asks to be slower; 0: no answer came.",
                {
                    "{{provider}} {{code}}": "sum by (provider, code) "
                    f"(rate({family}{{{OF_CLOUD},{REFUSED}}}{RATE}))"
                },
                width=8,
                unit="reqps",
            )
        )
    )


def _webhooks(board: build.Dashboard) -> build.Dashboard:
    family = "assay_webhook"
    return (
        board.with_panel(
            over_time(
                "Events that were taken",
                "By receiver, in the six hours before.",
                {"{{webhook}}": f"increase({family}_delivered_total{{{HERE}}}{HOURS})"},
                width=8,
            )
        )
        .with_panel(
            over_time(
                "Deliveries that failed",
                "In the six hours before: those that are tried again, and events that were laid "
                "aside because they failed for too long. Runbook: WebhookLate.",
                {
                    "{{webhook}} again": f"increase({family}_failures_total{{{HERE}}}{HOURS})",
                    "{{webhook}} laid aside": f"increase({family}_dead_total{{{HERE}}}{HOURS})",
                },
                width=8,
            )
        )
        .with_panel(
            over_time(
                "Age of the oldest event that waits",
                "By receiver. 0: none waits. Runbook: WebhookLate.",
                {"{{webhook}}": f"time() - {family}_oldest_waiting_timestamp_seconds{{{HERE}}}"},
                width=8,
                unit="s",
            )
        )
    )


def _resources(board: build.Dashboard) -> build.Dashboard:
    return (
        board.with_panel(
            over_time(
                "Memory",
                "Resident memory of the process. It grows with a page of a listing and with the "
                "series, not with an account.",
                {"{{instance}}": f"process_resident_memory_bytes{{{HERE}}}"},
                width=6,
                unit="bytes",
            )
        )
        .with_panel(
            over_time(
                "Processor",
                "Cores in use.",
                {"{{instance}}": f"rate(process_cpu_seconds_total{{{HERE}}}{RATE})"},
                width=6,
            )
        )
        .with_panel(
            over_time(
                "A scrape",
                "How long Prometheus waits for an answer; it gives up after 10 seconds unless it "
                "is told otherwise.",
                {"{{instance}}": f"scrape_duration_seconds{{{HERE}}}"},
                width=6,
                unit="s",
            )
        )
        .with_panel(
            over_time(
                "Series",
                "Of the families that grow with targets: how many there are, would be, and may be.",
                {
                    "told": f"sum(assay_series_told{{{HERE}}})",
                    "wanted": f"sum(assay_series_wanted{{{HERE}}})",
                    "budget": f"sum(assay_series_budget{{{HERE}}})",
                },
                width=6,
            )
        )
    )
