"""What people mean when they type a day, a time, a number, a phone or an identity card number in Chinese.

Pure functions: nothing is looked up, `now` and `today` are given, and no text makes them raise.
"""

from forms.understand.dates import date
from forms.understand.days import Past, label_date
from forms.understand.measures import height_cm, label_yuan, money_fen
from forms.understand.moments import Moment, moment
from forms.understand.numbers import number
from forms.understand.outcome import Ambiguous, Choice, Reading, Unclear, Understood, meanings
from forms.understand.people import IdNumber, Phone, id_number, phone
from forms.understand.times import label_time, time_of_day
from forms.understand.years import YearRange, label_year, year, year_range
from forms.understand.yes_no import yes_no

__all__ = [
    "Ambiguous",
    "Choice",
    "IdNumber",
    "Moment",
    "Past",
    "Phone",
    "Reading",
    "Unclear",
    "Understood",
    "YearRange",
    "date",
    "height_cm",
    "id_number",
    "label_date",
    "label_time",
    "label_year",
    "label_yuan",
    "meanings",
    "moment",
    "money_fen",
    "number",
    "phone",
    "time_of_day",
    "year",
    "year_range",
    "yes_no",
]
