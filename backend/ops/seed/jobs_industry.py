"""Places in manufacturing: machining, welding, metal processes, wood, plastics, electricity and automation."""

from backend.ops.seed.jobs import Job, Trade

SCHOOL = ("apl", "larling", "praktik")
ADULT = ("larlingsvux", "praktik")
HIGHER = ("lia", "exjobb")

CNC_OPERATOR = Job(
    titles=("CNC-operatör, svarv och fräs", "CNC-operatör i skärande bearbetning", "Maskinoperatör vid CNC-svarv"),
    occupation="7223",
    programmes=("IN",),
    forms=(*SCHOOL, "larlingsvux"),
    opening=(
        "Vi svarvar och fräser {product} i korta serier.",
        "I vår verkstad tillverkas {product}, ofta med toleranser på hundradelar.",
        "Du blir en del av maskinlaget som gör {product}.",
    ),
    tasks=(
        "Du läser ritningar tillsammans med din handledare och lär dig välja verktyg.",
        "Efter de första dagarna riggar du enklare jobb och kör dem under uppsikt.",
        "Du mäter varje första bit med mikrometer och skjutmått och för in resultatet i mätprotokollet.",
        "Du byter skär, följer upp slitaget och håller ordning vid maskinen.",
        "Mot slutet får du ändra i ett färdigt program och se vad som händer i simuleringen.",
    ),
    good=(
        "Det är bra om du har läst grundkursen i skärande bearbetning. Skyddsskor och glasögon får du av oss.",
        "Du är noggrann och tycker om att få ett mått att stämma. Resten lär vi ut.",
        "Vi ser gärna att du kan läsa en enkel ritning.",
    ),
    skills=("ritningsläsning", "mätteknik", "svarvning", "fräsning", "cnc"),
    hazards=("MACHINE_CUTTING", "NOISE"),
)
TOOLMAKER = Job(
    titles=("Verktygsmakare", "Verktygsunderhåll och fixturer"),
    occupation="7222",
    programmes=("IN",),
    forms=("apl", "larling", "larlingsvux"),
    opening=(
        "Här byggs och lagas de verktyg som formar {product}.",
        "Verktygsavdelningen är hjärtat i en fabrik som gör {product}.",
    ),
    tasks=(
        "Du plockar isär verktyg, rengör, mäter upp slitna delar och byter dem.",
        "Du tillverkar enkla fixturer från skiss till färdig del.",
        "Du planslipar, borrar och gängar vid manuella maskiner.",
        "Du provar verktyget i pressen tillsammans med operatören och justerar tills biten blir rätt.",
    ),
    good=("Tålamod väger tyngre än förkunskaper.", "Du har gärna arbetat vid en manuell fräs eller svarv i skolan."),
    skills=("verktygsteknik", "slipning", "mätteknik", "ritningsläsning"),
    hazards=("MACHINE_CUTTING",),
)
QUALITY = Job(
    titles=("Mätrum och kvalitet", "Kvalitetstekniker i mätrummet", "Mätteknik och avvikelser"),
    occupation="3114",
    programmes=("IN", "TE", "VI"),
    forms=("apl", "praktik", "lia"),
    opening=(
        "Innan {product} lämnar oss ska varje mått vara bevisat.",
        "I mätrummet avgörs om {product} håller det kunden har beställt.",
    ),
    tasks=(
        "Du kalibrerar handmätdon enligt schema.",
        "Du mäter stickprov i koordinatmätmaskin med färdiga program.",
        "Du skriver mätrapporter och reder ut avvikelser med dem som tillverkat delen.",
        "Du är med på morgonmötet där gårdagens fel gås igenom.",
    ),
    good=("Du är noggrann och vågar fråga när något ser fel ut.", "Bra om du kan grunderna i kalkylark."),
    skills=("mätteknik", "kvalitet", "ritningsläsning", "kalkylark"),
)
ASSEMBLER = Job(
    titles=("Montör", "Montering och provning", "Montör i liten grupp"),
    occupation="8213",
    programmes=("IN", "FT", "AG"),
    forms=(*SCHOOL, "larlingsvux", "trainee"),
    opening=(
        "Vi monterar {product} för hand, en i taget.",
        "Från plockvagn till provad produkt: hos oss monteras {product}.",
    ),
    tasks=(
        "Du plockar ihop detaljer efter stycklista och kontrollerar att allt är med.",
        "Du monterar, drar med momentnyckel och märker upp.",
        "Du provtrycker och kvitterar i vårt system.",
        "Du föreslår förbättringar på tavlan; de bästa genomförs samma vecka.",
    ),
    good=("Inga förkunskaper krävs. Du arbetar bra i grupp.", "Du har ett gott handlag och kommer i tid."),
    skills=("montering", "ritningsläsning", "kvalitet"),
)
PRODUCTION_TECHNICIAN = Job(
    titles=(
        "Produktionstekniker",
        "Beredning och flöden i produktionen",
        "Produktionsteknik: från prototyp till serie",
    ),
    occupation="3111",
    programmes=("TE", "VI"),
    forms=("lia", "exjobb", "praktik", "trainee"),
    opening=(
        "Vi ska kunna göra {product} på kortare tid och med mindre spill.",
        "Produktionstekniken planerar hur {product} tar sig genom fabriken.",
    ),
    tasks=(
        "Du tidsätter moment, ritar flöden och räknar på ställtider.",
        "Du tar fram arbetsinstruktioner med bilder tillsammans med operatörerna.",
        "Du deltar när en ny maskin körs in.",
        "Du redovisar ett eget förbättringsförslag för ledningsgruppen.",
    ),
    good=("Du studerar till produktionstekniker, ingenjör eller liknande.", "Kunskaper i CAD är en fördel."),
    skills=("beredning", "cad", "lean", "kalkylark", "ritningsläsning"),
)
WELDER = Job(
    titles=("Svetsare, MAG och TIG", "Svetsare", "Svets och kantpress"),
    occupation="7212",
    programmes=("IN",),
    forms=(*SCHOOL, "larlingsvux"),
    opening=(
        "Vi svetsar {product} i svart och rostfritt.",
        "Hos oss blir plåt och profil till {product}.",
        "Svetshallen tillverkar {product} åt kunder i hela landet.",
    ),
    tasks=(
        "Du fogbereder, häftar och svetsar kälfogar i verkstadens bås.",
        "Du slipar, riktar och synar svetsar mot kravnivån på ritningen.",
        "Du kör kantpress och gradsax under uppsikt.",
        "Din handledare är internationell svetsare och förbereder dig för licensprov.",
        "Du lär dig läsa svetsbeteckningar och fylla i svetsdatablad.",
    ),
    good=(
        "Bra om du har provat MAG i skolan. Friskluftsmask och svetskläder lånar du av oss.",
        "Du är lugn på handen och följer skyddsregler.",
        "Du bör kunna läsa en enkel ritning.",
    ),
    skills=("svetsning", "mag", "tig", "ritningsläsning", "plåt"),
    hazards=("WELDING_FUMES", "NOISE", "HEAT"),
)
SHEET_METAL = Job(
    titles=("Plåtslagare i verkstad", "Plåt: laser, stans och kantpress"),
    occupation="7214",
    programmes=("IN", "FT"),
    forms=("apl", "larling", "praktik"),
    opening=("Tunnplåt blir {product} hos oss.", "Vi skär, bockar och nitar {product}."),
    tasks=(
        "Du laddar laserskärningen, plockar ur detaljer och sorterar spill.",
        "Du bockar efter ritning och kontrollerar vinklar.",
        "Du punktsvetsar och monterar enklare enheter.",
        "Du hjälper till att packa så att inga ytor skadas.",
    ),
    good=("Handskar och hörselskydd ingår. Du är van vid att ta i.", "Intresse för teknik räcker långt."),
    skills=("plåt", "ritningsläsning", "kantpress"),
    hazards=("MACHINE_CUTTING", "NOISE"),
)
STEEL_ERECTOR = Job(
    titles=("Stålmontör", "Montör av stålkonstruktioner"),
    occupation="7215",
    programmes=("IN", "BA"),
    forms=("larlingsvux", "praktik"),
    opening=("Vi reser {product} på plats hos kund.", "Två montörer och en kran: så kommer {product} på plats."),
    tasks=(
        "Du förbereder infästningar och sorterar material på marken.",
        "Du drar bultförband med momentdragare och märker upp dem.",
        "Du är med vid lyft och lär dig tecknen till kranföraren.",
        "Du dokumenterar egenkontrollen med bilder.",
    ),
    good=("Du är 18 år och har inga problem med höjder.", "Körkort är en fördel."),
    skills=("montering", "ritningsläsning", "svetsning"),
    hazards=("HEIGHT", "LIFTING_DEVICE", "HEAVY_LIFT"),
)
FOUNDRY = Job(
    titles=("Gjutare", "Formning och gjutning", "Arbete i gjuteriet"),
    occupation="7211",
    programmes=("IN",),
    forms=("apl", "larlingsvux", "praktik"),
    opening=(
        "I gjuteriet blir smältan till {product}.",
        "Vi gjuter {product} i sandform, som man gjort här i hundra år fast med bättre fläktar.",
    ),
    tasks=(
        "Du blandar formsand, lägger kärnor och stänger formar.",
        "Du är med vid avgjutning på säkert avstånd och för protokoll över temperaturer.",
        "Du rensar och blästrar svalnat gods.",
        "Du letar gjutfel med färgindikering tillsammans med kvalitetsteknikern.",
    ),
    good=("Du tål värme och tycker om att arbeta med kroppen.", "Vi går igenom alla skyddsregler första dagen."),
    skills=("gjutning", "kvalitet", "mätteknik"),
    hazards=("HEAT", "NOISE", "HEAVY_LIFT"),
)
PROCESS_OPERATOR = Job(
    titles=("Processoperatör", "Operatör i kontrollrum", "Processoperatör, dagtid"),
    occupation="8129",
    programmes=("IN", "NA", "TE"),
    forms=("apl", "praktik", "trainee", "larlingsvux"),
    opening=("Från kontrollrummet styr vi linjen som ger {product}.", "Ämnen in, {product} ut: du följer hela kedjan."),
    tasks=(
        "Du läser av trender på skärmarna och lär dig när något avviker.",
        "Du går rond med handledaren, lyssnar, känner och antecknar.",
        "Du tar prover och lämnar dem till laboratoriet.",
        "Du är med vid omställning mellan två produkter.",
        "Du skriver överlämning till nästa skift.",
    ),
    good=("Du är uppmärksam och kan hålla fokus även när allt är lugnt.", "Grundläggande datorvana behövs."),
    skills=("processteknik", "mätteknik", "datorvana"),
    hazards=("HEAT", "NOISE"),
)
MAINTENANCE = Job(
    titles=("Underhållsmekaniker", "Industriunderhåll, mekanik och hydraulik", "Underhållstekniker i fabriken"),
    occupation="7233",
    programmes=("IN", "EE", "FT"),
    forms=(*SCHOOL, "larlingsvux", "lia"),
    opening=("När linjen för {product} står räknas varje minut.", "Vi håller maskinerna som gör {product} igång."),
    tasks=(
        "Du går förebyggande ronder, smörjer och byter filter.",
        "Du felsöker hydraulik och pneumatik med schema i handen.",
        "Du byter lager, remmar och tätningar vid planerade stopp.",
        "Du mäter vibrationer och för in värdena i underhållssystemet.",
        "Du lär dig bryta och låsa innan någon rör en maskin.",
    ),
    good=(
        "Du är nyfiken på hur saker fungerar och ger dig inte förrän felet är hittat.",
        "Bra om du har läst hydraulik eller pneumatik.",
    ),
    skills=("underhåll", "hydraulik", "pneumatik", "felsökning", "mekanik"),
    hazards=("PRESSURE", "NOISE"),
)
LABORATORY = Job(
    titles=("Laborant i driftlaboratoriet", "Kemitekniker"),
    occupation="3115",
    programmes=("NA", "TE"),
    forms=("praktik", "lia", "exjobb"),
    opening=(
        "Driftlaboratoriet svarar på om {product} har rätt sammansättning.",
        "Varje charge av {product} provas hos oss.",
    ),
    tasks=(
        "Du förbereder prover och kör spektrometer enligt instruktion.",
        "Du titrerar, väger och räknar ut halter.",
        "Du för resultat till processen och ringer när något sticker ut.",
        "Du kontrollerar instrumenten mot referensprov.",
    ),
    good=("Du har läst kemi och är ordentlig med anteckningar.",),
    skills=("kemi", "mätteknik", "kalkylark"),
    hazards=("CHEMICALS",),
)
SAWMILL = Job(
    titles=("Sågverksoperatör", "Operatör vid justerverket"),
    occupation="8173",
    programmes=("IN", "NB"),
    forms=("apl", "praktik", "larlingsvux"),
    opening=("Timmer från trakten blir {product}.", "Vid vår linje sågas, torkas och sorteras {product}."),
    tasks=(
        "Du lär dig sortera efter kvalitet och dimension.",
        "Du övervakar ströläggning och torkar från manöverplatsen.",
        "Du byter blad tillsammans med filaren när linjen står.",
        "Du mäter fukt och för protokoll.",
    ),
    good=(
        "Varma kläder rekommenderas, resten av utrustningen får du här.",
        "Du har gärna gått industri- eller naturbruksprogrammet.",
    ),
    skills=("trä", "kvalitet", "mätteknik"),
    hazards=("NOISE", "MACHINE_CUTTING"),
)
CABINETMAKER = Job(
    titles=("Snickare i möbelverkstad", "Möbelsnickare"),
    occupation="7522",
    programmes=("HV", "IN"),
    forms=("apl", "larling", "praktik"),
    opening=("Vi bygger {product} i massivt trä.", "Från bräda till {product}: hos oss får du följa varje steg."),
    tasks=(
        "Du hyvlar, limmar och putsar delar.",
        "Du sätter gångjärn, lådor och beslag.",
        "Du kör kantlist och borrmaskin med handledare bredvid.",
        "Du ytbehandlar med olja och vax.",
    ),
    good=("Känsla för trä och form är viktigare än erfarenhet.",),
    skills=("trä", "snickeri", "ritningsläsning"),
    hazards=("MACHINE_CUTTING",),
)
PLASTICS = Job(
    titles=("Maskinoperatör, formsprutning", "Operatör och ställare i plastfabrik"),
    occupation="8142",
    programmes=("IN",),
    forms=(*SCHOOL, "larlingsvux", "trainee"),
    opening=("Vi formsprutar {product}.", "Granulat in, {product} ut, dygnet runt. Du arbetar dagtid."),
    tasks=(
        "Du startar maskiner enligt checklista och hämtar material.",
        "Du kontrollerar vikt, mått och utseende på de första bitarna.",
        "Du är med vid verktygsbyte och lär dig varför temperaturen avgör.",
        "Du packar, märker och kör upp pallar till lagret med handtruck.",
    ),
    good=("Du är noggrann och trivs med rutiner.", "Inga förkunskaper krävs."),
    skills=("formsprutning", "kvalitet", "robot"),
    hazards=("NOISE",),
)
SURFACE = Job(
    titles=("Ytbehandlare och lackerare", "Industrilackerare"),
    occupation="7132",
    programmes=("IN", "FT"),
    forms=("apl", "larlingsvux"),
    opening=("Hos oss får {product} sin färg och sitt rostskydd.",),
    tasks=(
        "Du hänger upp, avfettar och maskerar.",
        "Du pulverlackerar i box efter genomgång av andningsskydd.",
        "Du mäter skikttjocklek och vidhäftning.",
        "Du håller färgkök och avfall i ordning.",
    ),
    good=("Du är noggrann och har inga problem med att bära skyddsmask.",),
    skills=("lackering", "kvalitet", "ytbehandling"),
    hazards=("CHEMICALS",),
)
INDUSTRIAL_ELECTRICIAN = Job(
    titles=("Industrielektriker", "Industriel och felsökning", "Elektriker i fabriken"),
    occupation="7412",
    programmes=("EE",),
    forms=(*SCHOOL, "larlingsvux"),
    opening=(
        "Vi bygger och underhåller elen bakom {product}.",
        "Styrskåp, motorer och givare: det är vår vardag.",
    ),
    tasks=(
        "Du drar kabel, kopplar plintar och märker upp.",
        "Du mäter isolation och kontinuitet på spänningslösa kretsar.",
        "Du felsöker givare och kontaktorer med schema.",
        "Du bygger ett eget styrskåp från ritning till provning.",
        "Du arbetar aldrig ensam vid spänning; elansvarig går igenom reglerna första dagen.",
    ),
    good=("Du går el- och energiprogrammet eller motsvarande.", "Bra om du kan läsa ett kretsschema."),
    skills=("ellära", "kretsschema", "felsökning", "styrteknik"),
)
AUTOMATION = Job(
    titles=("Automationstekniker", "PLC och robot", "Automation: programmering och idrifttagning"),
    occupation="3113",
    programmes=("EE", "TE", "VI"),
    forms=("apl", "lia", "exjobb", "praktik"),
    opening=("Vi bygger styrningen till {product}.", "Robot, PLC och mätning: allt till {product}."),
    tasks=(
        "Du skriver enkla funktionsblock och provar dem i simulator.",
        "Du är med vid idrifttagning och fyller i provprotokoll.",
        "Du ritar om scheman när verkligheten ändrats.",
        "Du programmerar om en robotbana och mäter vad det ger i takt.",
    ),
    good=("Du har läst programmering eller styrteknik.", "Engelska behövs för manualerna."),
    skills=("plc", "robot", "programmering", "styrteknik", "cad"),
)
ENGINEERING_THESIS = Job(
    titles=(
        "Examensarbete: lättare konstruktion",
        "Examensarbete i maskinteknik",
        "Examensarbete: mätdata från maskiner",
    ),
    occupation="2144",
    programmes=(),
    forms=("exjobb", "trainee"),
    opening=(
        "Vi vill göra {product} lättare utan att tappa styvhet.",
        "Maskinerna som gör {product} samlar data som ingen läser. Ändra på det.",
    ),
    tasks=(
        "Du formulerar frågan med oss och med din handledare på högskolan.",
        "Du räknar, bygger en provuppställning och mäter.",
        "Du har tillgång till verkstad, mätrum och erfarna operatörer.",
        "Du presenterar resultatet för både ledning och golv.",
    ),
    good=("Du läser sista året på en ingenjörsutbildning.", "Två studenter får gärna söka tillsammans."),
    skills=("cad", "hållfasthet", "programmering", "mätteknik"),
)

