{{ config(indexes=[{'columns': ['merchant_id', 'movement_date']}]) }}

with movements as (

    select * from {{ ref('fct_gift_card_movements') }}

),

merchants as (

    select * from {{ ref('stg_ops__merchants') }}

),

exchange_rates as (

    select * from {{ ref('int_exchange_rates_ranged') }}

),

converted as (

    select
        movements.*,
        merchants.currency_code,
        {{ amount_in_merchant_currency(
            'movements.original_amount',
            'movements.original_currency_code',
            'merchants.currency_code',
            'exchange_rates.exchange_rate'
        ) }} as amount
    from movements
    inner join merchants
        on movements.merchant_id = merchants.merchant_id
    left join exchange_rates
        on
            movements.merchant_id = exchange_rates.merchant_id
            and movements.original_currency_code = exchange_rates.original_currency_code
            and movements.movement_date >= exchange_rates.valid_from_date
            and movements.movement_date < exchange_rates.valid_until_date
    where movements.movement_date <= merchants.as_of_date

),

days as (

    select
        merchant_id,
        movement_date,
        currency_code,
        coalesce(sum(amount) filter (where movement_kind in ('sold', 'taken_back')), 0) as sold_amount,
        -coalesce(sum(amount) filter (where movement_kind in ('redeemed', 'restored')), 0) as redeemed_amount
    from converted
    group by merchant_id, movement_date, currency_code

)

select
    merchant_id,
    movement_date,
    {{ money('sold_amount') }} as sold_amount,
    {{ money('redeemed_amount') }} as redeemed_amount,
    {{ money('sum(sold_amount - redeemed_amount) over (partition by merchant_id order by movement_date)') }}
        as outstanding_amount,
    currency_code
from days
