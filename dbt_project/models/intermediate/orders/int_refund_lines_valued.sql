{{ config(materialized='view') }}

with parts as (

    select * from {{ ref('int_refund_lines_unioned') }}

),

refunds as (

    select * from {{ ref('int_refunds_unified') }}

),

terms as (

    select * from {{ ref('int_refunds_reconciled') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_ranged') }}

),

rated as (

    select
        refunds.*,
        exchange_rates.exchange_rate,
        refunds.original_amount - terms.tax_amount - terms.included_tax_amount as original_net_amount
    from refunds
    inner join terms
        on
            refunds.merchant_id = terms.merchant_id
            and refunds.store_id = terms.store_id
            and refunds.refund_id = terms.refund_id
    left join exchange_rates
        on
            refunds.merchant_id = exchange_rates.merchant_id
            and refunds.original_currency_code = exchange_rates.original_currency_code
            and refunds.refund_date >= exchange_rates.valid_from_date
            and refunds.refund_date < exchange_rates.valid_until_date
    where refunds.is_eligible

),

-- Gift cards and tips were no revenue, so that giving them back takes nothing off it.
counted as (

    select
        *,
        case when is_gift_card or is_tip then 0 else line_amount + tax_amount end as counted_amount,
        case when is_gift_card or is_tip then 0 else line_amount - included_tax_amount end as counted_net_amount
    from parts

)

select
    rated.merchant_id,
    rated.store_id,
    rated.refund_id,
    coalesce(counted.refund_line_id, 'rest') as refund_line_id,
    coalesce(counted.line_kind, 'rest') as line_kind,
    rated.order_id,
    case when counted.line_kind = 'product' then counted.line_id end as line_id,
    counted.quantity,
    {%- for term in ['amount', 'net_amount'] %}
        {{ amount_in_merchant_currency(
            'coalesce(counted.counted_' ~ term ~ ', 0)',
            'rated.original_currency_code',
            'rated.currency_code',
            'rated.exchange_rate'
        ) }} as {{ term }},
    {%- endfor %}
    rated.amount as refund_amount,
    {{ amount_in_merchant_currency(
        'rated.original_net_amount', 'rated.original_currency_code', 'rated.currency_code', 'rated.exchange_rate'
    ) }} as refund_net_amount,
    rated.currency_code
from rated
left join counted
    on
        rated.merchant_id = counted.merchant_id
        and rated.store_id = counted.store_id
        and rated.refund_id = counted.refund_id
