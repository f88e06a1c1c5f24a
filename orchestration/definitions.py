"""Everything that Dagster serves: the assets of each stage, the nightly job with its schedule, and the alarm."""

import dagster as dg

from orchestration import defs as stages
from orchestration.automation import failed_run_alert, nightly_schedule
from orchestration.freshness import with_freshness
from orchestration.logs import configure_logs
from orchestration.lost_runs import lost_runs_sensor
from orchestration.manifest import dbt_resource, load_manifest
from orchestration.resources import DeploymentResource
from orchestration.settings import current_settings
from orchestration.standing_views import lasting_views
from orchestration.waiting_messages import messages_job, messages_schedule

configure_logs(current_settings().log_level)

assets = with_freshness(dg.load_assets_from_package_module(stages), standing=lasting_views(load_manifest()))
nightly_job = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Read, land, transform, predict, publish and deliver, for the merchants that the run names.",
    executor_def=dg.in_process_executor,
)

defs = dg.Definitions(
    assets=assets,
    jobs=[nightly_job, messages_job],
    schedules=[nightly_schedule(nightly_job), messages_schedule],
    sensors=[failed_run_alert, lost_runs_sensor],
    resources={"deployment": DeploymentResource(), "dbt": dbt_resource()},
    executor=dg.in_process_executor,
)
