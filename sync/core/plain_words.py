"""Plain English words in which systems refuse something. None of them, in small letters, is what
people, streets or places are called."""

from typing import Final

_GENERAL: Final = """
a able about above accepted access accessed added after again all allowed already also an and
another any are as assigned at be because been before begin being below between both but by
calculated called can cancel canceled cancelled cannot caused change changed changes changing
check combination complete completed condition conflict conflicts consequently contain contains
corrected could create created currently database deactivated decimal deleted deleting denied
details determined did different disabled do does done down due during each edit editing either
element empty end ended ends enough enter entered entry equal error errors exceed exceeded
exceeds exist existing exists expected failed failure fault filled filter find fit for format
found from general given greater has have higher identical if in inactive incomplete incorrect
info inserted insufficient internal into invalid is it its know known larger least length less
limit locked logic long longer lower made make mandatory match matches matching maximum may
meanwhile message method minimum missing modified more most must name named need needed negative
new no non none not nothing occurred of off on once one only open operation or other out outside
over own parameter part per perform performed permission please positive possible previous
privilege problem process processed processing provided published range reached read reason
reference referenced refused rejected related released removed reported request requested
require required requires resource resources result retry role same saved see selected selecting
server service set should sign simultaneously since size so some something source specified
specify start started state stopped submitted such supported system temporarily than that the
their them then there these this those through time timeout to today too try type unable
unavailable under unexpected unique unknown unless until update updated upon use used user users
using valid validate validated validation value values view violation waiting was were what when
where whether which while whole with within without write wrong yet you your
"""

GENERAL: Final = frozenset(_GENERAL.split())

TITLES: Final = frozenset(
    ["dr", "dres", "fr", "hr", "jr", "mag", "mr", "mrs", "ms", "mx", "prof", "rev", "sr", "st"]
)
INITIALS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""What belongs to a name and may end with a dot that ends no sentence."""

ALSO_NAMES: Final = frozenset(["day", "long", "may", "page"])
"""General words that are people's names with a capital, and with which no message begins."""
