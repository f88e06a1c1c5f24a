{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    on_schema_change='append_new_columns',
    unique_key=['merchant_id', 'term_kind', 'store_id', 'match_id', 'valid_from_date'],
    indexes=[{'columns': ['merchant_id', 'term_kind']}],
) }}

-- What many orders share, with a digest of what it says. A term that is gone stays as a row without a digest.
with merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_ranged') }}

),

costs as (

    select * from {{ ref('int_product_costs_ranged') }}

),

current_terms as (

    select
        merchant_id,
        'declaration' as term_kind,
        '' as store_id,
        '' as match_id,
        cast('-infinity' as date) as valid_from_date,
        cast('infinity' as date) as valid_until_date,
        hash_record_extended(row(time_zone, currency_code, counts_zero_amount_days), 0) as term_digest
    from merchants

    union all

    select
        merchant_id,
        'exchange_rate' as term_kind,
        '' as store_id,
        original_currency_code as match_id,
        valid_from_date,
        valid_until_date,
        hash_record_extended(row(valid_until_date, exchange_rate), 0) as term_digest
    from exchange_rates

    union all

    select
        merchant_id,
        match_kind as term_kind,
        store_id,
        match_id,
        valid_from_date,
        valid_until_date,
        hash_record_extended(row(valid_until_date, unit_cost_amount, original_currency_code), 0) as term_digest
    from costs

),

earlier_terms as (

    {% if is_incremental() %}
        select * from {{ this }}
    {% else %}
        select
            *,
            '' as touched_by
        from current_terms
        where false
    {% endif %}

)

-- Touched are the days on which it holds, and those on which it held.
select
    coalesce(current_terms.merchant_id, earlier_terms.merchant_id) as merchant_id,
    coalesce(current_terms.term_kind, earlier_terms.term_kind) as term_kind,
    coalesce(current_terms.store_id, earlier_terms.store_id) as store_id,
    coalesce(current_terms.match_id, earlier_terms.match_id) as match_id,
    coalesce(current_terms.valid_from_date, earlier_terms.valid_from_date) as valid_from_date,
    greatest(current_terms.valid_until_date, earlier_terms.valid_until_date) as valid_until_date,
    current_terms.term_digest,
    '{{ invocation_id }}' as touched_by
from current_terms
full join earlier_terms
    on
        current_terms.merchant_id = earlier_terms.merchant_id
        and current_terms.term_kind = earlier_terms.term_kind
        and current_terms.store_id = earlier_terms.store_id
        and current_terms.match_id = earlier_terms.match_id
        and current_terms.valid_from_date = earlier_terms.valid_from_date
where current_terms.term_digest is distinct from earlier_terms.term_digest
