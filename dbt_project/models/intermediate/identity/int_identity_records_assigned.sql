{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='merchant_id',
    on_schema_change='append_new_columns',
    full_refresh=false,
    indexes=[{'columns': ['merchant_id', 'record_id']}, {'columns': ['merchant_id', 'customer_id']}],
) }}

-- The memory of who is who; `--full-refresh` leaves it alone.
with judged as (

    select * from {{ ref('int_identity_keys_judged') }}
    where key_kind = 'platform_id'

),

connected as (

    select * from {{ ref('int_identity_records_connected') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

earlier as (

    {% if is_incremental() %}
        select * from {{ this }}
    {% else %}
        select
            merchant_id,
            record_id,
            record_id as customer_id,
            cast(null as date) as since_date,
            cast(null as jsonb) as previous_customer_ids,
            first_seen_at
        from judged
        where false
    {% endif %}

),

-- Records that are gone keep their place, so that they come back to it.
records as (

    select
        coalesce(judged.merchant_id, earlier.merchant_id) as merchant_id,
        coalesce(judged.record_id, earlier.record_id) as record_id,
        coalesce(judged.first_seen_at, earlier.first_seen_at) as first_seen_at,
        judged.is_merged_away,
        coalesce(connected.component_id, judged.record_id) as component_id,
        judged.record_id is not null as is_present,
        earlier.customer_id as earlier_customer_id,
        earlier.since_date,
        earlier.previous_customer_ids
    from judged
    left join connected
        on
            judged.merchant_id = connected.merchant_id
            and judged.record_id = connected.record_id
    full join earlier
        on
            judged.merchant_id = earlier.merchant_id
            and judged.record_id = earlier.record_id

),

{{ customer_ids_of_components() }},

-- Whoever is gone goes where their customer went.
assigned as (

    select
        records.*,
        coalesce(component_ids.customer_id, gone_to.customer_id, records.earlier_customer_id) as customer_id
    from records
    left join records as named
        on
            records.merchant_id = named.merchant_id
            and records.earlier_customer_id = named.record_id
            and not records.is_present
    left join component_ids
        on
            records.merchant_id = component_ids.merchant_id
            and records.component_id = component_ids.component_id
    left join component_ids as gone_to
        on
            named.merchant_id = gone_to.merchant_id
            and named.component_id = gone_to.component_id

)

select
    assigned.merchant_id,
    assigned.record_id,
    assigned.customer_id,
    case
        when assigned.earlier_customer_id = assigned.customer_id then assigned.since_date
        else merchants.as_of_date
    end as since_date,
    case
        when assigned.earlier_customer_id <> assigned.customer_id
            then
                coalesce(assigned.previous_customer_ids, '[]') - assigned.customer_id
                || to_jsonb(assigned.earlier_customer_id)
        else coalesce(assigned.previous_customer_ids, '[]')
    end as previous_customer_ids,
    assigned.first_seen_at,
    assigned.is_present
from assigned
inner join merchants
    on assigned.merchant_id = merchants.merchant_id
