"""Places outside manufacturing: building, vehicles, transport, IT, food and trade."""

from backend.ops.seed.jobs import Job, Trade

SCHOOL = ("apl", "larling", "praktik")

ELECTRICIAN = Job(
    titles=("Elektriker, installation", "Installationselektriker"),
    occupation="7411",
    programmes=("EE",),
    forms=(*SCHOOL, "larlingsvux"),
    opening=("Vi installerar el i {product}.", "Hos oss får du se både nybygge och service i {product}."),
    tasks=(
        "Du drar rör och kabel, sätter dosor och monterar armaturer.",
        "Du läser ritningar och märker upp centraler.",
        "Du är med på kontroll före idrifttagning och fyller i protokoll.",
        "Du åker med servicebilen och lär dig prata med kunder.",
    ),
    good=(
        "Du går el- och energiprogrammet. Arbetskläder får du av oss.",
        "Du kommer i tid, för bilen går klockan sju.",
    ),
    skills=("ellära", "installation", "ritningsläsning"),
)
PLUMBER = Job(
    titles=("Rörmontör", "VVS-montör", "Lärling hos rörmokare"),
    occupation="7125",
    programmes=("VF",),
    forms=(*SCHOOL, "larlingsvux"),
    opening=(
        "Vi monterar värme och vatten i {product}.",
        "Badrum, undercentraler och stambyten: vi arbetar i {product}.",
    ),
    tasks=(
        "Du kapar, pressar och klamrar rör.",
        "Du byter blandare, pumpar och ventiler med handledaren.",
        "Du provtrycker och dokumenterar.",
        "Du är med när värmepumpar tas i drift.",
    ),
    good=("Du går VVS- och fastighetsprogrammet eller har läst motsvarande kurser.", "Bra handlag och ordningssinne."),
    skills=("rörmontage", "värme", "ritningsläsning"),
    hazards=("HEAVY_LIFT",),
)
CARETAKER = Job(
    titles=("Fastighetsskötare", "Fastighetstekniker", "Drift och skötsel av fastigheter"),
    occupation="5152",
    programmes=("VF", "AG"),
    forms=SCHOOL,
    opening=("Vi sköter {product}.", "Du följer en fastighetsskötare som ansvarar för {product}."),
    tasks=(
        "Du går rond, läser av mätare och byter filter.",
        "Du lagar lås, dörrar och lister.",
        "Du tar emot felanmälningar och återkopplar till hyresgästerna.",
        "Du klipper, skottar och håller rent, allt efter årstid.",
    ),
    good=("Du tycker om omväxling och att möta människor.", "B-körkort är en fördel men inget krav."),
    skills=("fastighetsskötsel", "service", "snickeri"),
)
CARPENTER = Job(
    titles=("Snickare", "Byggnadssnickare", "Snickare, om- och tillbyggnad"),
    occupation="7111",
    programmes=("BA",),
    forms=(*SCHOOL, "larlingsvux"),
    opening=("Vi bygger {product}.", "Du får vara med och bygga {product} från syll till tak."),
    tasks=(
        "Du reglar, gipsar och isolerar.",
        "Du sätter fönster och dörrar tillsammans med en erfaren snickare.",
        "Du lägger golv och listar.",
        "Du mäter, kapar och räknar på virkesåtgång.",
    ),
    good=(
        "Du går bygg- och anläggningsprogrammet. Hjälm och skor får du av oss.",
        "Stark, snäll och i tid, så löser sig resten.",
    ),
    skills=("snickeri", "ritningsläsning", "byggteknik"),
    hazards=("HEAVY_LIFT", "NOISE"),
)
PAINTER = Job(
    titles=("Målare", "Målare, inomhus"),
    occupation="7131",
    programmes=("BA",),
    forms=("apl", "larling", "larlingsvux"),
    opening=("Vi målar inne och ute, åt både företag och villaägare.",),
    tasks=(
        "Du täcker, spacklar och slipar.",
        "Du målar väggar och snickerier med vattenburen färg.",
        "Du tapetserar enklare ytor under handledning.",
        "Du lär dig bryta kulörer och räkna på åtgång.",
    ),
    good=("Du är noggrann med kanter.",),
    skills=("måleri", "spackling", "service"),
)
CIVIL_WORKS = Job(
    titles=("Anläggningsarbetare", "Mark och anläggning"),
    occupation="7114",
    programmes=("BA", "NB"),
    forms=("apl", "larlingsvux"),
    opening=("Vi gräver, lägger ledningar och återställer runt {product}.",),
    tasks=(
        "Du sätter kantsten och lägger plattor.",
        "Du mäter höjder med laser.",
        "Du riggar avstängningar enligt trafikplanen.",
        "Du är hjälpande hand vid rörläggning.",
    ),
    good=("Du trivs ute i alla väder.",),
    skills=("anläggning", "mätteknik", "byggteknik"),
    hazards=("HEAVY_LIFT", "VIBRATION"),
)
VEHICLE_MECHANIC = Job(
    titles=("Fordonsmekaniker", "Mekaniker, lastbil och släp", "Personbilsmekaniker"),
    occupation="7231",
    programmes=("FT",),
    forms=(*SCHOOL, "larlingsvux"),
    opening=("Vi servar och lagar {product}.", "Verkstaden tar hand om {product} från hela länet."),
    tasks=(
        "Du gör service enligt protokoll och byter slitdelar.",
        "Du läser felkoder och provar dig fram med handledaren.",
        "Du byter bromsar, hjul och stötdämpare.",
        "Du skriver ned vad du gjort så att kunden förstår.",
    ),
    good=("Du går fordons- och transportprogrammet.", "Intresse för motorer och elektronik."),
    skills=("fordonsteknik", "felsökning", "service"),
    hazards=("LIFTING_DEVICE",),
)
WAREHOUSE = Job(
    titles=("Lagerarbetare", "Lager och orderplock", "Lagermedarbetare på centrallagret"),
    occupation="4322",
    programmes=("FT", "FS", "IMY", "AG"),
    forms=(*SCHOOL, "larlingsvux", "trainee"),
    opening=(
        "Lagret plockar och packar {product}.",
        "Från oss går {product} till butiker och verkstäder i halva landet.",
    ),
    tasks=(
        "Du tar emot gods och kontrollerar mot följesedel.",
        "Du plockar order med handdator.",
        "Du packar, emballerar och skriver fraktsedlar.",
        "Du inventerar en hylla i taget och letar rätt på felen.",
    ),
    good=("Inga förkunskaper krävs. Vi pratar svenska och engelska på golvet.", "Du är ordningsam och gillar tempo."),
    skills=("lager", "orderplock", "datorvana"),
)
FORKLIFT = Job(
    titles=("Truckförare, godsmottagning", "Lager med truck"),
    occupation="8344",
    programmes=("FT",),
    forms=("apl", "larlingsvux"),
    opening=("På terminalen lossas {product} dygnet runt.",),
    tasks=(
        "Du lastar och lossar med motviktstruck när du har ditt intyg.",
        "Du lastsäkrar och fyller i checklistor.",
        "Du gör daglig tillsyn av trucken.",
        "Du planerar var godset ska stå.",
    ),
    good=("Truckutbildning är en fördel; annars ordnar vi teoridelen.",),
    skills=("lager", "truck", "lastsäkring"),
    hazards=("TRUCK",),
)
TRANSPORT_PLANNER = Job(
    titles=("Transportledare", "Transportplanering på kontoret"),
    occupation="4323",
    programmes=("FT", "EK"),
    forms=("lia", "praktik", "trainee"),
    opening=("Trettio bilar ska ut varje morgon med {product}.",),
    tasks=(
        "Du lägger rutter tillsammans med transportledaren.",
        "Du svarar chaufförer och kunder i telefon.",
        "Du följer upp kör- och vilotider.",
        "Du jämför planerad och körd sträcka och föreslår bättre upplägg.",
    ),
    good=("Du håller huvudet kallt när telefonen ringer.",),
    skills=("logistik", "kalkylark", "service"),
)
IT_SUPPORT = Job(
    titles=("It-support", "It-tekniker på plats", "Servicedesk"),
    occupation="3512",
    programmes=("EE", "TE"),
    forms=("apl", "praktik", "lia"),
    opening=("Vi sköter it åt {product}.", "När något inte fungerar hos {product} ringer de oss."),
    tasks=(
        "Du installerar och lämnar ut datorer.",
        "Du tar emot ärenden, felsöker och återkopplar.",
        "Du drar nätkabel och sätter upp accesspunkter.",
        "Du skriver lathundar som folk faktiskt läser.",
    ),
    good=("Du är tålmodig och förklarar gärna.", "Bra om du har byggt en egen dator eller ett eget nätverk."),
    skills=("windows", "nätverk", "felsökning", "service"),
)
DEVELOPER = Job(
    titles=("Systemutvecklare", "Webbutvecklare", "Utvecklare i litet lag"),
    occupation="2512",
    programmes=("TE",),
    forms=("lia", "exjobb", "praktik", "trainee"),
    opening=("Vi utvecklar system för {product}.", "Vår kod används varje dag av {product}."),
    tasks=(
        "Du parprogrammerar och lämnar din första ändring till granskning redan första veckan.",
        "Du skriver automatiska tester.",
        "Du är med när vi pratar med användarna.",
        "Du får ett eget avgränsat projekt som går i drift.",
    ),
    good=(
        "Du kan grunderna i ett programspråk och i git.",
        "Vi arbetar i Python, C# och TypeScript; du behöver inte kunna alla.",
    ),
    skills=("programmering", "git", "python", "sql", "javascript"),
)
BAKER = Job(
    titles=("Bagare och konditor", "Lärling i bageriet"),
    occupation="7612",
    programmes=("RL",),
    forms=SCHOOL,
    opening=("Vi bakar på surdeg och tålamod.", "Varje morgon kommer fyrahundra limpor ur vår ugn."),
    tasks=(
        "Du väger upp, formar och gräddar.",
        "Du spritsar, glaserar och dekorerar.",
        "Du håller rent och följer egenkontrollen.",
        "Du hjälper till i butiken när det är kö.",
    ),
    good=("Du tål att börja klockan sex.",),
    skills=("bakning", "hygien", "service"),
)
FOOD_OPERATOR = Job(
    titles=("Maskinoperatör, livsmedel", "Operatör vid packlinjen"),
    occupation="8181",
    programmes=("RL", "IN"),
    forms=("apl", "praktik", "larlingsvux"),
    opening=("Vid våra linjer packas {product}.",),
    tasks=(
        "Du startar linjen enligt checklista och byter etiketter.",
        "Du tar vikt- och temperaturprover.",
        "Du rengör enligt schema och signerar.",
        "Du lär dig varför hygienzoner finns.",
    ),
    good=("Du är noga med hygien.",),
    skills=("hygien", "kvalitet", "livsmedel"),
    hazards=("NOISE",),
)
COOK = Job(
    titles=("Kock", "Kock, lunchrestaurang", "Köksplats med egen station"),
    occupation="5120",
    programmes=("RL",),
    forms=SCHOOL,
    opening=("Vi lagar mat från grunden.", "Köket serverar tvåhundra gäster om dagen."),
    tasks=(
        "Du förbereder råvaror och håller mise en place.",
        "Du lagar dagens rätt tillsammans med kocken.",
        "Du har ansvar för salladsbordet.",
        "Du följer egenkontroll och allergirutiner.",
    ),
    good=("Du går restaurang- och livsmedelsprogrammet eller tycker helt enkelt om att laga mat.",),
    skills=("matlagning", "hygien", "service"),
)
SHOP = Job(
    titles=("Butikssäljare", "Säljare i fackhandel", "Butik och kundmottagning"),
    occupation="5223",
    programmes=("FS", "HA", "EK"),
    forms=SCHOOL,
    opening=("Vi säljer {product} till både proffs och hemmafixare.",),
    tasks=(
        "Du tar emot kunder och hittar rätt vara.",
        "Du fyller på, prismärker och bygger skyltning.",
        "Du packar nätorder.",
        "Du är med på en säljplanering och följer upp resultatet.",
    ),
    good=("Du är nyfiken på människor.", "Vi lär dig sortimentet."),
    skills=("försäljning", "service", "lager"),
)
OFFICE = Job(
    titles=("Ekonomiassistent", "Ekonomi och administration", "Kontor: order och fakturor"),
    occupation="4111",
    programmes=("EK", "HA", "FS"),
    forms=("praktik", "lia", "apl"),
    opening=("Ekonomiavdelningen håller reda på pengarna.",),
    tasks=(
        "Du konterar leverantörsfakturor tillsammans med en kollega.",
        "Du stämmer av konton och reder ut differenser.",
        "Du lägger upp kunder och order.",
        "Du är med vid ett månadsbokslut.",
    ),
    good=("Du är van vid kalkylark.",),
    skills=("ekonomi", "kalkylark", "service"),
)

