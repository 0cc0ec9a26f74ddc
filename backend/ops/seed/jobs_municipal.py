"""Places at municipalities, and the short ones: prao, holiday jobs and training places. No text here names a risk that
its form forbids."""

from backend.ops.seed.jobs import Job
from backend.ops.seed.jobs_services import CARETAKER, COOK, IT_SUPPORT

SCHOOL = ("apl", "larling", "praktik")

CARE = Job(
    titles=("Undersköterska på äldreboende", "Vård och omsorg, särskilt boende", "Hemtjänst, dagtid"),
    occupation="5321",
    programmes=("VO",),
    forms=(*SCHOOL, "larlingsvux"),
    opening=("Här arbetar du nära dem som bor hos oss.", "Du följer en handledare på en avdelning med tolv boende."),
    tasks=(
        "Du hjälper till med morgonrutiner, måltider och promenader.",
        "Du lär dig dokumentera i omsorgssystemet.",
        "Du är med när arbetsterapeuten provar ut hjälpmedel.",
        "Du planerar en aktivitet för gruppen och genomför den.",
    ),
    good=("Du är varm, lugn och respektfull.", "Du talar svenska så att du förstår och blir förstådd."),
    skills=("omvårdnad", "bemötande", "dokumentation"),
    hazards=("INFECTION",),
)
CHILDCARE = Job(
    titles=("Barnskötare på förskola", "Förskola, småbarnsavdelning"),
    occupation="5311",
    programmes=("BF",),
    forms=(*SCHOOL, "larlingsvux"),
    opening=("Du är med en barngrupp på sjutton barn och tre pedagoger.",),
    tasks=(
        "Du leker, läser och tröstar.",
        "Du planerar en samling och genomför den.",
        "Du är med på utedagar i skogen.",
        "Du ser hur föräldrasamtal förbereds.",
    ),
    good=("Utdrag ur belastningsregistret visas upp före start.",),
    skills=("barn", "pedagogik", "bemötande"),
)
PARK = Job(
    titles=("Parkarbetare", "Trädgårdsanläggare i kommunens park"),
    occupation="6113",
    programmes=("NB",),
    forms=("apl", "praktik"),
    opening=("Parkgruppen sköter rabatter, träd och lekplatser.",),
    tasks=(
        "Du planterar, gallrar och vattnar.",
        "Du lägger kantsten runt en ny rabatt.",
        "Du lär dig känna igen träd och ogräs.",
        "Du kontrollerar lekplatser med protokoll.",
    ),
    good=("Du trivs utomhus.",),
    skills=("växter", "trädgård", "anläggning"),
)

