"""ISO 4217 currencies and how many decimal places an amount in each can have.

Holds the currencies in circulation, and those that were replaced since about 1990 and still stand in histories (`DEM`,
`HRK`, …). Funds, precious metals and test codes (`XAU`, `XTS`, …) are left out on purpose: no shop takes them, and
in an export they are a mistake. Knows no exchange rates.
"""

from collections.abc import Mapping
from types import MappingProxyType

_TWO = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK
DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD
KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"

# Replaced currencies, with the places that shops used, not those that the law once knew.
_HISTORIC_TWO = """
ANG ATS AZM BEF BGL BGN CSD CUC CYP DEM EEK FIM FRF GHC GRD HRK IEP LTL LUF LVL MRO MTL MXP MZM NLG PLZ ROL RUR SDD SIT
SKK SLL SRG STD TMM VEB VEF YUM ZMK ZWD ZWL
"""
_HISTORIC_ZERO = "BYR ESP ITL PTE TRL"

MINOR_DIGITS: Mapping[str, int] = MappingProxyType(
    {
        code: digits
        for digits, codes in ((2, _TWO), (0, _ZERO), (3, _THREE), (2, _HISTORIC_TWO), (0, _HISTORIC_ZERO))
        for code in codes.split()
    }
)
"""Decimal places by currency code."""