TRADES: tuple[Trade, ...] = (
    Trade(
        "installation",
        ("Elinstallation AB", "Rör & Värme AB", "VVS-teknik AB"),
        ("villor och flerbostadshus", "skolor och vårdlokaler", "industrilokaler och lager"),
        (
            "Installationsfirma med {people} anställda och servicebilar i tre kommuner.",
            "Vi är {people} montörer som bryr oss om ordning.",
        ),
        (ELECTRICIAN, PLUMBER, ELECTRICIAN, CARETAKER),
    ),
    Trade(
        "building",
        ("Bygg AB", "Byggnads AB", "Entreprenad AB"),
        ("trähus och tillbyggnader", "skolor och idrottshallar", "industrilokaler och garage"),
        (
            "Byggföretag med {people} anställda, de flesta har varit lärlingar hos oss.",
            "Lokalt byggföretag, {people} personer, egna maskiner.",
        ),
        (CARPENTER, CIVIL_WORKS, PAINTER, CARPENTER),
    ),
    Trade(
        "vehicle",
        ("Bil & Maskin AB", "Lastvagnsservice AB", "Fordonsteknik AB"),
        ("lastbilar, släp och entreprenadmaskiner", "personbilar och transportbilar"),
        (
            "Fordonsverkstad med {people} mekaniker.",
            "Märkesfri verkstad, {people} anställda, två lyftar reserverade för lärlingar.",
        ),
        (VEHICLE_MECHANIC,),
    ),
    Trade(
        "transport",
        ("Åkeri AB", "Logistik AB", "Terminal AB"),
        ("industridelar och emballage", "livsmedel och dagligvaror", "stål och trävaror"),
        ("Åkeri och lager med {people} anställda.", "Tredjepartslager nära riksvägen, {people} personer."),
        (WAREHOUSE, FORKLIFT, TRANSPORT_PLANNER, WAREHOUSE),
    ),
    Trade(
        "it",
        ("Data AB", "Systemutveckling AB", "Digital AB"),
        ("små och medelstora industriföretag", "kommunala bolag", "verkstäder med egna maskindata"),
        (
            "It-bolag med {people} konsulter som bor där kunderna finns.",
            "Vi är {people} personer som bygger och driver system åt industrin.",
        ),
        (IT_SUPPORT, DEVELOPER, DEVELOPER, OFFICE),
    ),
    Trade(
        "food",
        ("Bageri AB", "Mejeri AB", "Kök & Catering AB"),
        ("bröd och bullar", "yoghurt och ost från bygden", "luncher till ortens industrier"),
        (
            "Livsmedelsföretag med {people} anställda.",
            "Vi gör mat av råvaror från bygden och är {people} i personalen.",
        ),
        (BAKER, FOOD_OPERATOR, COOK),
    ),
    Trade(
        "trade",
        ("Bygghandel AB", "Industritillbehör AB", "Verktygshuset AB"),
        ("verktyg och skyddskläder", "virke, beslag och färg", "lager, tätningar och hydraulslang"),
        ("Fackhandel med {people} anställda, butik och lager under samma tak.",),
        (SHOP, WAREHOUSE, OFFICE),
    ),
)