PRAO: tuple[Job, ...] = (
    Job(
        ("Prao i verkstaden", "Prao: se hur det tillverkas"),
        "8213",
        (),
        ("prao",),
        ("Under praon följer du ett jobb från ritning till leverans.",),
        (
            "Du provar att montera och mäta vid ett säkert bord.",
            "Du intervjuar tre personer om deras yrken.",
            "Du är aldrig vid en maskin i drift.",
            "Du hjälper till att packa och märka.",
            "Sista dagen visar du en kort presentation.",
        ),
        ("Nyfikenhet räcker. Ta med matlåda.",),
        ("nyfikenhet",),
    ),
    Job(
        ("Prao i butik och lager", "Prao på lagret"),
        "4322",
        (),
        ("prao",),
        ("Du får prova hela vägen från inlastning till kund.",),
        (
            "Du packar upp och sorterar varor.",
            "Du plockar en order med handdator.",
            "Du möter kunder tillsammans med din handledare.",
            "Du bygger en skyltning.",
        ),
        ("Bekväma skor är bra.",),
        ("service",),
    ),
    Job(
        ("Prao på kontor och it", "Prao: it i vardagen"),
        "3512",
        (),
        ("prao",),
        ("Du ser hur it håller igång en arbetsplats.",),
        (
            "Du skruvar isär en gammal dator och sätter ihop den igen.",
            "Du svarar på ett enkelt ärende.",
            "Du provar att programmera en liten robot.",
            "Du följer med en tekniker ut i huset.",
        ),
        ("Inga förkunskaper.",),
        ("datorvana",),
    ),
)
PRAO_MUNICIPAL: tuple[Job, ...] = (
    Job(
        ("Prao på förskola",),
        "5311",
        (),
        ("prao",),
        ("Du är med i barngruppen under hela veckan.",),
        (
            "Du läser, leker och dukar.",
            "Du hjälper till på utflykten.",
            "Du ser hur dagen planeras.",
            "Du hjälper till i köket.",
        ),
        ("Du tycker om barn.",),
        ("barn",),
    ),
    Job(
        ("Prao i skolköket", "Prao i måltidsservice"),
        "9412",
        (),
        ("prao",),
        ("Du lagar mat till många.",),
        (
            "Du skalar, skär och rör om.",
            "Du gör i ordning salladsbordet.",
            "Du lär dig om allergier och hygien.",
            "Du diskar och torkar av.",
        ),
        ("Hår uppsatt och rena händer.",),
        ("matlagning",),
    ),
)
SUMMER: tuple[Job, ...] = (
    Job(
        ("Feriejobb i parkgruppen", "Feriejobb: rabatter och lekplatser"),
        "6113",
        (),
        ("feriejobb",),
        ("Ni är sex ungdomar och en arbetsledare.",),
        (
            "Du rensar, vattnar och räfsar.",
            "Du målar bänkar och staket.",
            "Du plockar skräp vid badplatserna.",
            "Du lär dig handverktygen.",
        ),
        ("Kläder efter väder.",),
        ("trädgård",),
    ),
    Job(
        ("Feriejobb på äldreboende", "Feriejobb: sällskap för äldre"),
        "5330",
        (),
        ("feriejobb",),
        ("Du gör dagarna roligare för dem som bor på boendet.",),
        (
            "Du läser tidningen högt, spelar spel och går promenader.",
            "Du dukar och dricker kaffe tillsammans med de boende.",
            "Du ordnar en frågesport.",
            "Du hjälper till med utflykter.",
        ),
        ("Du är vänlig och tålmodig. Omvårdnad sköter personalen.",),
        ("bemötande",),
    ),
    Job(
        ("Feriejobb på fritidsgård", "Feriejobb: sommarkul för barn"),
        "3423",
        (),
        ("feriejobb",),
        ("Ni ordnar dagläger för barn i lågstadiet.",),
        (
            "Du leder lekar och bollspel.",
            "Du förbereder material och fika.",
            "Du tar emot barnen på morgonen.",
            "Du städar och stänger tillsammans med ledaren.",
        ),
        ("Du är van vid barn.",),
        ("barn", "service"),
    ),
)
SUMMER_COMPANY: tuple[Job, ...] = (
    Job(
        ("Feriejobb på lagret", "Feriejobb: packning och märkning"),
        "9320",
        (),
        ("feriejobb",),
        ("Du packar varor medan de fast anställda har semester.",),
        (
            "Du sorterar, packar och märker.",
            "Du fyller på emballage.",
            "Du räknar in returer.",
            "Du håller rent och snyggt.",
        ),
        ("Du orkar stå och gå hela dagen.",),
        ("lager",),
    ),
    Job(
        ("Feriejobb: gård och förråd", "Feriejobb hos vaktmästaren"),
        "9622",
        (),
        ("feriejobb",),
        ("Du hjälper vaktmästaren att hålla hus och gård i ordning.",),
        (
            "Du målar, krattar och bär lätt gods.",
            "Du sorterar verktyg i förrådet.",
            "Du märker hyllor.",
            "Du tvättar bord och stolar i matsalen.",
        ),
        ("Inga förkunskaper.",),
        ("service",),
    ),
)
TRAINING: tuple[Job, ...] = (
    Job(
        ("Svetsutbildning för vuxna", "Yrkesutbildning: svets och plåt"),
        "7212",
        (),
        ("yrkesvux",),
        ("Utbildningen går på dagtid i ny svetshall.",),
        (
            "Du läser MAG, TIG och materiallära.",
            "Du gör licensprov.",
            "Minst femton procent av tiden är du på ett företag.",
            "Du kan söka studiemedel.",
        ),
        ("Grundläggande svenska.",),
        ("svetsning",),
    ),
    Job(
        ("Undersköterskeutbildning för vuxna",),
        "5321",
        (),
        ("yrkesvux",),
        ("Kombinera kurser på plats med praktik i kommunen.",),
        (
            "Du läser vård- och omsorgsarbete, medicin och psykologi.",
            "Du gör apl på två arbetsplatser.",
            "Handledning ges på lätt svenska.",
            "Efter utbildningen finns jobb.",
        ),
        ("Svenska på grundnivå.",),
        ("omvårdnad",),
    ),
    Job(
        ("CNC-teknik för vuxna", "Yrkesutbildning: CNC och mätteknik"),
        "7223",
        (),
        ("yrkesvux",),
        ("Sex svarvar, fyra fräsar och en lärare som själv stått vid maskin i tjugo år.",),
        (
            "Du läser ritningslära, mätteknik och programmering.",
            "Du gör ett eget projekt.",
            "Du är på företag varannan vecka under sista terminen.",
            "Grupper om tolv.",
        ),
        ("Matematik på grundskolenivå.",),
        ("cnc", "mätteknik"),
    ),
    Job(
        ("Plats på industritekniska programmet", "Industritekniska programmet, fri plats"),
        "7223",
        (),
        ("gymnasieutbildning",),
        ("Programmet drivs tillsammans med ortens företag.",),
        (
            "Du väljer inriktning efter första året.",
            "Du har apl varje läsår.",
            "Grundläggande högskolebehörighet ingår för den som vill.",
            "Skolan har egen verkstad.",
        ),
        ("Behörighet till yrkesprogram.",),
        ("teknik",),
    ),
)
MUNICIPAL: tuple[Job, ...] = (CARE, CHILDCARE, CARETAKER, PARK, COOK, CARE, IT_SUPPORT)