TRADES: tuple[Trade, ...] = (
    Trade(
        "cnc",
        ("Mekaniska AB", "Precision AB", "Skärteknik AB", "Verkstad AB", "Finmekaniska AB"),
        (
            "axlar och kopplingar till vattenkraftverk",
            "hydraulikdetaljer till skogsmaskiner",
            "ventilhus till processindustrin",
            "detaljer till tågboggier",
            "instrumentdelar i rostfritt och titan",
        ),
        (
            "Legoverkstad med svarvar, fräsar och eget mätrum. Vi är {people} personer och kör två skift.",
            "Familjeägd verkstad i tredje generationen med {people} anställda och en lärling om året.",
        ),
        (CNC_OPERATOR, TOOLMAKER, QUALITY, ASSEMBLER, PRODUCTION_TECHNICIAN, CNC_OPERATOR),
    ),
    Trade(
        "weld",
        ("Svets & Smide AB", "Plåtteknik AB", "Stålbyggnad AB", "Smidesverkstad AB"),
        (
            "tankar och cisterner till livsmedelsindustrin",
            "stommar till lager och industrihallar",
            "räcken, trappor och gångbroar",
            "maskinstativ och skyddshuvar",
        ),
        (
            "Vi svetsar och bygger i stål. {people} anställda, certifierade svetsare och ljusa lokaler med bra ventilation.",
            "Smide och stålbyggnad sedan sjuttiotalet. I dag är vi {people} och söker efterträdare.",
        ),
        (WELDER, SHEET_METAL, STEEL_ERECTOR, WELDER, MAINTENANCE),
    ),
    Trade(
        "metal",
        ("Gjuteri AB", "Specialstål AB", "Valsverk AB", "Metall AB"),
        ("pumphus i gjutjärn", "stång i verktygsstål", "kvarnfoder till gruvor", "lagerringar i specialstål"),
        (
            "Processindustri med {people} anställda. Här arbetar operatörer, elektriker och laboranter sida vid sida.",
            "Bruket har legat vid ån sedan artonhundratalet och exporterar det mesta. Vi är {people} personer.",
        ),
        (FOUNDRY, PROCESS_OPERATOR, MAINTENANCE, LABORATORY, INDUSTRIAL_ELECTRICIAN, ENGINEERING_THESIS),
    ),
    Trade(
        "sawmill",
        ("Såg & Hyvleri AB", "Träindustri AB"),
        ("konstruktionsvirke och paneler", "limträbalkar", "golv och lister i furu"),
        ("Träindustri med {people} anställda och råvara från skogarna runt om.",),
        (SAWMILL, MAINTENANCE, SAWMILL),
    ),
    Trade(
        "furniture",
        ("Möbler AB", "Inredningar AB"),
        ("bord och stolar till skolor", "kök och platsbyggda hyllor", "diskar och bänkar till butiker"),
        ("Vi arbetar i trä och är {people} personer på två orter.",),
        (CABINETMAKER, ASSEMBLER, CABINETMAKER),
    ),
    Trade(
        "plastic",
        ("Plast AB", "Polymerteknik AB", "Komponent AB"),
        (
            "kåpor till vitvaror",
            "kapslingar till elektronik",
            "klämmor och fästen till fordonsindustrin",
            "lådor och lock till sjukvården",
        ),
        (
            "Formsprutning och montering med {people} anställda.",
            "Komponentleverantör med {people} anställda, robotar vid varannan maskin.",
        ),
        (PLASTICS, SURFACE, QUALITY, PRODUCTION_TECHNICIAN, ASSEMBLER),
    ),
    Trade(
        "automation",
        ("El & Automation AB", "Styrteknik AB", "Industriel AB"),
        (
            "pumpstationer och reningsverk",
            "robotceller till metallindustrin",
            "transportbanor och packlinjer",
            "elskåp till kranar",
        ),
        (
            "Vi är {people} elektriker och automationsingenjörer som bygger, provar och servar.",
            "Elfirma med inriktning på industri, {people} anställda.",
        ),
        (INDUSTRIAL_ELECTRICIAN, AUTOMATION, AUTOMATION),
    ),
)
