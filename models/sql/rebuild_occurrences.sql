-- DuckDB. Where the records of one stream stand in one store's batches, and what each occurrence meant for landing.
--
-- batches:        batch_number, batch_id, is_snapshot, loaded_at, filename and gone_filename (null: the batch has none)
-- records, gone:  the stream's records, and the keys that were confirmed to be gone, each with the file's name
-- protections:    batch_number, record_key: batches that must not delete a key, because its record was rejected
-- parent_states:  of parts only: the parent's key, batch_number and state (read, echo, gone)
create or replace temporary table occurrences as
with
counted as (
    select
        *,
        count(*) filter (where is_snapshot) over (order by batch_number) as snapshot_count,
        min(batch_number) filter (where is_snapshot) over (
            order by batch_number rows between 1 following and unbounded following
        ) as next_snapshot
    from batches
)

select
    {keys},
    concat_ws('/', {keys}) as record_key,
    records.content_hash,
    {updated_at} as updated_at,
    counted.batch_number,
    counted.is_snapshot,
    counted.snapshot_count,
    counted.next_snapshot
from records
inner join counted on records.filename = counted.filename;

-- What is told to be gone, key by key. A record that stands in the batch as well was there when it was read.
create or replace temporary table confirmed as
select distinct
    {gone_keys},
    batches.batch_number,
    batches.is_snapshot
from gone
inner join batches on gone.filename = batches.gone_filename
anti join occurrences using ({keys}, batch_number);

-- The parts of a late echo change as little as the echo itself.
{leave_out_echoed};

create or replace temporary table absences as
select
    {keys},
    batch_number
from confirmed
{union_vanished};

create or replace temporary table followed as
with
ordered as (
    select
        *,
        lag(batch_number) over by_key as previous_number,
        -- Snapshots between this occurrence and the one before it, in which the record was absent.
        snapshot_count - is_snapshot::integer - lag(snapshot_count) over by_key as absence_count,
        lead(batch_number) over by_key is null as is_last
    from occurrences
    window by_key as (partition by {keys} order by batch_number)
),

-- Only keys that were rejected at some time; few, so the inequalities cost little.
excused as (
    select
        {ordered_keys},
        ordered.batch_number,
        count(*) as excused_count
    from ordered
    inner join protections
        on
            ordered.record_key = protections.record_key
            and ordered.previous_number < protections.batch_number
            and ordered.batch_number > protections.batch_number
    inner join batches on protections.batch_number = batches.batch_number and batches.is_snapshot
    group by all
),

told as (
    select
        {ordered_keys},
        ordered.batch_number,
        true as is_told
    from ordered
    inner join absences using ({keys})
    where ordered.previous_number < absences.batch_number and ordered.batch_number > absences.batch_number
    group by all
),

-- Whether the warehouse had no live row of the record when this occurrence came.
revived as (
    select
        ordered.*,
        ordered.previous_number is null
        or ordered.absence_count > coalesce(excused.excused_count, 0)
        or coalesce(told.is_told, false) as is_revival
    from ordered
    left join excused using ({keys}, batch_number)
    left join told using ({keys}, batch_number)
),

-- Within an epoch every occurrence was held against the newest time before it.
epochs as (
    select
        *,
        count(*) filter (where is_revival or is_snapshot or updated_at is null) over (
            partition by {keys} order by batch_number rows unbounded preceding
        ) as epoch
    from revived
)

select
    *,
    coalesce(
        updated_at < max(updated_at) over (
            partition by {keys}, epoch order by batch_number rows between unbounded preceding and 1 preceding
        ),
        false
    ) as is_echo
from epochs
