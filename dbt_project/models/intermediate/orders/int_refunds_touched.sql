{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    on_schema_change='append_new_columns',
    unique_key=['merchant_id', 'store_id', 'refund_id'],
) }}

-- What refunds were last counted as, as digests, and which of them the invocation found to be otherwise. What an
-- order's goods cost and brought changes with the order itself.
with refunds as (

    select * from {{ ref('int_refunds_attributed') }}

),

parts as (

    select * from {{ ref('int_refund_lines_valued') }}

),

parts_summed as (

    select
        parts.merchant_id,
        parts.store_id,
        parts.refund_id,
        bit_xor(hash_record_extended(row(parts.*), 0)) as parts_digest
    from parts
    group by parts.merchant_id, parts.store_id, parts.refund_id

),

current_refunds as (

    select
        refunds.merchant_id,
        refunds.store_id,
        refunds.refund_id,
        refunds.customer_id,
        hash_record_extended(row(refunds.*, parts_summed.parts_digest), 0) as refund_digest
    from refunds
    left join parts_summed
        on
            refunds.merchant_id = parts_summed.merchant_id
            and refunds.store_id = parts_summed.store_id
            and refunds.refund_id = parts_summed.refund_id

),

earlier_refunds as (

    {% if is_incremental() %}
        select * from {{ this }}
    {% else %}
        select * from current_refunds
        where false
    {% endif %}

)

select
    coalesce(current_refunds.merchant_id, earlier_refunds.merchant_id) as merchant_id,
    coalesce(current_refunds.store_id, earlier_refunds.store_id) as store_id,
    coalesce(current_refunds.refund_id, earlier_refunds.refund_id) as refund_id,
    current_refunds.customer_id,
    earlier_refunds.customer_id as earlier_customer_id,
    current_refunds.refund_digest,
    '{{ invocation_id }}' as touched_by
from current_refunds
full join earlier_refunds
    on
        current_refunds.merchant_id = earlier_refunds.merchant_id
        and current_refunds.store_id = earlier_refunds.store_id
        and current_refunds.refund_id = earlier_refunds.refund_id
where current_refunds.refund_digest is distinct from earlier_refunds.refund_digest
