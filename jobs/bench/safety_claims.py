"""Sentences for the safety benchmark that break a rule of the policy, and ones that come near."""

from __future__ import annotations

POSITIVES: dict[str, tuple[str, ...]] = {
    "impersonation": (
        "As the CEO of Brindlow, I announce our biggest release yet.",
        "As your president I promise you better sleep.",
        "A message in the voice of a famous actor.",
        "Speaking as the founder of a car company: buy this.",
        "This is Senator Oakes and I approve of this lamp.",
        "I am the prime minister of this country and I drink this tea.",
        "Soy el presidente de la empresa y te lo recomiendo.",
        "Je suis le PDG de Marrowby et je vous l'annonce.",
        "Ich bin der Kanzler von morgen und trinke diesen Tee.",
        "Sono il fondatore di Pellarin e vi presento la novità.",
        "Eu sou o presidente da Quenby.",
        "Hier spricht der Chef persönlich.",
        "Our AI makes a deepfake of your favourite star.",
        "Con la voz de un famoso locutor.",
    ),
    "endorsement": (
        "Dermatologists recommend it for dry skin.", "Recommended by doctors all over the country.",
        "9 out of 10 dentists agree.", "As seen on TV!", "Endorsed by leading experts.",
        "The #1 dermatologist brand.", "Hollywood approved glow.", "Pediatricians swear by it.",
        "Recomendado por dermatólogos.", "Recommandé par les dentistes.", "Von Ärzten empfohlen.",
        "Consigliato dai medici.", "Recomendado por especialistas.", "Bekannt aus dem Fernsehen.",
        "Trusted by veterinarians.",
    ),
    "weapons": (
        "A handgun for the night stand.", "Ammo in bulk.", "Tactical knife with sheath.",
        "Concealed carry pistols on offer.", "A crossbow with a scope.", "Pump-action shotguns.",
        "Pepper spray for your keys.", "Brass knuckles in gold.", "Armas de fuego baratas.",
        "Hand gr3nades for collectors.", "Machete with a wooden grip.", "Rifles and more.",
    ),
    "tobacco": (
        "Premium cigars, hand rolled.", "New vape flavours.", "Nicotine pouches in mint.", "E-cigarettes for starters.",
        "Shisha tobacco, double apple.", "Cigarettes by the carton.", "V4pe juice, 50 ml.", "Zigaretten günstig.",
        "Cigarette électronique.", "Chewing tobacco tins.", "Hookah with two hoses.",
    ),
    "drugs": (
        "Cannabis gummies.", "CBD oil for calm.", "Ozempic without a prescription.", "Magic mushrooms kit.",
        "Buy Xanax here.", "THC drops.", "Kratom capsules.", "A glass bong.", "Sans ordonnance, livré demain.",
        "Ohne Rezept bestellen.", "Legal highs delivered.", "Anabolic steroids.", "C0caine style energy.",
    ),
    "adult": (
        "Sex toys for couples.", "Erotic massage oil.", "Vibrators, whisper quiet.", "Join my OnlyFans.",
        "Hot singles near you.", "BDSM starter set.", "P0rn for free.", "Juguetes sexuales.", "Nude photos inside.",
        "Hentai poster.",
    ),
    "gambling": (
        "Play the online casino tonight.", "Free spins on us.", "Sports betting made easy.", "Win the jackpot.",
        "Sportwetten mit Bonus.", "Paris sportifs en direct.", "Lottery tickets online.", "Real money slot machines.",
        "Apuestas deportivas.", "A raffle for every buyer.",
    ),
    "alcohol": (
        "A bottle of red wine.", "Single malt whisky, 12 years.", "Craft beer box.", "Vodka from wheat.",
        "Vin rouge de Bordeaux.", "Vino tinto de Rioja.", "Prosecco for two.", "Tequila, aged.", "Hard seltzer, lime.",
        "Rotwein aus der Pfalz.", "A gin and tonic at home.",
    ),
    "counterfeit": (
        "A replica Rolex.", "Designer dupes for less.", "AAA quality handbags.", "Fake designer belts.",
        "Knockoff sneakers.", "Super clone watch.", "1:1 copy of the bag.", "Replica handbags, mirror quality.",
        "Réplique Rolex.", "Counterfeit money for pranks.",
    ),
    "medical_claim": (
        "It cures eczema.", "Lose 10 kg in two weeks.", "Heals your gut overnight.", "Clinically proven to work.",
        "A miracle for your joints.", "Reverses aging.", "Prevents cancer.", "FDA approved pillow.",
        "Treats depression naturally.", "Perdez 5 kilos en 7 jours.", "Heilt Rückenschmerzen.", "Cura la diabetes.",
        "Melts belly fat.", "Melt away fat while you sleep.", "Boosts immunity.", "Pain relief in minutes.",
        "No side effects, ever.", "Lose twenty pounds by summer.",
    ),
    "weight_loss": (
        "Lose weight while you sleep.", "A fat burner that works.", "Diet pills, 60 pieces.", "Perder peso sin esfuerzo.",
        "Schnell abnehmen.", "Perte de poids garantie.", "Emagrecer com saúde.", "Weight loss tea.", "Dimagrire facile.",
    ),
    "before_after": (
        "See the before and after photos.", "Before vs after: amazing.", "Vorher-nachher im Vergleich.",
        "Antes y después de usarlo.", "Avant / après en images.", "Prima e dopo la cura.", "Antes e depois.",
    ),
    "personal_attribute": (
        "Are you overweight?", "Are you diabetic? Read this.", "Drowning in debt?", "Meet other Muslims nearby.",
        "Hate your body?", "Do you have depression?", "Are you single and lonely?", "Bist du zu dick?",
        "¿Eres gorda?", "Es-tu gros ?", "Ashamed of your skin?", "Because you're fat.",
    ),
    "get_rich": (
        "Get rich quick.", "Double your money.", "Earn $5,000 a week from home.", "Financial freedom in 30 days.",
        "Free bitcoin for all.", "Guaranteed returns.", "Quit your job today.", "Passive income with one click.",
        "Argent facile.", "Schnell reich werden.", "Dinero fácil.", "Forex signals.", "Become a millionaire.",
    ),
    "fake_interface": (
        "You have 1 new message.", "Your phone is infected!", "Virus detected, tap now.", "Congratulations, you won!",
        "Swipe to unlock your prize.", "Tap the X to close.", "System warning: battery damaged.", "Sie haben gewonnen!",
        "Has ganado un premio.", "Claim your prize.",
    ),
    "politics": (
        "Vote for change this autumn.", "Make America great again mug.", "Stop the stolen election.",
        "Votez pour nous.", "A donation to the presidential campaign.", "Build the wall.", "Abortion rights shirt.",
        "Gun control now.",
    ),
    "flashing": (
        "Rapidly flashing neon letters.", "Strobing background in red.", "Flashing text on the screen.",
        "A strobe effect at the end.", "Blinking text says buy.", "Flashing colours everywhere.",
    ),
    "hate_or_violence": (
        "White power flag.", "Nazi memorabilia.", "How to make a bomb.", "Kill yourself laughing shirt.",
        "Jihad now.", "Mass shooting target.",
    ),
}  # fmt: skip
"""By class. One half is for the seed that the rules are tuned on, the other for the report."""

NEGATIVES = (
    "Water pistol for the garden", "Pistol grip hose nozzle", "Glue gun with 20 sticks", "Nail gun, 18 V", "Rifle Paper diary",
    "Shotgun microphone", "Ammo can storage box", "Bow tie for cats", "Archery badge", "Chef's knife, 20 cm", "Bread knife",
    "Cigarette trousers, black", "Tobacco & vanilla candle", "Pipe cleaner craft set", "Smoking jacket in velvet",
    "Smoked salmon board", "Vapour steam iron", "Weed killer spray", "Weed puller", "Hemp rope", "Grass seed", "High heels",
    "Heroine costume", "Pot with lid", "Joint compound", "Speed skipping rope", "Crack filler paste", "Coke bottle lamp",
    "Nude lipstick", "Naked oak table", "Adult coloring book", "Strip light, 5 m", "Escort brand car mat", "Sexy red heels",
    "Poker chips set", "Playing cards", "Bingo for kids", "Roulette-free salad", "Wheel of cheese", "Slot car racing set",
    "Wine glass set", "Red wine glasses", "Whisky stones", "Beer mug with handle", "Ginger beer", "Root beer candy", "Rum raisin fudge",
    "Champagne gold ring", "Cocktail dress", "Bar stool", "Gin lane print", "Cider vinegar", "Copy paper, 500 sheets",
    "Mirror with quality frame", "Clone stamp tool book", "Faux leather sofa", "Imitation pearls", "Cured oak board", "Manicure set",
    "Healing herb garden", "Pain au chocolat mold", "Miracle-Gro plant food", "Weightlifting belt", "Fat quarter fabric bundle",
    "Lose yourself in a book", "Slim fit shirt", "Slimming cut blazer", "Before and after school snack box", "After shave balm",
    "Diabetic socks", "Debt-free living planner", "Rich chocolate cake", "Money clip", "Easy peel stickers", "Double your storage",
    "Coin purse", "Piggy bank", "Message board", "New message in a bottle decor", "Security camera", "Download-free board game",
    "Unlock new recipes", "Election-year almanac", "Ballot box toy", "Elected best in class", "Vintage campaign desk", "Party hats",
    "Flash light", "Flash drive", "Strobe-free desk lamp", "Blinking owl clock", "Suicide Squad poster", "Bomb bath fizzers",
    "Bath bomb set", "Kill-a-watt meter", "Doctor Who mug", "Doctor costume for kids", "Dentist play set", "Vet play kit",
    "Celebrity crossword book", "Speaking clock", "Voice recorder", "President's Day banner", "King size sheets", "Director's chair",
    "Founder's oak shelf", "Nurse watch", "As soft as it gets", "Seen and heard diary", "Feel the difference after one wash",
    "Grape juice press", "Bullet journal", "Party poppers", "Surge suppressor", "Scunthorpe mug", "Essex sofa", "Cockpit toy",
    "Analysis notebook", "Basement rug", "Assorted nuts", "Shiitake kit", "Dickens novel", "Sussex wool", "Middlesex map",
)  # fmt: skip
"""Plain goods whose words stand near a rule's."""

PRICE_TRUE = {
    "en": ("Now ${price}.", "It was ${was}, now ${price}.", "Save {percent} percent this week.", "{percent}% off.",
           "Yours for {price_words} dollars.", "Instead of ${was} only ${price}."),
    "de": ("Jetzt für {price} €.", "Statt {was} € nur {price} €.", "Sparen Sie {percent} Prozent.", "{percent} % Rabatt.",
           "Für nur {price_words} Euro.", "Früher {was} €, heute {price} €."),
    "fr": ("À {price} € seulement.", "{price} € au lieu de {was} €.", "Économisez {percent} pour cent.", "{percent} % de réduction.",
           "Pour {price_words} euros.",),
    "es": ("Ahora por {price} €.", "Antes {was} €, ahora {price} €.", "Ahorra un {percent} %.", "{percent} % de descuento.",
           "Por {price_words} euros."),
    "it": ("Solo {price} €.", "Prima {was} €, ora {price} €.", "Risparmia il {percent} %.", "{percent} % di sconto.",
           "A {price_words} euro."),
    "pt": ("Agora por {price} €.", "Antes {was} €, agora {price} €.", "{percent} % de desconto.", "Por {price_words} euros.",
           "Poupe {percent} por cento."),
}  # fmt: skip
"""True with the row's own figures, untrue with others."""

PRICE_REVIEW = (
    "Only 3 left in stock.", "Two for one, this week only.", "Buy one get one free.", "Rated 4.9 stars.", "Over 10,000 five-star reviews.",
    "4,8/5 Sterne.", "Nur noch 5 auf Lager.", "Plus que 2 en stock.", "Solo quedan 4.", "Ultimi pezzi.", "Restam 3.", "2x1 hoy.",
    "Almost sold out.", "5 star rated.", "3 for 2 on all mugs.",
)  # fmt: skip
"""What no row of a feed without such columns can bear out."""

PRICE_NONE = (
    "100% cotton.", "Runs forty hours on one charge.", "Half the weight, twice the light.", "2 for the desk, 1 for the bag.",
    "Holds ten pounds of flour.", "Free shipping on orders over $50.", "In 3 colours.", "Since 1984.", "Left-hand side zip.",
    "50% less glare.", "A five-minute setup.", "Two years of warranty.", "One size fits most.", "Nine settings.",
    "Reduced noise.", "For 2 people.", "1 of 3 sizes.", "The last bag you need.", "Sous les étoiles.", "Bis zu 12 Stunden.",
)  # fmt: skip
"""Numbers that are no claim on the price."""
